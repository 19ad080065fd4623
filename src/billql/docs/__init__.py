"""The reference: pages of Markdown, made of the definitions and of the program itself.

facts      what the page of a resource states, whatever it is written in
samples    values and rows for it, from a sandbox
costs      what reading a resource costs, in sentences
reference  commands, settings, functions and errors
pages      all of it as files of Markdown
markdown   the pieces that these are made of

The same input makes the same text; the command writes the files. A site generator makes a site of
them and of the guides, see zensical.toml.
"""
