"""Servers: programs ask a billql that goes on running, each in the protocol that it speaks.

address    where a server listens, and whether others than this machine can reach it
context    what the servers of a process share, and make known of each statement
metrics    what Prometheus reads: one count of the statements of all servers
notes      what people should know of a statement reaches the client that runs it
uvicorn_thread
           an application over HTTP, in a thread of its own
process    runs the servers of a process until a signal stops it
http/      HTTP
mcp/       the Model Context Protocol, for agents
postgres/  PostgreSQL's protocol
"""
