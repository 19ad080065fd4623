"""Histories: what APIs responded at each time, stored in a SQLite file.

CREATE MATERIALIZED VIEW makes a history of a SELECT, and REFRESH MATERIALIZED VIEW reads again what
may have changed. Rows are read, compared and stored scope by scope: a scope is a billing period, or
a parent such as an invoice.

    definition   what a history is made of: its SELECT, its columns and its scope
    definitions  what the definitions of resources state about its columns
    strategy     which scopes there are, which of them are open, and how each is read
    comparing    what has changed between two readings of a scope
    tables       the tables and views of histories in the file
    store        one scope in one transaction
    refresh      one refresh of one history
    refreshing   the statements themselves
    as_of        a history as it was
    historic     the rows of resources from their histories, for views such as FOCUS's
    sync         all that matters of the connected providers
    export       a history as Parquet
    session      a session that knows all of this
"""
