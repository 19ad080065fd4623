"""Functions on texts, and patterns.

https://www.postgresql.org/docs/15/functions-string.html
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from typing import Any

from billql.serve.postgres.errors import PostgresError, unsupported
from billql.serve.postgres.functions.quoting import quoted_literal, quoted_name
from billql.serve.postgres.functions.registry import function
from billql.serve.postgres.values import arrays

_MOST_TEXT = 50_000_000
"""How long a text that a function makes may be, in characters."""


def _bounded(length: int) -> None:
    if length > _MOST_TEXT:
        raise PostgresError("54000", "the text would be too long", hint="Make it shorter.")


def _substring(text: str, start: int, length: int | None = None) -> str:
    if length is None:
        return text[max(start - 1, 0) :]
    if length < 0:
        raise PostgresError(
            "22011", "negative substring length not allowed", hint="Use a length of 0 or more."
        )
    return text[max(start - 1, 0) : max(start - 1 + length, 0)]


def _left(text: str, count: int) -> str:
    return text[:count] if count >= 0 else text[: max(len(text) + count, 0)]


def _right(text: str, count: int) -> str:
    if count >= 0:
        return text[max(len(text) - count, 0) :]
    return text[-count:]


def _padded_left(text: str, length: int, fill: str = " ") -> str:
    _bounded(length)
    missing = length - len(text)
    if missing <= 0 or not fill:
        return text[: max(length, 0)]
    return (fill * (missing // len(fill) + 1))[:missing] + text


def _padded_right(text: str, length: int, fill: str = " ") -> str:
    _bounded(length)
    missing = length - len(text)
    if missing <= 0 or not fill:
        return text[: max(length, 0)]
    return text + (fill * (missing // len(fill) + 1))[:missing]


def _repeat(text: str, count: int) -> str:
    _bounded(len(text) * max(count, 0))
    return text * max(count, 0)


def _translate(text: str, old: str, new: str) -> str:
    table: dict[int, str | None] = {}
    for place, character in enumerate(old):
        table.setdefault(ord(character), new[place] if place < len(new) else None)
    return text.translate(table)


def _cased(change: Callable[[str], str]) -> Callable[[str], str]:
    """Return what changes the case of single characters, as the C library does: ß is left."""

    def changed(text: str) -> str:
        if text.isascii():
            return change(text)
        return "".join(new if len(new := change(one)) == 1 else one for one in text)

    return changed


def _initcap(text: str) -> str:
    return re.sub(r"[^\W_]+", lambda keyword: keyword[0][:1].upper() + keyword[0][1:].lower(), text)


def _split_part(text: str, separator: str, place: int) -> str:
    if place == 0:
        raise PostgresError("22023", "field position must not be zero", hint="Count from 1.")
    parts = text.split(separator) if separator else [text]
    index = place - 1 if place > 0 else len(parts) + place
    return parts[index] if 0 <= index < len(parts) else ""


def _concat(*parts: str | None) -> str:
    return "".join(part for part in parts if part is not None)


def _concat_ws(separator: str | None, *parts: str | None) -> str | None:
    if separator is None:
        return None
    return separator.join(part for part in parts if part is not None)


def _format(pattern: str | None, *values: str | None) -> str | None:
    if pattern is None:
        return None
    waiting = iter(values)

    def written(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        place = found["place"]
        try:
            value = values[int(place) - 1] if place else next(waiting)
        except (StopIteration, IndexError):
            raise PostgresError(
                "22023", "too few arguments for format()", hint="Add the arguments."
            ) from None
        text = _formatted(found["kind"], value)
        width = int(found["width"] or 0)
        return text.ljust(width) if found["left"] else text.rjust(width)

    return re.sub(
        r"%%|%(?:(?P<place>\d+)\$)?(?P<left>-)?(?P<width>\d+)?(?P<kind>[sIL])", written, pattern
    )


def _formatted(kind: str, value: str | None) -> str:
    if kind == "L":
        return quoted_literal(value) if value is not None else "NULL"
    if kind == "I":
        if value is None:
            raise PostgresError(
                "22004", "null values cannot be formatted as an SQL identifier", hint="Use %s."
            )
        return quoted_name(value)
    return value or ""


def _overlay(text: str, new: str, start: int, length: int | None = None) -> str:
    if start <= 0:
        raise PostgresError("22011", "negative substring length not allowed", hint="Count from 1.")
    count = len(new) if length is None else length
    return text[: start - 1] + new + text[max(start - 1 + count, 0) :]


def _chr(number: int) -> str:
    if not 0 < number < 0x110000:
        raise PostgresError("54000", "requested character not valid", hint="Use 1 to 1114111.")
    return chr(number)


def _encode(data: bytes, form: str) -> str:
    if form == "hex":
        return data.hex()
    if form == "base64":
        text = base64.b64encode(data).decode()
        return "\n".join(text[at : at + 76] for at in range(0, len(text), 76))
    raise unsupported(f"the encoding {form}", "Use hex or base64.")


def _decode(text: str, form: str) -> bytes:
    try:
        if form == "hex":
            return bytes.fromhex(text)
        if form == "base64":
            return base64.b64decode(text)
    except ValueError:
        raise PostgresError("22023", f"invalid {form} data", hint="Check the text.") from None
    raise unsupported(f"the encoding {form}", "Use hex or base64.")


def _parse_ident(text: str) -> str:
    parts = re.findall(r'"((?:[^"]|"")*)"|([^".]+)', text)
    return arrays.dump(
        [quoted.replace('""', '"') if quoted else bare.strip().lower() for quoted, bare in parts]
    )


def _string_to_array(
    text: str | None, separator: str | None, null: str | None = None
) -> str | None:
    if text is None:
        return None
    if not text:
        return "[]"
    if separator is None:
        parts: list[str] = list(text)
    else:
        parts = text.split(separator) if separator else [text]
    return arrays.dump([None if null is not None and part == null else part for part in parts])


def _stripped(method: Callable[[str, str], str]) -> Callable[..., str]:
    def strip(text: str, characters: str = " ") -> str:
        return method(text, characters)

    return strip


_TWO = "text text"
FUNCTIONS = [
    function("length", "text", "int4", sql="length({0})"),
    function("length", "bpchar", "int4", sql="length(rtrim({0}))"),
    function("length", "bytea", "int4", sql="length({0})"),
    *(
        function(name, "text", "int4", sql="length({0})")
        for name in ("char_length", "character_length")
    ),
    function("octet_length", "text", "int4", sql="octet_length({0})"),
    function("octet_length", "bytea", "int4", sql="length({0})"),
    function("bit_length", "text", "int4", sql="(8 * octet_length({0}))"),
    function("upper", "text", "text", _cased(str.upper)),
    function("lower", "text", "text", _cased(str.lower)),
    function("initcap", "text", "text", _initcap),
    *(function(name, "text int4", "text", _substring) for name in ("substr", "substring")),
    *(function(name, "text int4 int4", "text", _substring) for name in ("substr", "substring")),
    function("left", "text int4", "text", _left),
    function("right", "text int4", "text", _right),
    function("lpad", "text int4 text", "text", _padded_left, optional=1),
    function("rpad", "text int4 text", "text", _padded_right, optional=1),
    function("padded", "text int4", "text", _padded_right),
    function("ltrim", _TWO, "text", _stripped(str.lstrip), optional=1),
    function("rtrim", _TWO, "text", _stripped(str.rstrip), optional=1),
    *(function(name, _TWO, "text", _stripped(str.strip), optional=1) for name in ("btrim", "trim")),
    function(
        "replace",
        "text text text",
        "text",
        lambda text, old, new: text.replace(old, new) if old else text,
    ),
    function("translate", "text text text", "text", _translate),
    function("reverse", "text", "text", lambda text: text[::-1]),
    function("repeat", "text int4", "text", _repeat),
    function("strpos", _TWO, "int4", lambda text, part: text.find(part) + 1),
    function("starts_with", _TWO, "bool", lambda text, part: int(text.startswith(part))),
    function("split_part", "text text int4", "text", _split_part),
    function("concat", "anytext", "text", _concat, strict=False, variadic=True),
    function("concat_ws", "text anytext", "text", _concat_ws, strict=False, variadic=True),
    function("format", "text anytext", "text", _format, strict=False, variadic=True, optional=1),
    function(
        "md5",
        "text",
        "text",
        lambda text: hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(),
    ),
    function(
        "md5", "bytea", "text", lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest()
    ),
    function("sha256", "bytea", "bytea", lambda data: hashlib.sha256(data).digest()),
    function("ascii", "text", "int4", lambda text: ord(text[0]) if text else 0),
    function("chr", "int4", "text", _chr),
    function("overlay", "text text int4 int4", "text", _overlay, optional=1),
    function("quote_ident", "text", "text", quoted_name),
    function("quote_literal", "text", "text", quoted_literal),
    function("quote_literal", "anytext", "text", quoted_literal),
    function(
        "quote_nullable",
        "anytext",
        "text",
        lambda text: "NULL" if text is None else quoted_literal(text),
        strict=False,
    ),
    function(
        "to_hex",
        "int8",
        "text",
        lambda number: f"{number & (2**64 - 1) if number < 0 else number:x}",
    ),
    function("encode", "bytea text", "text", _encode),
    function("decode", _TWO, "bytea", _decode),
    function("convert_from", "bytea text", "text", lambda data, _: data.decode()),
    function(
        "string_to_array", "text text text", "_text", _string_to_array, strict=False, optional=1
    ),
    function(
        "string_to_table",
        "text text text",
        "text",
        _string_to_array,
        strict=False,
        optional=1,
        is_set=True,
    ),
    function("parse_ident", "text", "_text", _parse_ident),
    function("textcat", _TWO, "text", sql="({0} || {1})"),
]

OPERATORS: dict[str, Callable[..., Any]] = {"pg_padded": lambda text, length: text.ljust(length)}
"""What operators become; all are strict."""
