"""A SELECT of PostgreSQL becomes one of SQLite, with a type for each column of its result.

sqlglot parses it. Each kind of node has a function that compiles it and names the arguments of the
node that it knows; a node or an argument that nothing knows is refused, so that no part of a
statement is passed over in silence.

parsing         text to trees, one for each statement
core            the compiler's state, and the dispatch of nodes
values          what an expression has become: SQL with a type
scope           which columns a name can mean
coercion        casts, and one type for several expressions
rules           the functions that compile nodes, by their kind: literals, columns, comparisons,
                patterns, expressions
operators       comparison and arithmetic, by the types of both sides
calls           functions: call_parts, arguments, aggregates, windows, special
relations       FROM
queries         the kinds of queries: select, set_operations, with_queries, ordering, sort_terms
"""
