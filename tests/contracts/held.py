"""A sandbox that holds every request that reaches it against the vendor's document."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

from billql.sandbox.api import Request
from billql.sandbox.server import Intercept
from contracts.document import document
from contracts.operation import Sent

_TOKENS = {"Bearer sk_": "stripe", "Bearer rk_": "stripe", "Bearer dop_": "digitalocean"}
"""How the tokens of a provider begin; any other is Metronome's."""


@contextmanager
def held() -> Iterator[Intercept]:
    """Return an intercept for a sandbox; the requests that it has seen must be valid at the end."""
    wrong = set[str]()

    def see(request: Request) -> None:
        query = f"?{urlencode(request.pairs)}" if request.pairs else ""
        sent = Sent(request.method, f"{request.origin}{request.path}{query}", request.body)
        wrong.update(document(_provider(request.headers["authorization"])).complaints(sent))

    yield see
    assert not wrong, "\n".join(sorted(wrong))


def _provider(authorization: str) -> str:
    found = (name for start, name in _TOKENS.items() if authorization.startswith(start))
    return next(found, "metronome")
