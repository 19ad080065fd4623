"""The values of PostgreSQL's types, as SQLite holds them between the functions of a statement.

A boolean is 0 or 1. A numeric is an INTEGER, a REAL (with 15 digits) or, where a statement has
computed it, a TEXT with all of its digits. A date is `2026-01-31`, a timestamp
`2026-01-31T12:00:00.5`, one with a time zone ends in `Z`, a time of day is `12:00:00`; an interval
is `months days microseconds`; an array is a JSON array; jsonb is any JSON text.
"""
