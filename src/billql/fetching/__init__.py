"""The requests of one statement become its rows: paging, prefetch, caches, budgets, decoding.

Other rooms use the modules without an underscore; the others are this room's own.
"""
