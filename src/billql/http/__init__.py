"""One request is sent politely and safely: credentials, limits, retries, sockets, API errors."""
