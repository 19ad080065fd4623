"""Arrays: JSON arrays in SQLite, `{a,"b c",NULL}` in PostgreSQL's text."""

from __future__ import annotations

import json
from typing import Any

from billql.serve.postgres.errors import PostgresError

_QUOTED = frozenset('{}",\\ \t\n\r\v\f')


def load(stored: str) -> list[Any]:
    """Return an array's elements."""
    found = json.loads(stored)
    return found if isinstance(found, list) else [found]


def dump(elements: list[Any]) -> str:
    """Return elements as SQLite holds an array."""
    return json.dumps(elements, ensure_ascii=False, separators=(",", ":"))


def write(elements: list[Any]) -> str:
    """Return an array's text from the texts of its elements; None is NULL, lists are dimensions."""
    return "{" + ",".join(map(_element, elements)) + "}"


def _element(element: Any) -> str:
    if element is None:
        return "NULL"
    if isinstance(element, list):
        return write(element)
    text = str(element)
    if not text or text.upper() == "NULL" or _QUOTED & set(text):
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return text


def parse(text: str) -> list[Any]:
    """Return the texts of an array's elements; raise PostgresError for what is no array."""
    reader = _Reader(text.strip())
    found = reader.array()
    if reader.at != len(reader.text):
        raise reader.error()
    return found


class _Reader:
    """Reads an array's text from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def error(self) -> PostgresError:
        """Return the error for a text that is no array."""
        return PostgresError(
            "22P02", f'malformed array literal: "{self.text}"', hint="Write it as {a,b}."
        )

    def array(self) -> list[Any]:
        """Read an array from its opening brace to its closing one."""
        self._expect("{")
        found: list[Any] = []
        self._spaces()
        if self._peek() == "}":
            self.at += 1
            return found
        while True:
            self._spaces()
            found.append(self.array() if self._peek() == "{" else self._item())
            self._spaces()
            if self._peek() == ",":
                self.at += 1
            else:
                self._expect("}")
                return found

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _expect(self, character: str) -> None:
        if self._peek() != character:
            raise self.error()
        self.at += 1

    def _spaces(self) -> None:
        while self._peek().isspace():
            self.at += 1

    def _item(self) -> str | None:
        quoted = self._peek() == '"'
        self.at += quoted
        out: list[str] = []
        while True:
            character = self._peek()
            if not character or (not quoted and character in '{"'):
                raise self.error()
            if character == "\\":
                self.at += 1
                character = self._peek()
                if not character:
                    raise self.error()
            elif quoted and character == '"':
                self.at += 1
                return "".join(out)
            elif not quoted and character in ",}":
                item = "".join(out).strip()
                if not item:
                    raise self.error()
                return None if item.upper() == "NULL" else item
            out.append(character)
            self.at += 1
