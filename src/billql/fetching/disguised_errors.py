"""Errors in the clothes of an answer: what an API sends with status 200 where something is wrong.

It is asked only where a list is null, which by itself is how some APIs write an empty one.
"""

from __future__ import annotations

from typing import Any

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


def complaint(*objects: Any) -> str | None:
    """Name the member of one of some objects that says that something is wrong."""
    for one in objects:
        for name, value in one.items() if isinstance(one, dict) else ():
            if _complains("".join(filter(str.isalnum, name)).lower(), value):
                return str(name)
    return None


def _complains(name: str, value: Any) -> bool:
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
