"""A template: a Markdown file whose blocks of SQL become tables and charts.

A block begins with three backticks, `sql` and what describes it, as in

    ```sql title="Cost by service" chart=bars columns="service, cost" empty="Nothing was charged."

`title` names the table and its sheet, `chart` draws it, `columns` are those that the chart draws,
the labels first, and `empty` stands in the place of a table without rows. The option `optional`
means that the report goes on if no provider of its tables has a token. `months="1-12"` means that
they have the first to the twelfth month before the running one, and of others nothing. In SQL,
`:month`, `:month_start`, `:month_end` and `:today` are parameters; in text they are `{month}` and
so on.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, get_args

from billql.errors import InterfaceError
from billql.output.chart.figure import ChartKind

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).with_name("templates")
"""The folder of billql's own templates."""

_FENCE = re.compile(r" {0,3}(?P<marks>`{3,}|~{3,})(?P<info>[^`]*)")
"""The begin of a block of code: https://spec.commonmark.org/0.31.2/#fenced-code-blocks."""
_TITLE = re.compile(r"# +(?P<title>.+?)(?: +#+)? *")
_KEYS = ("title", "chart", "columns", "empty", "months")
_MONTHS = re.compile("([0-9]{1,3})-([0-9]{1,3})", re.ASCII)
_NOTHING = "There are no rows."


class Text(NamedTuple):
    """Markdown between blocks of SQL."""

    markdown: str


class Block(NamedTuple):
    """A block of SQL, and how its result is shown."""

    sql: str
    """Its text, after as many line breaks as the template has before it, for messages."""
    line: int
    """The line of the template in which it begins."""
    title: str | None = None
    chart: ChartKind | None = None
    columns: tuple[str, ...] = ()
    """The columns that the chart draws; all if there are none."""
    empty: str = _NOTHING
    is_optional: bool = False
    """Whether the report goes on if no provider of its tables has a token."""

    months: tuple[int, int] | None = None
    """How many months before the running one its tables have, at least and at most."""


class Template(NamedTuple):
    """A template: its name for messages, and its parts in order."""

    name: str
    title: str
    """The first heading of level 1, or else its name."""
    parts: list[Text | Block]


def read(report: str | None, path: str | None) -> tuple[str, str]:
    """Return name and text of a report's template, or of the file at `path`.

    Raise InterfaceError if it cannot be read.
    """
    file = FOLDER / f"{report}.md" if path is None else Path(path)
    try:
        return (file.name if path is None else path), file.read_text("utf-8-sig")
    except OSError as error:
        raise InterfaceError(f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError:
        raise InterfaceError(f"{path} is not text in UTF-8") from None


def parse(name: str, text: str) -> Template:
    """Return the template of a text; raise InterfaceError, with the line, if it is not valid."""
    parts = list(_parts(name, text.splitlines()))
    if not any(isinstance(part, Block) for part in parts):
        raise InterfaceError(
            f"{name} has no block of SQL",
            hint="Begin a block with a line ```sql and end it with a line ```.",
        )
    texts = "\n".join(part.markdown for part in parts if isinstance(part, Text))
    headings = (_TITLE.fullmatch(line) for line in texts.splitlines())
    title = next((found["title"] for found in headings if found), Path(name).stem)
    return Template(name, title, parts)


def _parts(name: str, lines: list[str]) -> Iterator[Text | Block]:
    """Yield the parts of a template; blocks of code in other languages are text."""
    text: list[str] = []
    place = 0
    while place < len(lines):
        begin = _FENCE.fullmatch(lines[place])
        if begin is None:
            text.append(lines[place])
            place += 1
            continue
        end = _end(lines, place, begin["marks"])
        is_sql = begin["info"].split()[:1] == ["sql"]
        if is_sql and end == len(lines):
            raise _invalid(name, place + 1, "The block of SQL does not end", f"{begin['marks']}")
        if is_sql:
            yield Text("\n".join(text))
            text = []
            yield _block(name, place + 1, begin["info"], lines[place + 1 : end])
        else:
            text += lines[place : end + 1]
        place = end + 1
    yield Text("\n".join(text))


def _end(lines: list[str], begin: int, marks: str) -> int:
    """Return the place of the line that ends a block; the number of lines if none does."""
    for place in range(begin + 1, len(lines)):
        line = lines[place].strip()
        if len(line) >= len(marks) and set(line) == {marks[0]}:
            return place
    return len(lines)


def _block(name: str, line: int, info: str, body: list[str]) -> Block:
    """Return the block that begins in a line; raise InterfaceError if its description is wrong."""
    known = "a block may have optional, " + ", ".join(f'{key}="…"' for key in _KEYS)
    try:
        options = shlex.split(info)[1:]
    except ValueError:
        raise _invalid(name, line, "A quotation mark is missing", '"') from None
    found: dict[str, str] = {}
    for option in options:
        if option == "optional":
            continue
        key, equals, value = option.partition("=")
        if not equals or key not in _KEYS or key in found:
            problem = "is there twice" if key in found else "is unknown"
            raise InterfaceError(f"{name}:{line}: {option!r} {problem}; {known}")
        found[key] = value
    kinds = get_args(ChartKind)
    kind = next((one for one in kinds if one == found.get("chart")), None)
    if "chart" in found and kind is None:
        raise InterfaceError(
            f"{name}:{line}: {found['chart']!r} is no chart; use one of {', '.join(kinds)}"
        )
    columns = tuple(one.strip() for one in found.get("columns", "").split(",") if one.strip())
    if columns and kind is None:
        raise InterfaceError(f"{name}:{line}: columns= is of a chart, and there is no chart=")
    months = _MONTHS.fullmatch(found.get("months", "0-0"))
    if months is None:
        raise InterfaceError(f"{name}:{line}: {found['months']!r} is not of the form 1-12")
    return Block(
        "\n" * line + "\n".join(body),
        line,
        found.get("title"),
        kind,
        columns,
        found.get("empty", _NOTHING),
        "optional" in options,
        (int(months[1]), int(months[2])) if "months" in found else None,
    )


def _invalid(name: str, line: int, problem: str, missing: str) -> InterfaceError:
    return InterfaceError(f"{name}:{line}: {problem}", hint=f"Add the missing {missing}")
