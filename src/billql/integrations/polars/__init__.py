"""Tables as lazy frames of polars: `scan_polars`.

predicate   the filters of a query, as conditions in SQL
scan        the source that polars reads, with its columns, filters and limit in the statement
"""
