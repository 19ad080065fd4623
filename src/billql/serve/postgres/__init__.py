"""PostgreSQL's protocol: clients and BI tools ask billql as they ask a PostgreSQL server.

opening    who may connect, and how safely
server     accepts clients, within limits, and stops
client     one client: its messages, in order
wire       the frames and the fields of messages
statements what makes each kind of statement ready to run
engine     compiles and runs queries in a session of billql's
values/    the values of PostgreSQL's types, as SQLite holds them
formats/   values as messages carry them: text, binary, COPY
compiler/  a SELECT of PostgreSQL becomes one of SQLite, with the types of its columns
functions/ PostgreSQL's functions and operators, by their signatures
catalog/   pg_catalog and information_schema

https://www.postgresql.org/docs/15/protocol.html
"""
