"""The documentation: pages made of definitions, of the program itself, and of Markdown.

facts        what the page of a resource says, whatever it is written in
costs        what reading a resource takes, in sentences
reference    commands, settings, functions and errors, as Markdown
markup       Markdown and code → HTML
site         the pages of the static site
search       the index that the site's search reads
docusaurus   the pages of resources as MDX, for a site made with Docusaurus

All of it is pure, and the same input gives the same bytes: files are read and written by the
command alone.
"""
