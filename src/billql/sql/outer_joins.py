"""Outer joins that a WHERE makes smaller, so that SQLite passes on the terms of the WHERE.

SQLite passes a virtual table no term of the WHERE for the right side of an outer join, so that

    FROM crm LEFT JOIN customers k ON k.email = crm.email WHERE k.id = 'cus_1'

would read the whole list. A comparison with a column of `k` is not true of the rows in which `k` is
NULL, so a join that adds such rows may as well not add them: the join loses its LEFT. Where it is
the rows of `k` that a RIGHT JOIN preserves, the comparison is repeated in its ON. Both return the
very rows that the statement means
(https://sqlite.org/optoverview.html#outer_join_strength_reduction, which SQLite does for its own
tables).

Pure. Tokens are looked at, and nothing but these forms is changed: what may mean something else,
such as a term below an OR, is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from billql.sql.source_map import Edit, RewrittenText, apply_edits
from billql.sql.tokenizer import COMPARISONS, NAMES, Token, unquote

if TYPE_CHECKING:
    from billql.sql.statements import ParsedStatement

_LITERALS = {"string", "number", "blob"}
_AFTER_WHERE = {"GROUP", "HAVING", "WINDOW", "ORDER", "LIMIT", "UNION", "EXCEPT", "INTERSECT"}
_AFTER_WHERE |= {"RETURNING", "ON"}  # ON CONFLICT, after INSERT … SELECT
_OF_JOINS = {"NATURAL", "LEFT", "RIGHT", "FULL", "INNER", "CROSS", "OUTER", "JOIN"}
_NO_ALIAS = _OF_JOINS | {"ON", "USING", "INDEXED", "NOT"}

IsResource = Callable[[tuple[str, ...]], bool]
"""Whether the parts of a table's name name a resource."""

_Tokens = Sequence[Token]


def strengthen(statement: ParsedStatement, is_resource: IsResource) -> RewrittenText:
    """Return a statement whose outer joins add no rows that its WHERE would leave out."""
    keywords = {token.keyword for token in statement.tokens}
    edits: list[Edit] = []
    is_concerned = {"WHERE", "JOIN"} <= keywords and keywords & {"LEFT", "RIGHT", "FULL"}
    if is_concerned and not _is_stored_as_written(statement.tokens):
        for query in _queries(statement.tokens):
            edits += _edits(statement, query, is_resource)
    edits.sort()
    return RewrittenText(apply_edits(statement.text, edits), statement.text, tuple(edits))


def _is_stored_as_written(tokens: _Tokens) -> bool:
    """Return whether a statement is stored as it is written: a view, a trigger, but no table."""
    keywords = [token.keyword for token in tokens]
    if "CREATE" not in keywords:
        return False
    at = keywords.index("CREATE")
    return "TABLE" not in keywords[at + 1 : at + 3]  # CREATE TEMP TABLE


@dataclass
class _Query:
    """The FROM and the WHERE of a SELECT, with what is in parentheses as one group each."""

    sources: list[_Group] = field(default_factory=list)
    where: list[_Group] = field(default_factory=list)


@dataclass(frozen=True)
class _Group:
    """A token, or all from a parenthesis (or a CASE) to the one that closes it."""

    token: Token
    end: int
    whole: bool = False

    @property
    def keyword(self) -> str:
        return "" if self.whole else self.token.keyword

    @property
    def text(self) -> str:
        return "" if self.whole else self.token.text

    @property
    def is_name(self) -> bool:
        return not self.whole and self.token.kind in NAMES


def _queries(tokens: _Tokens) -> Iterator[_Query]:
    """Yield the queries of a statement that have a WHERE, those in parentheses too."""
    stack: list[tuple[list[_Group], Token | None]] = [([], None)]
    for token in tokens:
        if token.text == "(" or token.keyword == "CASE":
            stack.append(([], token))
        elif (opened := stack[-1][1]) is not None and _closes(opened, token):
            inside, _ = stack.pop()
            yield from _queries_at_depth(inside)
            stack[-1][0].append(_Group(opened, token.end, whole=True))
        elif token.text == ";":
            yield from _queries_at_depth(stack[0][0])
            stack = [([], None)]
        else:
            stack[-1][0].append(_Group(token, token.end))
    yield from _queries_at_depth(stack[0][0])


def _closes(opened: Token, token: Token) -> bool:
    return token.text == ")" if opened.text == "(" else token.keyword == "END"


def _queries_at_depth(groups: Sequence[_Group]) -> Iterator[_Query]:
    """Yield the queries of one depth: from SELECT to what follows the WHERE."""
    query: _Query | None = None
    place: list[_Group] | None = None
    before = ""
    for group in groups:
        keyword = group.keyword
        if keyword == "SELECT":
            query, place = _Query(), None
        elif query is None:
            pass
        elif keyword == "FROM" and before != "DISTINCT" and not query.sources:
            place = query.sources
        elif keyword == "WHERE" and query.sources:
            place = query.where
        elif keyword in _AFTER_WHERE and not (keyword == "ON" and place is query.sources):
            if query.where:
                yield query
            query, place = None, None
        elif place is not None:
            place.append(group)
        before = keyword
    if query is not None and query.where:
        yield query


@dataclass
class _Join:
    """One table of a FROM, and how it is joined to what stands before it."""

    kind: list[_Group]
    """Its keywords, such as LEFT OUTER."""
    name: str
    is_resource: bool
    end: int
    """Where the table with its alias ends."""
    condition: list[_Group] = field(default_factory=list)
    has_using: bool = False

    @property
    def keywords(self) -> set[str]:
        return {group.keyword for group in self.kind}


