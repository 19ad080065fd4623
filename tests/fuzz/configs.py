"""The config file: whatever is in it, it is read, or refused with its name."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from billql.config.file import resolve_profile
from billql.errors import InterfaceError

from .drawing import ODD_BYTES, TEXTS, edited
from .prop import Property, error_of

SECRET = "tok_5eb63bbbe01eeed0"
RIGHT = f"""\
profile = "work"
[connections.acme-stripe]
provider = "stripe"
token_command = "op read op://Finance/acme/key"
[connections."b.c"]
provider = 'metronome'
token = "{SECRET}"
url = "https://proxy.example.com"
[profiles.work]
connections = ["acme-stripe", "b.c"]
definitions = ["~/definitions"]
max_requests = 500
cache_ttl = 0.5
cache = "folder"
[settings]
read_timeout = 60.0
attempts = 0x5
statement_timeout = 1e3
[providers]
stripe = "1.2.3"
[registries.own]
url = "https://registry.example.com"
keys = ["ed25519:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]
"""
PIECES = TEXTS | st.sampled_from(
    (
        *("= ", "nan", "inf", "-1", "1e400", "9" * 5000, "2025-01-31", "12:00:00", "true", "0o7"),
        *("[", "]", "[[", "{", "}", '"""', "'''", "\n", "\\u0000", "\\U0010ffff", "token", "#"),
        *("[profiles.work]\n", "[settings]\n", "connections", "." * 3, "a." * 2000),
    )
)


@st.composite
def files(draw: DrawFn) -> bytes:
    """Draw a config file."""
    text = "".join(draw(edited(re.findall(r"\w+|\s|.", RIGHT), PIECES))).encode()
    return text + draw(st.just(b"") | st.just(b"") | st.lists(ODD_BYTES).map(b"".join))


def is_chosen_or_refused(text: bytes) -> None:
    """Any bytes choose something, or are refused by an error that names the file and no secret."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        path.write_bytes(text)
        for profile in (None, "work"):
            error = error_of(InterfaceError, partial(resolve_profile, path, profile))
            if error is None:
                assert SECRET not in repr(resolve_profile(path, profile))
            else:
                assert str(path) in str(error)


PROPERTIES = (Property("configs", files(), is_chosen_or_refused, 120),)
