"""What could be typed next: suggestions for a place in a text, made from known names alone.

The text need not be valid, and seldom is. What stands before the place decides what is meant: a
table after FROM or JOIN, a column of an alias after its dot, anything that an expression may have
elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from billql import names
from billql.shell.text import is_command


class Suggestion(NamedTuple):
    """A text that may stand from `start` to the place, and what there is to say of it."""

    text: str
    start: int
    meaning: str = ""


@dataclass(frozen=True)
class Column:
    """A column; one that is `required` must have a value, or one of several must."""

    name: str
    type: str = ""
    description: str = ""
    required: bool = False

    @property
    def meaning(self) -> str:
        """What a menu says of it."""
        told = (self.type, self.description)
        return " · ".join(word for word in ("required" if self.required else "", *told) if word)


def _nothing(prefix: str) -> Sequence[str]:
    return ()


@dataclass(frozen=True)
class Known:
    """The names that suggestions are made of.

    `providers`, `services` and `resources` go by their dotted names and have descriptions;
    `columns` are those of resources and of local tables. `namespace` is what USE has chosen.
    """

    providers: Mapping[str, str] = field(default_factory=dict)
    services: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, Sequence[Column]] = field(default_factory=dict)
    functions: Sequence[str] = ()
    keywords: Sequence[str] = ()
    formats: Sequence[str] = ()
    commands: Mapping[str, tuple[str, Sequence[str]]] = field(default_factory=dict)
    """Dot commands: what each does, and of what kind its arguments are."""
    files: Callable[[str], Sequence[str]] = _nothing
    """Gives the files whose names begin in some way."""
    namespace: str = ""

    def table(self, name: str) -> str | None:
        """Find a table or resource by a name as it may be written, a short one too."""
        name = name.lower()
        return next((one for one in (name, self._full(name)) if one in self.columns), None)

    def _full(self, name: str) -> str:
        return f"{self.namespace}.{name}" if self.namespace else name


_TABLE_FOLLOWS = {"FROM", "JOIN", "INTO", "UPDATE", "TABLE", "DESCRIBE", "EXTENDED"}
_SHOWN = ("PROVIDERS", "SERVICES", "RESOURCES", "METHODS", "CONNECTIONS")
_ENDS_FROM = {"WHERE", "ON", "USING", "GROUP", "HAVING", "WINDOW", "ORDER", "LIMIT", "SELECT"}
_ENDS_FROM |= {"UNION", "EXCEPT", "INTERSECT", "SET", "VALUES", "RETURNING"}


def suggest(text: str, place: int, known: Known) -> list[Suggestion]:
    """Give what may stand at a place of a text, the most likely first."""
    if is_command(text):
        return list(_in_command(text[:place], known))
    statement, start = _statement_around(text, place)
    before = names.tokenize(statement[: place - start])
    if before and _is_open(before[-1]):
        return []
    parts, before = _name_at_end(before)
    words = [token for token in before if token.kind not in ("space", "comment")]
    begins = place - len(parts[-1])
    found = _in_statement(statement, words, parts, known)
    return [Suggestion(text, begins, meaning) for text, meaning in found]


def _statement_around(text: str, place: int) -> tuple[str, int]:
    """Give the statement that a place lies in, and where it starts."""
    for statement in names.split(text):
        if place < statement.start:  # between semicolons, which are no statements
            break
        end = statement.start + len(statement.text)
        if place < end or (place == end and not statement.text.endswith(";")):
            return statement.text, statement.start
    return "", place


def _is_open(token: names.Token) -> bool:
    """Tell whether the text after a token would be more of it, or of nothing that is known."""
    inside = token.kind == "comment" and (
        token.text.startswith("--") or not token.text.endswith("*/")
    )
    return inside or token.kind in ("illegal", "string", "blob", "number", "variable")


def _name_at_end(tokens: list[names.Token]) -> tuple[list[str], list[names.Token]]:
    """Split off the dotted name that a text ends with; its last part may be empty."""
    parts = [""]
    left = list(tokens)
    if left and left[-1].kind == "word":
        parts = [left.pop().text]
    while len(left) > 1 and left[-1].text == "." and left[-2].kind in ("word", "quoted"):
        left.pop()
        parts.insert(0, names.unquote(left.pop().text))
    return parts, left


Named = tuple[str, str]
"""A text, and what it means."""


def _in_statement(
    statement: str, words: Sequence[names.Token], parts: Sequence[str], known: Known
) -> Iterable[Named]:
    first = words[0].keyword if words else ""
    before = words[-1].keyword if words else ""
    if first == "USE" and len(words) == 1:
        return _names(parts, known, levels=2)
    if first == "SHOW" and before in ("IN", "FROM"):
        return _names(parts, known, levels=3 if words[1].keyword == "METHODS" else 2)
    if first == "SHOW" and len(words) == 1:
        return ((word, "") for word in _beginning(parts[-1], _SHOWN))
    if _table_follows(words):
        own = _expressions(statement, known) if len(parts) == 1 else ()
        return [*_local(parts, known, own), *_names(parts, known, levels=3)]
    if len(parts) > 1:
        return _of_table(statement, parts, known)
    return _in_expression(statement, parts[0], known, is_start=not words)


def _table_follows(words: Sequence[names.Token]) -> bool:
    """Tell whether a table's name comes after these words."""
    if not words:
        return False
    if words[-1].keyword in _TABLE_FOLLOWS or [word.keyword for word in words] == ["DESC"]:
        return True
    in_from = [False]
    for word in words:
        match word.text:
            case "(":
                in_from.append(in_from[-1])
            case ")" if len(in_from) > 1:
                in_from.pop()
        if word.keyword in ("FROM", "JOIN"):
            in_from[-1] = True
        elif word.keyword in _ENDS_FROM:
            in_from[-1] = False
    return in_from[-1] and words[-1].text in (",", "(")


