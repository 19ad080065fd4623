"""The Model Context Protocol: agents list tables, ask what a statement costs, and run it.

texts     what an agent reads before it asks: instructions, descriptions and a prompt
catalog   the tables and their columns, in as few words as do
calls     runs a call in a connection of its own; cancelling it ends its requests
results   rows as text that an agent can read and does not obey
audit     a line for each call
server    the tools, resources and the prompt
http      the server over HTTP; `billql mcp` serves standard input and output
"""
