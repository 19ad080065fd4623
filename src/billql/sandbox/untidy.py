"""Untidy forms of answers, as real APIs send them: no fault, and no help to who reads them.

A share of the answers, which follows from the seed and the path alone, has links to other pages
that name the API's public host, whoever asks, and members that no document knows, with numbers
that no float holds.
"""

from __future__ import annotations

import re
from typing import Final

from billql.sandbox.api import Request, Response
from billql.sandbox.rng import Rng

PUBLIC: Final = {"digitalocean": "https://api.digitalocean.com"}
"""The hosts that links to other pages name."""

_ONE_IN: Final = 3
_LINK: Final = re.compile(rb'("(?:first|prev|next|last)":")http://[^/"]+')
_UNKNOWN: Final = b'{"x_debug":{"trace":184467440737095516170,"cost":0.10,"shard":null},'


class Untidy:
    """What makes a share of one provider's answers untidy."""

    def __init__(self, seed: int, provider: str) -> None:
        self._seed = seed
        self._provider = provider

    def disturb(self, request: Request, response: Response) -> Response:
        """Give an answer as it is, or in an untidy form of the same meaning."""
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
