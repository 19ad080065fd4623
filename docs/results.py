"""Runs every query of the pages, and writes its result beneath it.

A block of Python that is followed by a block of text is run too, and what it prints is written
there; on such a page the other blocks of Python are run with it, one after the other.

    python docs/results.py                   # writes
    python docs/results.py --check           # names the pages that differ; ends with 1
    python docs/results.py --check PAGE …    # these pages alone

A query is a block of SQL; its result is the table that follows. The results are those of the
sandbox on one day, which stands for 'now' in a query. What one query of a page makes, the later
ones find. The README's queries are run, but their results are not written there.

In a block of a console, a `billql query` whose output is shown is run, and its output is written.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from unittest import mock

import billql
from billql.docs.samples import DAY, with_day
from billql.output import Style, markdown
from billql.sandbox import Sandbox
from billql.sql.statements import each_statement

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"^```sql\n(?P<sql>(?s:.*?))^```\n(?:\n(?:\|.*\n)+)?", re.MULTILINE)
PYTHON = re.compile(
    r"^```python\n(?P<code>(?s:.*?))^```\n(?P<printed>\n```text\n(?s:.*?)^```\n)?", re.MULTILINE
)
CONSOLE = re.compile(r"^```console\n(?P<lines>(?s:.*?))^```\n", re.MULTILINE)
TOKENS = {
    "digitalocean": "DIGITALOCEAN_TOKEN",
    "stripe": "STRIPE_API_KEY",
    "metronome": "METRONOME_BEARER_TOKEN",
}
EXPLAINED = re.compile(r"\s*EXPLAIN QUERY PLAN\b", re.IGNORECASE)


def main() -> int:
    """Go through the pages."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    parser.add_argument("pages", metavar="PAGE", nargs="*", type=Path)
    options = parser.parse_args()
    pages = options.pages or [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    differing = [path for path in pages if _differs(path, write=not options.check)]
    for path in differing if options.check else ():
        print(f"{path.name} differs from the results of its queries; run: make docs")
    return 1 if options.check and differing else 0


def _differs(path: Path, *, write: bool) -> bool:
    text = path.read_text(encoding="utf-8")
    with billql.connect(sandbox=True, clock=lambda: DAY, autocommit=True) as connection:
        filled = BLOCK.sub(lambda block: _with_result(block["sql"], connection, path), text)
    if path.name == "README.md":
        filled = text
    filled = CONSOLE.sub(lambda block: _with_output(block["lines"]), _with_printed(filled, path))
    if filled == text:
        return False
    if write:
        path.write_text(filled, encoding="utf-8")
    return True


def _with_printed(text: str, path: Path) -> str:
    """Return a page with what its blocks of Python print, if it shows that of any of them."""
    if not any(block["printed"] for block in PYTHON.finditer(text)):
        return text
    names: dict[str, object] = {}

    def run(block: re.Match[str]) -> str:
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed):
                exec(compile(block["code"], path.name, "exec"), names)
        except Exception as error:
            raise SystemExit(f"{path.name}: {error!r}\n\n{block['code']}") from error
        result = f"\n```text\n{printed.getvalue()}```\n" if printed.getvalue() else ""
        return f"```python\n{block['code']}```\n{result}"

    with mock.patch.object(billql, "connect", functools.partial(billql.connect, clock=lambda: DAY)):
        return PYTHON.sub(run, text)


def _with_output(shown: str) -> str:
    """Return a block of a console in which commands that show their output show it as it is."""
    lines, written = shown.splitlines(keepends=True), list[str]()
    while lines:
        command = [lines.pop(0)]
        while lines and command[0].startswith("$ ") and not _is_whole(command):
            command.append(lines.pop(0))
        written += command
        text = "".join(command).removeprefix("$ ")
        if text.startswith("billql query ") and lines and lines[0][:1] not in ("$", "\n"):
            while lines and lines[0][:1] not in ("$", "\n"):
                lines.pop(0)
            written.append(_output(shlex.split(text)[1:]))
    return f"```console\n{''.join(written)}```\n"


def _is_whole(command: list[str]) -> bool:
    try:
        return bool(shlex.split("".join(command)))
    except ValueError:  # a quote is not closed yet
        return False


def _output(arguments: list[str]) -> str:
    """Return what a command prints on a terminal, with the sandbox in place of the APIs."""
    with Sandbox(until=DAY.date()) as sandbox:
        environ = {
            **os.environ,
            **{TOKENS[name]: sandbox.tokens[name] for name in TOKENS},
            **{f"BILLQL_{name.upper()}_URL": sandbox.urls[name] for name in TOKENS},
        }
        arguments = [one for one in arguments if one != "--sandbox"]
        options = [] if {"--format", "--output"} & {*arguments} else ["--format", "table"]
        return subprocess.run(
            [sys.executable, "-m", "billql", *arguments[:1], *options, *arguments[1:]],
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            check=False,
        ).stdout


def _with_result(sql: str, connection: billql.Connection, path: Path) -> str:
    """Return a block with its result."""
    try:
        result = _result(sql, connection)
    except billql.Error as error:
        raise SystemExit(f"{path.name}: {error.message}\n\n{sql}") from error
    return f"```sql\n{sql}```\n{result}"


def _result(sql: str, connection: billql.Connection) -> str:
    """Return the table of the last statement that has rows, with the empty line before it."""
    result = ""
    for statement in each_statement(with_day(sql)):
        cursor = connection.execute(statement)
        columns = cursor.description
        rows = [] if columns is None else cursor.fetchall()
        if columns is None or not rows:
            continue
        if EXPLAINED.match(statement.text):  # of a plan, the last column, without its numbers
            columns, rows = columns[-1:], [row[-1:] for row in rows]
        table = io.StringIO()
        markdown.write(columns, iter(rows), table, Style())
        result = f"\n{table.getvalue()}"
    return result


if __name__ == "__main__":
    sys.exit(main())
