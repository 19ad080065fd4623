"""Config files, and the token of a connection that one describes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from billql.config.file import ConnectionConfig
from billql.http.credentials import ConnectionResolver

from .api_client import PROVIDER

FILE = """\
profile = "work"

[connections.acme]
provider = "stripe"
token_env = "ACME"

[connections.beta-2]
provider = "stripe"
token_command = "op read op://Finance/beta/key"
url = "https://proxy.example.com"

[profiles.work]
connections = ["acme"]
definitions = ["~/providers"]
max_requests = 500
max_cost = 0.5
cache_ttl = 60
cache = "~/answers"

[profiles.all]

[settings]
read_timeout = 5
attempts = 2
"""
"""Two connections, two profiles and the settings: something of all that a file may have."""


def written(path: Path, text: str) -> Path:
    """Write a config file that its owner alone may read; return its path."""
    path.write_text(text)
    path.chmod(0o600)
    return path


def token(
    environ: dict[str, str] | None = None,
    passwords: dict[tuple[str, str], str] | None = None,
    **source: Any,
) -> str:
    """Return the token of a connection that a config file describes, from wherever it is."""
    entry = ConnectionConfig(provider="mock", **source)
    credentials = ConnectionResolver(
        environ or {},
        configured={"my-acme": entry},
        passwords=lambda *name: (passwords or {}).get(name),
    )
    return credentials.connection("my-acme", "mock", PROVIDER).secret
