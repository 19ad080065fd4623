"""An API made from its definition: for any provider, and its story if it has one.

It takes the requests that the definition describes, and refuses all others. `layout` says how the
rows belong together, `tables` makes them, `endpoints` finds the methods that a request is for,
`documents` puts the rows where the paths of the definition lead.
"""
