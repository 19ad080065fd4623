"""Clients of PostgreSQL in other languages, which `make clients` drives against billql.

Each is a program that checks what it reads, and ends with an error if anything differs. What this
machine lacks for one is named, and that client is left out.
"""
