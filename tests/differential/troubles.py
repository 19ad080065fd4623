"""What goes wrong on the way: pages that fail for good, and requests that come too early.

Whether a request is concerned depends on what it says alone, so that the same one fares the same in
every statement.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Literal

import httpx

Failure = Literal["500", "403", "404", "html", "cut short", "dropped"]
"""What a page that fails gives: an error, what is no answer, a part of one, or nothing."""

Delay = Literal["429", "503", "403 later", "400 later"]
"""What says that a request shall be sent again later."""


@dataclass(frozen=True)
class Troubles:
    """How often things go wrong: for one of so many requests, or for none if that is 0."""

    failure: Failure = "500"
    fails: int = 0
    delay: Delay = "429"
    delays: int = 0

    def failing(self, line: str) -> bool:
        """Tell whether a request fails for good."""
        return self.fails > 0 and zlib.crc32(f"fails {line}".encode()) % self.fails == 0

    def delaying(self, line: str) -> bool:
        """Tell whether a request is refused when it first comes."""
        return self.delays > 0 and zlib.crc32(f"delays {line}".encode()) % self.delays == 0


def failed(failure: Failure, answer: httpx.Response) -> httpx.Response:
    """Give what comes in place of an answer; raises httpx.ReadError if nothing does."""
    match failure:
        case "html":
            return httpx.Response(200, html="<html><body>Sign in</body></html>")
        case "cut short":
            return httpx.Response(200, content=answer.content[:-1])
        case "dropped":
            raise httpx.ReadError("the line broke")
        case _:
            return httpx.Response(int(failure), json={"message": "It does not work."})


def delayed(delay: Delay) -> httpx.Response:
    """Give the answer to a request that comes too early."""
    match delay:
        case "429":
            return httpx.Response(429, headers={"retry-after": "2"}, json={"message": "Slowly."})
        case "503":
            return httpx.Response(503, json={"message": "One moment."})
        case "403 later":
            headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "3"}
            return httpx.Response(403, headers=headers, json={"message": "Slowly."})
        case "400 later":
            return httpx.Response(400, headers={"retry-after": "1"}, json={"message": "Slowly."})


NO_TROUBLES = Troubles()
