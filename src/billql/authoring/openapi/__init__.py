"""From an OpenAPI 3 document to a first definition.

reading      a file → the document
document     its references, and what its schemas say, one level at a time
operations   what the document offers, and what of it was selected
answers      where an operation's answer has its rows
columns      a row's schema → columns
parameters   what an operation takes → parameters, and columns for what rows do not repeat
paging       how a list goes on, guessed from the shapes
resources    operations → resources, with their names and examples
provider     what all resources share: the address, the token, where errors say what is wrong
prose        what documents say → short sentences
naming       their names → names for SQL
importing    all of it together

Only what a document says plainly is taken over; what it leaves open is left to SQLite, or left out
and told.
"""
