"""Taking secrets out of texts, in whatever form they stand there.

A server may repeat a token in its responses, whole or in part, packed for a URL or for JSON, in
small letters; and where an error shows the beginning of a value, a token in it is truncated. So any
part of a secret that is long enough to be of use is taken out.
"""

from __future__ import annotations

import json
import string
from collections.abc import Iterable, Iterator
from urllib.parse import quote

PART = 12
"""How many characters of a secret in a row are a part that is not shown."""

MARK = "…"
"""What stands where something was taken out."""

_SMALL = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class Redaction:
    """Some secrets, and how to take them out of texts."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self.forms = tuple(dict.fromkeys(form for one in secrets if one for form in _forms(one)))
        """The secrets in each form in which they may be met."""
        parts = {part.translate(_SMALL) for form in self.forms for part in _parts(form)}
        self._parts = frozenset(parts)
        self._sizes = sorted({len(part) for part in parts})

    def __call__(self, text: str) -> str:
        """Return a text without them."""
        shown: list[str] = []
        end = 0
        for start, stop in self._places(text):
            if start > end or not shown:
                shown += [text[end:start], MARK]
            end = max(end, stop)
        return "".join([*shown, text[end:]])

    def is_in(self, text: str) -> bool:
        """Return whether one stands in a text as a whole, unless it is too short."""
        return any(form in text for form in self.forms if len(form) >= PART)

    def _places(self, text: str) -> list[tuple[int, int]]:
        """Find where parts begin and end, in their order."""
        lowered = text.translate(_SMALL)
        return [
            (start, start + size)
            for start in range(len(text))
            for size in self._sizes
            if lowered[start : start + size] in self._parts
        ]


def _forms(secret: str) -> Iterator[str]:
    """Yield a secret as it is and as in a URL, each also in JSON and as Python shows it, twice
    over: an error may show the JSON of a response that shows a header.
    """
    for form in (secret, quote(secret, safe=""), quote(secret)):
        for shown in (form, json.dumps(form)[1:-1], repr(form)[1:-1]):
            yield from (shown, json.dumps(shown)[1:-1], repr(shown)[1:-1])


def _parts(form: str) -> Iterator[str]:
    """Yield the parts of a secret that must not be shown; of a short one, the whole."""
    for start in range(max(1, len(form) - PART + 1)):
        yield form[start : start + PART]