def _edits(statement: ParsedStatement, query: _Query, is_resource: IsResource) -> Iterator[Edit]:
    joins = list(_joins(query.sources, is_resource))
    terms = dict(_terms(query.where))
    rejecting = {join.name for join in joins if join.name in terms}
    before: set[str] = set()
    for join in joins:
        earlier = rejecting & before
        before.add(join.name)
        keywords = join.keywords
        preserves_left, preserves_right = (
            bool(keywords & {"LEFT", "FULL"}),
            bool(keywords & {"RIGHT", "FULL"}),
        )
        if not preserves_left and not preserves_right:
            continue
        left = preserves_left and join.name not in rejecting
        right = preserves_right and not earlier
        kind = {(True, True): "FULL", (True, False): "LEFT", (False, True): "RIGHT"}.get(
            (left, right), ""
        )
        concerned = join.is_resource or any(one.is_resource for one in joins if one.name in earlier)
        if not concerned:
            continue
        if kind not in keywords:
            outer = [one for one in join.kind if one.keyword in ("LEFT", "RIGHT", "FULL", "OUTER")]
            yield outer[0].token.start, outer[-1].end, kind
        term = terms.get(join.name)
        if term is None:
            continue
        again = right and not join.has_using and "NATURAL" not in keywords
        first, last = term
        inside = {token.text for token in statement.tokens if first <= token.start < last}
        # Another `?` would take the place of the one that stands there, and what is in parentheses
        # may name a table that follows, of which an ON knows nothing.
        if again and "?" not in inside and (join is joins[-1] or "(" not in inside):
            text = statement.text[first:last]
            if join.condition:
                start, end = join.condition[0].token.start, join.condition[-1].end
                yield start, start, "("
                yield end, end, f") AND {text}"
            else:
                yield join.end, join.end, f" ON {text}"


def _joins(groups: Sequence[_Group], is_resource: IsResource) -> Iterator[_Join]:
    """Yield the tables of a FROM; one in parentheses, or with arguments, has no name here."""
    at, count = 0, len(groups)
    while at < count:
        kind: list[_Group] = []
        while at < count and (groups[at].keyword in _OF_JOINS or groups[at].text == ","):
            kind.append(groups[at])
            at += 1
        parts: list[str] = []
        while at < count and groups[at].is_name and groups[at].keyword not in _NO_ALIAS:
            parts.append(unquote(groups[at].token.text))
            at += 1
            if at < count and groups[at].text == ".":
                at += 1
            else:
                break
        name = parts[-1] if parts else ""
        if at < count and groups[at].whole:
            name, at = "", at + 1
            parts = []
        if at < count and groups[at].keyword == "AS":
            at += 1
        if at < count and groups[at].is_name and groups[at].keyword not in _NO_ALIAS:
            name = unquote(groups[at].token.text)
            at += 1
        join = _Join(kind, name.lower(), is_resource(tuple(parts)), groups[at - 1].end)
        target: list[_Group] | None = None
        while at < count and groups[at].keyword not in _OF_JOINS and groups[at].text != ",":
            keyword = groups[at].keyword
            if keyword == "ON":
                target = join.condition
            elif keyword in ("USING", "INDEXED", "NOT") and target is None:
                join.has_using = join.has_using or keyword == "USING"
            elif target is not None:
                target.append(groups[at])
            at += 1
        yield join


def _terms(where: Sequence[_Group]) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield the name of a table, and the start and the end of a term that is not true of its
    NULLs.
    """
    if any(group.keyword == "OR" for group in where):
        return
    for term in _conjuncts(where):
        read = _compared(term) or _compared(_mirrored(term))
        if read is not None:
            yield read, (term[0].token.start, term[-1].end)


def _conjuncts(where: Sequence[_Group]) -> Iterator[list[_Group]]:
    term: list[_Group] = []
    between = False
    for group in where:
        if group.keyword == "AND" and not between:
            if term:
                yield term
            term = []
            continue
        between = group.keyword == "BETWEEN" or (between and group.keyword != "AND")
        term.append(group)
    if term:
        yield term


def _mirrored(term: list[_Group]) -> list[_Group]:
    """Return `k.id = 'x'` for `'x' = k.id`."""
    for at, group in enumerate(term):
        if group.text in COMPARISONS:
            return [*term[at + 1 :], group, *term[:at]]
    return []


def _compared(term: list[_Group]) -> str | None:
    """Return the table of `k.id = …`, if the term is just that and no NULL satisfies it."""
    names = 0
    while names < len(term) and term[names].is_name and names + 1 < len(term):
        if term[names + 1].text != ".":
            break
        names += 2
    if names < 2 or names + 2 > len(term) or not term[names].is_name:
        return None
    comparison, value = term[names + 1], term[names + 2 :]
    if not value or not _is_simple(value):
        return None
    literal = not value[0].whole and value[0].token.kind in _LITERALS
    if comparison.text in COMPARISONS or (comparison.keyword == "IS" and literal):
        return unquote(term[names - 2].token.text).lower()
    return None


def _is_simple(value: Sequence[_Group]) -> bool:
    """Return whether an expression is one value, perhaps with a collation."""
    first, *rest = value
    if rest and rest[0].keyword == "COLLATE" and len(rest) == 2:
        rest = []
    if rest:
        return False
    return first.whole or first.token.kind in _LITERALS or first.token.kind == "variable"
