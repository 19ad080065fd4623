"""The requests of one statement become its rows: paging, prefetch, caches, budgets, decoding."""
