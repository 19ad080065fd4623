"""An API made from its definition: for any provider, and its story if it has one.

It accepts the requests that the definition describes, and refuses all others. `layout` describes
how rows belong together, `columns` what their values are, `tables` makes them, `endpoints` finds
the methods that a request is for, `documents` puts the rows where the paths of the definition lead.
Of a provider that has books, `booked` serves these instead of rows that are made.
"""
