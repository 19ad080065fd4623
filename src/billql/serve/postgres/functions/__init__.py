"""PostgreSQL's functions, by their signatures, over the values that SQLite holds.

Each module registers its own; `install.all_functions()` returns them all.
"""