def _local(parts: Sequence[str], known: Known, expressions: Iterable[str]) -> Iterator[Named]:
    """Give local tables and WITH's own; of an attached database, by its name and a dot."""
    typed = ".".join(parts)
    for name, kind in known.tables.items():
        if _begins(name, typed) and name.count(".") == len(parts) - 1:
            yield name.rpartition(".")[2], kind
    for name in _beginning(parts[-1], expressions):
        yield name, "WITH"


def _names(parts: Sequence[str], known: Known, levels: int) -> Iterator[Named]:
    """Give the next part of a dotted name; a dot is put after what is not its last part.

    A resource is found by its own last part too, and by a short name after USE.
    """
    typed = ".".join(parts)
    depth = len(parts)
    by_depth = (known.providers, known.services, known.resources)
    if known.namespace and levels == 3:
        full = f"{known.namespace}.{typed}"
        wanted = full.count(".")
        if wanted < 3:
            yield from _at_depth(by_depth[wanted], full, dotted=wanted < 2)
    if depth <= levels:
        yield from _at_depth(by_depth[depth - 1], typed, dotted=depth < levels)
    if depth == 1 and levels == 3 and typed:
        for name, meaning in known.resources.items():
            if _begins(name.rpartition(".")[2], typed):
                yield name, meaning


def _at_depth(found: Mapping[str, str], typed: str, *, dotted: bool) -> Iterator[Named]:
    for name, meaning in found.items():
        if _begins(name, typed):
            yield name.rpartition(".")[2] + ("." if dotted else ""), meaning


def _of_table(statement: str, parts: Sequence[str], known: Known) -> Iterator[Named]:
    """Give the columns of the table before the last dot."""
    sources = _sources(statement, known)
    name = ".".join(parts[:-1]).lower()
    table = sources.get(name) or known.table(name)
    for column in sorted(known.columns.get(table or "", ()), key=_required_first):
        if _begins(column.name, parts[-1]):
            yield _quoted(column.name), column.meaning


def _in_expression(statement: str, typed: str, known: Known, *, is_start: bool) -> Iterator[Named]:
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


def _required_first(column: Column) -> bool:
    return not column.required


def _sources(statement: str, known: Known) -> dict[str, str]:
    """Give the known tables of a statement, by what they go by in it."""
    found: dict[str, str] = {}
    for reference in names.tables(statement):
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
    """Read the alias that a text begins with, after AS or without."""
    words = (token for token in names.tokenize(rest) if token.kind not in ("space", "comment"))
    word = next(words)
    return names.unquote((next(words, word) if word.keyword == "AS" else word).text)


def _expressions(statement: str, known: Known) -> list[str]:
    """Give the names that WITH has given to queries: those before `AS (`."""
    words = [token for token in names.tokenize(statement) if token.kind not in ("space", "comment")]
    if not words or words[0].keyword != "WITH":
        return []
    following = zip(words, words[1:], words[2:], strict=False)
    return [
        names.unquote(name.text)
        for name, word, bracket in following
        if word.keyword == "AS" and bracket.text == "(" and name.kind in ("word", "quoted")
    ]


# Dot commands.


def _in_command(text: str, known: Known) -> Iterator[Suggestion]:
    line = text.lstrip()
    words = line.split(" ")
    typed = words[-1]
    start = len(text) - len(typed)
    if len(words) == 1:
        for name, (meaning, _) in known.commands.items():
            if f".{name}".startswith(typed):
                yield Suggestion(f".{name}", start, meaning)
        return
    matching = [name for name in known.commands if name.startswith(words[0][1:])]
    name = words[0][1:] if words[0][1:] in known.commands else "".join(matching[:1])
    _, kinds = known.commands.get(name, ("", ()))
    given = sum(1 for word in words[1:-1] if word)
    for kind in kinds[given : given + 1] or kinds[-1:]:
        for found, meaning in _arguments(kind, typed, known):
            yield Suggestion(found, start, meaning)


def _arguments(kind: str, typed: str, known: Known) -> Iterable[Named]:
    """Give what an argument of some kind may be; a kind that is none is a list of words."""
    match kind:
        case "file":
            return ((name, "") for name in known.files(typed))
        case "format":
            return ((name, "") for name in _beginning(typed, known.formats))
        case "command":
            found = {name: meaning for name, (meaning, _) in known.commands.items()}
            return ((name, found[name]) for name in _beginning(typed, found))
        case "table":
            return [*_matching(typed, known.tables), *_whole_names(typed, known)]
        case "resource":
            return _whole_names(typed, known)
        case "":
            return ()
    return ((word, "") for word in _beginning(typed, kind.split("|")))


def _matching(typed: str, found: Mapping[str, str]) -> Iterator[Named]:
    return ((name, found[name]) for name in _beginning(typed, found))


def _whole_names(typed: str, known: Known) -> Iterator[Named]:
    """Give resources whose name, or the last part of it, begins as typed."""
    for name, meaning in known.resources.items():
        if _begins(name, typed) or _begins(name.rpartition(".")[2], typed):
            yield name, meaning


def _begins(name: str, typed: str) -> bool:
    return name.lower().startswith(typed.lower())


def _beginning(typed: str, found: Iterable[str]) -> Iterator[str]:
    return (name for name in found if _begins(name, typed))


def _quoted(name: str) -> str:
    """Write a name as SQL takes it."""
    tokens = names.tokenize(name)
    plain = len(tokens) == 1 and tokens[0].kind == "word"
    return name if plain else names.quote(name)
