"""From an OpenAPI 3 document to a first definition.

reading      a file → the document
document     its references and its schemas, one level at a time
operations   the operations of the document, and those that were selected
responses    where an operation's response has its rows
columns      a row's schema → columns
parameters   the inputs of an operation → parameters, and columns for what rows do not repeat
paging       how a list is paged, guessed from the schemas
resources    operations → resources, with their names and examples
provider     what all resources share: the address, the token, the form of errors
prose        descriptions → short sentences
naming       their names → names for SQL
importing    all of it together

Only what a document states plainly is imported; what it leaves open is left to SQLite, or left out
and listed as a note.
"""
