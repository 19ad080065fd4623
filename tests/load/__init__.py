"""Load: many clients ask one server for a while, and each checks every row that it gets.

`make load` runs it for two minutes with 50 clients: `python -m load --clients 50 --seconds 120`.
A client names itself and its turn in each statement, so that a row of another one, or of another
statement, is found. Some vanish in the midst of a response. The memory of the server's process is
read while they ask.

statements     what clients ask, and the rows that must come
over_http      a statement over HTTP
over_postgres  a statement over PostgreSQL's protocol
clients        one client, and what it finds
server         the server in a process of its own, and its memory
run            all clients at once
"""
