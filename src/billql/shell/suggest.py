"""The completions at a position of an input, from known names alone.

The input need not be valid, and seldom is. The tokens before the position decide what can follow: a
table after FROM or JOIN, a column after an alias and a dot, else anything that an expression may
contain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from billql.definitions.shared import SHARED
from billql.shell.habits import HABITS
from billql.shell.known_names import KnownColumn, KnownNames
from billql.shell.text import is_command
from billql.sql import rewriter
from billql.sql.show import SHOWN
from billql.sql.statements import each_statement, parse
from billql.sql.tokenizer import NAMES, Token, quote, significant, tokenize, unquote


class Suggestion(NamedTuple):
    """A text that can replace the input from `start` to the position, with a description."""

    text: str
    start: int
    meaning: str = ""


_TABLE_FOLLOWS = {"FROM", "JOIN", "INTO", "UPDATE", "TABLE", "DESCRIBE", "EXTENDED"}
_SHOWN = tuple(SHOWN)
_LEVELS = {keyword: form.parts for keyword, form in SHOWN.items()}
"""How many parts the name after `SHOW … IN` has at most."""
_ENDS_FROM = {"WHERE", "ON", "USING", "GROUP", "HAVING", "WINDOW", "ORDER", "LIMIT", "SELECT"}
_ENDS_FROM |= {"UNION", "EXCEPT", "INTERSECT", "SET", "VALUES", "RETURNING"}


def suggest(text: str, position: int, known: KnownNames) -> list[Suggestion]:
    """Return the completions at a position of an input, the most likely first."""
    if is_command(text):
        return list(_in_command(text[:position], known))
    statement, start = _statement_around(text, position)
    before = tokenize(statement[: position - start])
    compared = [token for token in before if not token.is_blank]
    typed = compared.pop() if compared and compared[-1].text.startswith("'") else None
    if _connection_follows(compared) and (typed is None or typed.kind == "illegal"):
        first = position if typed is None else start + typed.start
        prefix = "" if typed is None else typed.text[1:]
        return list(_connections(statement, first, prefix, known))
    if before and _is_open(before[-1]):
        return []
    parts, before = _name_at_end(before)
    tokens = [token for token in before if not token.is_blank]
    first = position - len(parts[-1])
    found = _in_statement(statement, tokens, parts, known)
    return [Suggestion(text, first, meaning) for text, meaning in found]


def _statement_around(text: str, position: int) -> tuple[str, int]:
    """Return the statement around a position, and where it starts."""
    for statement in each_statement(text):
        if position < statement.start:  # between semicolons, which are no statements
            break
        end = statement.start + len(statement.text)
        if position < end or (position == end and not statement.text.endswith(";")):
            return statement.text, statement.start
    return "", position


def _is_open(token: Token) -> bool:
    """Return whether a token goes on at its end, or is one that has no completions."""
    inside = token.kind == "comment" and (
        token.text.startswith("--") or not token.text.endswith("*/")
    )
    return inside or token.kind in ("illegal", "string", "blob", "number", "variable")


def _name_at_end(tokens: list[Token]) -> tuple[list[str], list[Token]]:
    """Split off the dotted name at the end; its last part may be empty."""
    parts = [""]
    left = list(tokens)
    if left and left[-1].kind == "identifier":
        parts = [left.pop().text]
    while len(left) > 1 and left[-1].text == "." and left[-2].kind in NAMES:
        left.pop()
        parts.insert(0, unquote(left.pop().text))
    return parts, left


def _connection_follows(tokens: Sequence[Token]) -> bool:
    """Return whether the name of a connection, as a text, follows these tokens."""
    from billql.definitions.model import CONNECTION

    left = list(tokens)
    if left and left[-1].text in ("(", ","):
        while left and left[-1].text != "(":
            left = left[: -1 if left[-1].text == "," else None]
            if not left or left.pop().kind != "string":
                return False
        left = left[:-1]
        if not left or left.pop().keyword != "IN":
            return False
        left = left[: -1 if left and left[-1].keyword == "NOT" else None]
    elif not left or left.pop().text not in ("=", "==", "<>", "!="):
        return False
    return bool(left) and unquote(left[-1].text).lower() == CONNECTION


def _connections(
    statement: str, first: int, prefix: str, known: KnownNames
) -> Iterator[Suggestion]:
    """Yield the connections of the providers that a statement reads; of all, if it reads none."""
    read = {
        table.partition(".")[0] for table in _sources(statement, known).values() if "." in table
    }
    for name, provider in known.connections():
        if _begins(name, prefix) and provider in (read or {provider}):
            yield Suggestion(f"'{name}'", first, provider)


Named = tuple[str, str]
"""A name and its description."""


def _in_statement(
    statement: str, tokens: Sequence[Token], parts: Sequence[str], known: KnownNames
) -> Iterable[Named]:
    first = tokens[0].keyword if tokens else ""
    before = tokens[-1].keyword if tokens else ""
    if first == "USE" and len(tokens) == 1:
        return _names(parts, known, levels=2)
    if first == "SHOW" and before in ("IN", "FROM"):
        return _names(parts, known, levels=_LEVELS.get(tokens[-2].keyword, 2))
    if first == "SHOW" and (len(tokens) == 1 or before == "EXTENDED"):
        return ((keyword, "") for keyword in _beginning(parts[-1], _SHOWN))
    if _table_follows(tokens):
        own = _expressions(statement, known) if len(parts) == 1 else ()
        methods = _methods(parts, known) if first in ("DESCRIBE", "DESC") else ()
        return [*_local(parts, known, own), *_names(parts, known, levels=3), *methods]
    if len(parts) > 1:
        return _of_table(statement, parts, known)
    return _in_expression(statement, parts[0], known, is_start=not tokens)


def _table_follows(tokens: Sequence[Token]) -> bool:
    """Return whether the name of a table follows these tokens."""
    if not tokens:
        return False
    if tokens[-1].keyword in _TABLE_FOLLOWS or [token.keyword for token in tokens] == ["DESC"]:
        return True
    in_from = [False]
    for token in tokens:
        match token.text:
            case "(":
                in_from.append(in_from[-1])
            case ")" if len(in_from) > 1:
                in_from.pop()
        if token.keyword in ("FROM", "JOIN"):
            in_from[-1] = True
        elif token.keyword in _ENDS_FROM:
            in_from[-1] = False
    return in_from[-1] and tokens[-1].text in (",", "(")


def _local(parts: Sequence[str], known: KnownNames, expressions: Iterable[str]) -> Iterator[Named]:
    """Yield local tables and CTEs; those of an attached database follow its name and a dot."""
    typed = ".".join(parts)
    for name, kind in known.tables.items():
        if _begins(name, typed) and name.count(".") == len(parts) - 1:
            yield name.rpartition(".")[2], kind
    for name in _beginning(parts[-1], expressions):
        yield name, "WITH"


def _names(parts: Sequence[str], known: KnownNames, levels: int) -> Iterator[Named]:
    """Yield the next part of a dotted name, with a dot unless it is the last of `levels` parts.

    A resource is found by its last part too, and by its name relative to USE.
    """
    typed = ".".join(parts)
    depth = len(parts)
    by_depth = (known.providers, known.services, known.resources)
    if known.namespace and levels == 3:
        full = f"{known.namespace}.{typed}"
        depth_of_full = full.count(".")
        if depth_of_full < 3:
            yield from _at_depth(by_depth[depth_of_full], full, dotted=depth_of_full < 2)
    if depth <= levels:
        yield from _at_depth(by_depth[depth - 1], typed, dotted=depth < levels)
    if depth < levels == 3:
        shared = {
            name: meaning
            for name, meaning in by_depth[depth].items()
            if name.startswith(f"{SHARED}.") and not name.startswith(f"{SHARED}.catalog")
        }
        yield from _at_depth(shared, f"{SHARED}.{typed}", dotted=depth < 2)
    if depth == 1 and levels == 3 and typed:
        for name, meaning in known.resources.items():
            if _begins(name.rpartition(".")[2], typed):
                yield name, meaning


def _methods(parts: Sequence[str], known: KnownNames) -> Iterator[Named]:
    """Yield the methods of the resource before the last dot."""
    resource = known.table(".".join(parts[:-1]))
    for name, meaning in known.methods.get(resource or "", {}).items():
        if _begins(name, parts[-1]):
            yield name, meaning


def _at_depth(found: Mapping[str, str], typed: str, *, dotted: bool) -> Iterator[Named]:
    for name, meaning in found.items():
        if _begins(name, typed):
            yield name.rpartition(".")[2] + ("." if dotted else ""), meaning


def _of_table(statement: str, parts: Sequence[str], known: KnownNames) -> Iterator[Named]:
    """Yield the columns of the table before the last dot."""
    sources = _sources(statement, known)
    name = ".".join(parts[:-1]).lower()
    table = sources.get(name) or known.table(name)
    for column in sorted(known.columns.get(table or "", ()), key=_required_first):
        if _begins(column.name, parts[-1]):
            yield _quoted(column.name), column.meaning


def _in_expression(
    statement: str, typed: str, known: KnownNames, *, is_start: bool
) -> Iterator[Named]:
    sources = {} if is_start else _sources(statement, known)
    columns = {
        column.name: column
        for table in dict.fromkeys(sources.values())
        for column in sorted(known.columns[table], key=_required_first)
    }
    for column in sorted(columns.values(), key=_required_first):
        if _begins(column.name, typed):
            yield _quoted(column.name), column.meaning
    for alias, table in sources.items():
        if _begins(alias, typed) and "." not in alias:
            yield f"{_quoted(alias)}.", table
    if not typed and sources:
        return
    if not is_start:
        for function in _beginning(typed, known.functions):
            yield f"{function}(", "function"
    for keyword in _beginning(typed, known.keywords):
        yield keyword.lower() if typed.islower() else keyword, ""


def _required_first(column: KnownColumn) -> bool:
    return not column.required


def _sources(statement: str, known: KnownNames) -> dict[str, str]:
    """Return the known tables of a statement, by their lower-case names and aliases in it."""
    found: dict[str, str] = {}
    for reference in rewriter.tables(parse(statement)):
        table = known.table(reference.name)
        if table is None:
            continue
        found[reference.name.lower()] = table
        alias = _alias(statement[reference.end :]) if reference.has_alias else reference.parts[-1]
        found[alias.lower()] = table
        if reference.has_alias:
            del found[reference.name.lower()]
    return found


def _alias(rest: str) -> str:
    """Return the alias at the start of a text, with or without AS."""
    tokens = iter(significant(rest))
    token = next(tokens)
    return unquote((next(tokens, token) if token.keyword == "AS" else token).text)


def _expressions(statement: str, known: KnownNames) -> list[str]:
    """Return the names of the CTEs: those before `AS (`."""
    tokens = significant(statement)
    if not tokens or tokens[0].keyword != "WITH":
        return []
    following = zip(tokens, tokens[1:], tokens[2:], strict=False)
    return [
        unquote(name.text)
        for name, token, bracket in following
        if token.keyword == "AS" and bracket.text == "(" and name.kind in NAMES
    ]


# Dot commands.


def _in_command(text: str, known: KnownNames) -> Iterator[Suggestion]:
    line = text.lstrip()
    fields = line.split(" ")
    typed = fields[-1]
    start = len(text) - len(typed)
    if line.startswith("\\"):
        yield from _in_habit(fields, start, known)
        return
    if len(fields) == 1:
        for name, (meaning, _) in known.commands.items():
            if f".{name}".startswith(typed):
                yield Suggestion(f".{name}", start, meaning)
        return
    matching = [name for name in known.commands if name.startswith(fields[0][1:])]
    name = fields[0][1:] if fields[0][1:] in known.commands else "".join(matching[:1])
    _, kinds = known.commands.get(name, ("", ()))
    count = sum(1 for argument in fields[1:-1] if argument)
    for kind in kinds[count : count + 1] or kinds[-1:]:
        for found, meaning in _arguments(kind, typed, known):
            yield Suggestion(found, start, meaning)


def _in_habit(fields: Sequence[str], start: int, known: KnownNames) -> Iterator[Suggestion]:
    typed = fields[-1]
    if len(fields) == 1:
        for name, habit in HABITS.items():
            if f"\\{name}".startswith(typed):
                yield Suggestion(f"\\{name}", start, habit.summary)
    elif len(fields) == 2 and (found := HABITS.get(fields[0][1:])) is not None:
        for name, meaning in _arguments(found.kind, typed, known):
            yield Suggestion(name, start, meaning)


def _arguments(kind: str, typed: str, known: KnownNames) -> Iterable[Named]:
    """Return the values of an argument of a kind; any other kind lists its values between bars."""
    match kind:
        case "file":
            return ((name, "") for name in known.files(typed))
        case "format":
            return ((name, "") for name in _beginning(typed, known.formats))
        case "command":
            found = {name: meaning for name, (meaning, _) in known.commands.items()}
            return _matching(typed, found)
        case "table":
            return [*_matching(typed, known.tables), *_whole_names(typed, known)]
        case "resource":
            return _whole_names(typed, known)
        case "":
            return ()
    return ((value, "") for value in _beginning(typed, kind.split("|")))


def _matching(typed: str, found: Mapping[str, str]) -> Iterator[Named]:
    return ((name, found[name]) for name in _beginning(typed, found))


def _whole_names(typed: str, known: KnownNames) -> Iterator[Named]:
    """Yield resources whose name, or its last part, starts with the input."""
    for name, meaning in known.resources.items():
        if _begins(name, typed) or _begins(name.rpartition(".")[2], typed):
            yield name, meaning


def _begins(name: str, typed: str) -> bool:
    return name.lower().startswith(typed.lower())


def _beginning(typed: str, found: Iterable[str]) -> Iterator[str]:
    return (name for name in found if _begins(name, typed))


def _quoted(name: str) -> str:
    """Return a name, quoted if SQL needs it."""
    tokens = tokenize(name)
    plain = len(tokens) == 1 and tokens[0].kind == "identifier"
    return name if plain else quote(name)
