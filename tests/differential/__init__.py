"""The differential test: whatever is pushed down, an answer is the one of plain SQLite tables, and
where a page that it needs cannot be had, it is an error.

Worlds: `shapes` says what a mock resource is, `definitions` writes its definition, `api` serves it,
strictly, and `troubles` says what goes wrong on the way; `drawing` draws all of it. Statements:
`predicates` and `queries` write them, `statements` says what they are. `oracle` has the plain
tables and judges; `world` runs a statement twice and lets it compare; `tally` counts what the
answers were worth. All that is drawn comes from `dice`, so a world's name gives it again.
"""
