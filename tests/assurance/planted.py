"""Secrets that are planted, and the search for them in everything that billql says and writes."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

from .case import Broken

WINDOW = 12
"""How many letters of a secret in a row are taken for a part of it; a hash has fewer in common."""


def plain(name: str) -> str:
    """Make a secret of 40 letters and digits."""
    digest = base64.b64encode(hashlib.sha512(name.encode()).digest()).decode()
    return "".join(letter for letter in digest if letter.isalnum())[:40]


def odd(name: str) -> str:
    """Make a secret that looks otherwise in JSON, in Python and in a URL."""
    letters = plain(name)
    marks = "+/=\"%\\&'?#"
    return "".join(f"{letters[at * 4 : at * 4 + 4]}{mark}" for at, mark in enumerate(marks))


def forms(secret: str) -> Iterator[tuple[str, str]]:
    """Give the forms in which a secret may be met."""
    yield "itself", secret
    yield "in a URL", quote(secret, safe="")
    yield "in a URL's path", quote(secret)
    yield "in a form", quote_plus(secret)
    yield "in JSON", json.dumps(secret)[1:-1]
    yield "in Python", repr(secret)[1:-1]
    yield "backwards", secret[::-1]
    yield "in hexadecimal", secret.encode().hex()
    for shift in range(3):
        packed = base64.b64encode(b"\0" * shift + secret.encode() + b"\0" * (-len(secret) % 3))
        yield "in base 64", packed.decode()[4:-4]
        yield "in base 64 for URLs", packed.decode()[4:-4].replace("+", "-").replace("/", "_")


def traces(text: str, secret: str) -> list[str]:
    """Tell in which forms a part of a secret stands in a text."""
    text = text.lower()
    return [
        form
        for form, told in forms(secret)
        if any(
            told[at : at + WINDOW].lower() in text for at in range(max(1, len(told) - WINDOW + 1))
        )
    ]


def whole(text: str, secret: str) -> bool:
    """Tell whether a secret stands in a text as a whole, in a form that servers understand."""
    return any(
        told in text for form, told in forms(secret) if form in ("itself", "in a URL", "in JSON")
    )


def search(what: str, text: str, secrets: Iterable[str]) -> None:
    """Raise Broken if a part of a secret stands in a text."""
    for secret in secrets:
        if found := traces(text, secret):
            raise Broken(f"a secret stands {found[0]} in {what}: {_around(text, secret)}")


def search_files(folder: Path, secrets: Iterable[str], besides: Iterable[Path] = ()) -> None:
    """Raise Broken if a part of a secret stands in a file below a folder, or in its name."""
    known = {path.resolve() for path in besides}
    for path in folder.rglob("*"):
        if path.is_file() and path.resolve() not in known:
            text = f"{path}\n{path.read_bytes().decode('latin-1')}"
            search(str(path.relative_to(folder)), text, secrets)


def _around(text: str, secret: str) -> str:
    """Show the place in a text where a part of a secret stands."""
    lowered = text.lower()
    for _, told in forms(secret):
        for at in range(max(1, len(told) - WINDOW + 1)):
            place = lowered.find(told[at : at + WINDOW].lower())
            if place >= 0:
                return repr(text[max(0, place - 120) : place + 60])
    return ""
