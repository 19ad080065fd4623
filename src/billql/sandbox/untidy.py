"""Untidy responses, as real APIs send them: valid, and hard to read.

A share of the responses, which depends on the seed and the path alone, has links to other pages
with the API's public host, and undocumented members with numbers that do not fit a float.
"""

from __future__ import annotations

import re
from typing import Final

from billql.sandbox.api import Request, Response
from billql.sandbox.rng import Rng

PUBLIC: Final = {"digitalocean": "https://api.digitalocean.com"}
"""The hosts that links to other pages name."""

_ONE_IN: Final = 3
"""One response of so many has a form."""
_LINK: Final = re.compile(rb'("(?:first|prev|next|last)":")http://[^/"]+')
_UNKNOWN: Final = b'{"x_debug":{"trace":184467440737095516170,"cost":0.10,"shard":null},'


class Untidy:
    """Makes a share of one provider's responses untidy."""

    def __init__(self, seed: int, provider: str) -> None:
        self._seed = seed
        self._provider = provider

    def disturb(self, request: Request, response: Response) -> Response:
        """Return a response unchanged, or in an untidy form of the same meaning."""
        body = response.body
        if response.status != 200 or not response.content_type.startswith("application/json"):
            return response
        public = PUBLIC.get(self._provider)
        if public is not None and self._is_struck("links", request):
            body = _LINK.sub(rb"\g<1>" + public.encode(), body)
        if body.startswith(b'{"') and self._is_struck("members", request):
            body = _UNKNOWN + body[1:]
        return Response(body, response.status, response.content_type, response.headers)

    def _is_struck(self, what: str, request: Request) -> bool:
        page = request.query.get("page", "1")
        return Rng(self._seed, "untidy", what, request.path, page).below(_ONE_IN) == 0
