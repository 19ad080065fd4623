"""pg_catalog and information_schema: PostgreSQL's own relations, with billql's tables in them.

`relations.json.gz` has the names and types of the columns of all relations of a real server, and
the rows that describe PostgreSQL itself; `make postgres-catalog` writes it.

tables   billql's tables and those of a database file, as PostgreSQL has them
rows     the rows that describe them
image    a SQLite database with all relations, which each session attaches
names    objects by name and by number
"""
