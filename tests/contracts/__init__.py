"""What the vendors' own documents allow in the requests that billql sends, as data.

`extract` makes the files from the documents, `contract` holds requests against them. No test needs
a document.
"""
