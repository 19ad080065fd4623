"""Reports: documents of text, tables and charts, for people to send on.

template    a Markdown file with blocks of SQL → its parts
templates/  the templates that billql has
months      the month of a report, and its parameters
document    a template and a session → the document: texts, and the tables of the blocks' results
file        a document → a file, by its extension, which is replaced only on success
markdown, html, pdf, xlsx
            the formats, one module each
"""

NAMES = ("monthly-close", "spend", "credits", "forecast", "anomalies")
"""The reports that billql has, each with a template."""
