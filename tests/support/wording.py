"""Finds names and docstrings that use a word in a sense that no textbook of the field has.

`make check` runs it over the modules of the program, the benchmarks and the scripts of the guides:

    python -m support.wording [FOLDER …]
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
FOLDERS = ("src/billql", "bench", "docs", "requirements")

WORDS: Mapping[str, str] = {
    "answer": "response, rows, result",
    "answers": "responses, rows, results",
    "came": "response, arrived, returned",
    "catalogue": "catalog",
    "chain": "list request",
    "chains": "list requests",
    "cut": "split, truncate",
    "cuts": "splits, truncates",
    "gave": "returned",
    "give": "return",
    "given": "requested, returned, option",
    "gives": "returns",
    "keep": "cache, store, preserve",
    "keeps": "caches, stores, preserves",
    "kept": "cached, stored, remaining",
    "misfit": "mismatch",
    "only": "residual, single",
    "running": "in progress, balance",
    "said": "encoded, declared, stated",
    "say": "describe, state",
    "says": "describes, states",
    "scout": "dry run",
    "slice": "window",
    "slices": "windows",
    "take": "aggregate, accept, remove",
    "takes": "accepts, requires",
    "tell": "return, report, describe",
    "telling": "encoding",
    "tells": "returns, reports, describes",
    "told": "encoded, reported, described",
    "turn": "guard, round",
    "turns": "guards, rounds",
    "word": "keyword, option, key",
    "words": "keywords, options, keys",
}
"""Words that stand in no name, and what the field calls what they stood for."""

ALLOWED: Mapping[str, str] = {
    "ReadOnly": "the error of a read-only session, as in SQLSTATE 25006",
    "ReadOnlyGuard": "the guard of a read-only session",
    "RunningStatement": "a statement that is running, as in `pg_stat_activity`",
    "_read_only": "read-only, as in `SQLITE_OPEN_READONLY`",
    "_running": "the running statement",
    "keep_headers": "which headers of a response to keep, as in `keep-alive`",
    "read_only": "read-only, as in `SQLITE_OPEN_READONLY`",
    "reserved_word": "a reserved word, the SQL standard's term; it is the name of a rule too",
    "reserved_words": "reserved words, the SQL standard's term",
    "running": "the running statement",
    "running_statement": "the module of `RunningStatement`",
}
"""Names in which such a word is the field's own, and why."""

OPENINGS: Mapping[str, str] = {
    "A": "Return a …",
    "All": "Return all …",
    "An": "Return an …",
    "How": "Return how …",
    "Its": "Return its …",
    "Name": "Return the name …",
    "The": "Return the …",
    "What": "Return what …",
    "When": "Return when …",
    "Whether": "Return whether …",
    "Which": "Return which …",
    "Who": "Return who …",
}
"""Beginnings of a function's docstring that are no imperative of the project's, nor in `WORDS`."""


PROSE = WORDS.keys() & {
    *("came", "gave", "give", "gives", "kept", "misfit", "said", "say", "says", "scout"),
    *("tell", "telling", "tells", "told", "turn", "turns"),
}
"""Words of `WORDS` that no docstring, comment or text of the program has either."""

TEXTS_OF_APIS = ("digitalocean", "metronome", "stripe")
"""Packages of the sandbox whose texts are those of the APIs that they imitate."""


class Finding(NamedTuple):
    """A name or a docstring that uses a word which it should not."""

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        """Return it as compilers show an error."""
        return f"{self.path}:{self.line}: {self.message}"


def words_in(name: str) -> list[str]:
    """Return the words of a `snake_case` or `CamelCase` name in small letters."""
    return [one.lower() for one in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield all names that a module binds, and their lines: public, private and local ones."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name, node.lineno
            case ast.arg():
                yield node.arg, node.lineno
            case ast.Name(ctx=ast.Store()):
                yield node.id, node.lineno
            case ast.Attribute(ctx=ast.Store()):
                yield node.attr, node.lineno
            case ast.alias(asname=str(name)):
                yield name, node.lineno
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                yield name, node.lineno


def openings(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield the first word of each function's docstring, and the function's line.

    A property is a value, so its docstring may begin with a noun.
    """
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or _is_property(node):
            continue
        if docstring := ast.get_docstring(node):
            yield docstring.split()[0].rstrip(",.:;"), node.lineno


def _is_property(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    ends = {ast.unparse(one).rpartition(".")[2] for one in node.decorator_list}
    return not ends.isdisjoint({"property", "cached_property"})


def prose(source: str) -> Iterator[tuple[str, int]]:
    """Yield the words of a module's docstrings, comments and texts, with their lines."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in (tokenize.COMMENT, tokenize.STRING):
            for place, line in enumerate(token.string.splitlines()):
                # A word in a text's own quotes, or with a dot or an underscore, is a name.
                for word in re.findall(r"(?<![\w.\"'`])[a-z]+(?![\w\"'`(]|\.\w)", line.lower()):
                    yield word, token.start[0] + place


def check(path: Path, source: str) -> Iterator[Finding]:
    """Yield what is wrong with a module's names, docstrings and texts."""
    tree = ast.parse(source, str(path))
    if path.is_relative_to(ROOT / "src") and not {*TEXTS_OF_APIS} & {*path.parts}:
        for word, line in prose(source):
            if word in PROSE:
                yield Finding(path, line, f"a text has {word!r}; write {WORDS[word]}")
    for name, line in [(path.stem, 1), *names(tree)]:
        for word in words_in(name):
            if word in WORDS and name not in ALLOWED:
                yield Finding(path, line, f"`{name}` has {word!r}; write {WORDS[word]}")
    for word, line in openings(tree):
        wanted = OPENINGS.get(word) or WORDS.get(word.lower())
        if wanted is not None:
            yield Finding(path, line, f"a docstring begins with {word!r}; write {wanted}")


def unused(sources: Iterable[tuple[Path, str]]) -> set[str]:
    """Return the names of `ALLOWED` that no module binds any more."""
    return {*ALLOWED} - {
        name
        for path, source in sources
        for name in (path.stem, *(one for one, _ in names(ast.parse(source, str(path)))))
    }


def main(folders: Iterable[str]) -> int:
    """Print all findings, and return 1 if there are any."""
    paths = sorted(path for one in folders for path in (ROOT / one).rglob("*.py"))
    sources = [(path, path.read_text(encoding="utf-8")) for path in paths]
    findings = [str(one) for path, source in sources for one in check(path, source)]
    findings += [f"ALLOWED has a name that is gone: {one}" for one in sorted(unused(sources))]
    for finding in findings:
        print(finding.removeprefix(f"{ROOT}/"))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or FOLDERS))
