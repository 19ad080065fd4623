"""Errors that an API sends with status 200, recognized by the members of the body.

They are looked for only where a list is null, which by itself is how some APIs write an empty one.
"""

from __future__ import annotations

from typing import Any

from billql.util.text import plain

_ERRORS = frozenset(
    (
        *("error", "errors", "errorcode", "errordescription", "errormessage", "errormsg"),
        *("exception", "failure", "fault"),
    )
)
_SENTENCES = frozenset(("detail", "details", "message", "messages", "msg"))
_CODES = frozenset(("code", "status", "statuscode"))
_FLAGS = frozenset(("ok", "success", "successful", "succeeded"))
_FINE = frozenset(("", "0", "complete", "completed", "done", "fine", "none", "ok", *_FLAGS))


def error_member(*objects: Any) -> str | None:
    """Return the name of the first member of some objects that states an error, or None."""
    for each in objects:
        for name, value in each.items() if isinstance(each, dict) else ():
            if _is_error(plain(name), value):
                return str(name)
    return None


def _is_error(name: str, value: Any) -> bool:
    if name in _ERRORS:
        return bool(value) and not _is_fine(value)
    if name in _FLAGS:
        return value is False or str(value).lower() == "false"
    if name in _SENTENCES:
        return bool(value) and not _is_fine(value)
    return name in _CODES and value is not None and not _is_fine(value)


def _is_fine(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).lower()
    return text in _FINE or (len(text) == 3 and text.isdecimal() and text.startswith("2"))
