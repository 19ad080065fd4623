"""The differential test: whatever is pushed down, an answer is the one of plain SQLite tables.

`shapes` says what a mock resource is, and writes its definition; `api` serves it, strictly;
`drawing`, `predicates` and `queries` let Hypothesis draw resources, rows and SELECTs; `world` runs
a SELECT twice, with billql and over plain tables, and compares.
"""
