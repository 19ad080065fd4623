"""Runs every query of the pages, and writes its result beneath it.

A block of Python that is followed by a block of text is run too, and what it prints is written
there; on such a page the other blocks of Python are run with it, one after the other.

    python docs/results.py                   # writes
    python docs/results.py --check           # names the pages that differ; ends with 1
    python docs/results.py --check PAGE …    # these pages alone

A query is a block of SQL; its result is the table that follows. The results are those of the
sandbox on one day, which stands for 'now' in a query. What one query of a page makes, the later
ones find. The README's queries are run, but their results are not written there. A query that
begins with `-- after billql history sync on two days` has the histories of a sandbox that restates
its bills, as of the 5th of the month and of that day.

In a block of a console, a `billql query` whose output is shown is run, and its output is written.

A block of YAML whose first line names a file, such as `# acme/provider.yaml`, is that file, and a
diff changes one. A page that has some has its own folder, in which all `billql` commands of its
consoles are run, over the sandbox of the definitions that are there so far.
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
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import billql
from billql.definitions.catalog import Catalog
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
FILE = re.compile(r"^```yaml\n(?P<text># (?P<path>[\w./]+\.yaml)\n(?s:.*?))^```\n", re.MULTILINE)
DIFF = re.compile(r"^```diff\n--- (?P<path>\S+)\n(?P<lines>(?s:.*?))^```\n", re.MULTILINE)
SECONDS = re.compile(r"\b\d+\.\d\d s$", re.MULTILINE)
TOKENS = {
    "digitalocean": "DIGITALOCEAN_TOKEN",
    "stripe": "STRIPE_API_KEY",
    "metronome": "METRONOME_BEARER_TOKEN",
}
UNLIMITED = dict.fromkeys(TOKENS, "none")
"""Rates: the sandbox answers as fast as it is asked."""
SYNCED = "-- after billql history sync on two days\n"
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
    with contextlib.ExitStack() as stack:
        opened = billql.connect(sandbox=True, clock=lambda: DAY, autocommit=True, limits=UNLIMITED)
        connection = stack.enter_context(opened)
        synced = functools.cache(lambda: stack.enter_context(_synced()))
        filled = BLOCK.sub(
            lambda block: _with_result(
                block["sql"], synced() if block["sql"].startswith(SYNCED) else connection, path
            ),
            text,
        )
    if path.name == "README.md":
        filled = text
    filled = _with_printed(filled, path)
    if FILE.search(filled):
        with tempfile.TemporaryDirectory() as folder:
            filled = _Workshop(Path(folder)).filled(filled, path)
    else:
        filled = CONSOLE.sub(lambda block: _with_output(block["lines"]), filled)
    if filled == text:
        return False
    if write:
        path.write_text(filled, encoding="utf-8")
    return True


@contextlib.contextmanager
def _synced() -> Iterator[billql.Connection]:
    """Open the histories of two days, in which bills were restated."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bills.db"
        for day in (DAY.replace(day=5), DAY):
            with (
                Sandbox(until=day.date(), restate=True, providers=["digitalocean"]) as sandbox,
                billql.connect(
                    file,
                    urls=sandbox.urls,
                    tokens=sandbox.tokens,
                    environ={},
                    clock=lambda day=day: day,  # type: ignore[misc]  # its default is its value
                    autocommit=True,
                ) as connection,
            ):
                for one in connection.sync_history():
                    assert one.error is None, one.line
        with billql.connect(file) as connection:
            yield connection


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


class _Workshop:
    """The folder of a page that writes definitions."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def filled(self, text: str, page: Path) -> str:
        """Return a page with the output of its commands, its files written on the way."""
        parts, end = [], 0
        found = [one for kind in (FILE, DIFF, CONSOLE) for one in kind.finditer(text)]
        for block in sorted(found, key=lambda one: one.start()):
            parts.append(text[end : block.start()])
            parts.append(self._step(block, page))
            end = block.end()
        return "".join((*parts, text[end:]))

    def _step(self, block: re.Match[str], page: Path) -> str:
        if block.re is CONSOLE:
            return _with_output(block["lines"], self._output)
        path = self._folder / block["path"]
        if block.re is FILE:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block["text"], encoding="utf-8")
            return block[0]
        lines = block["lines"].splitlines(keepends=True)
        old, new = ("".join(one[1:] for one in lines if one[0] in kinds) for kinds in (" -", " +"))
        before = path.read_text(encoding="utf-8")
        if before.count(old) != 1:
            raise SystemExit(f"{page.name}: this does not stand once in {block['path']}:\n{old}")
        path.write_text(before.replace(old, new), encoding="utf-8")
        return block[0]

    def _output(self, arguments: list[str]) -> str:
        names = [one.name for one in self._folder.iterdir()]
        with Sandbox(until=DAY.date(), untidy=True, catalog=Catalog([self._folder])) as sandbox:
            environ = dict(os.environ)
            for name in names if "--sandbox" in arguments else ():
                variable = Catalog([self._folder]).provider(name).auth.secret
                environ |= {variable: sandbox.tokens[name]}
                environ |= {f"BILLQL_{name.upper()}_URL": sandbox.urls[name]}
            printed = _run(_of_table(arguments), environ, self._folder)
        return SECONDS.sub("… s", printed)


def _with_output(shown: str, output: Callable[[list[str]], str] | None = None) -> str:
    """Return a block of a console in which commands that show their output show it as it is.

    These are queries, or all commands if there is an `output` of its own for them.
    """
    start = "billql query " if output is None else "billql "
    lines, written = shown.splitlines(keepends=True), list[str]()
    while lines:
        command = [lines.pop(0)]
        while lines and command[0].startswith("$ ") and not _is_whole(command):
            command.append(lines.pop(0))
        written += command
        text = "".join(command).removeprefix("$ ")
        if text.startswith(start) and lines and lines[0][:1] not in ("$", "\n"):
            while lines and lines[0][:1] not in ("$", "\n"):
                lines.pop(0)
            written.append((output or _output)(shlex.split(text)[1:]))
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
        return _run(_of_table(arguments), environ, ROOT)


def _of_table(arguments: list[str]) -> list[str]:
    """Return the arguments of a command that asks a server of its own, for a terminal."""
    arguments = [one for one in arguments if one != "--sandbox"]
    if arguments[0] != "query" or {"--format", "--output"} & {*arguments}:
        return arguments
    return [*arguments[:1], "--format", "table", *arguments[1:]]


def _run(arguments: list[str], environ: dict[str, str], folder: Path) -> str:
    return subprocess.run(
        [sys.executable, "-m", "billql", *arguments],
        env=environ,
        cwd=folder,
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
