"""HTTP: SQL in the body of a request, rows in that of the response; of the extra `billql[http]`.

server     a server: a socket and Uvicorn, in a thread of its own
app        the addresses that it has
guard      who may ask: Host, Origin and the bearer token
question   what a request asks for
formats    the media types of responses, and how a response shows that it is complete
query_response  runs a statement, sends its rows, and ends it if the client vanishes
gate       how many statements run at once
refusal    errors as responses
pages      the page to ask, and the pages of the tables
"""
