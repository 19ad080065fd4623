"""Commands: what one gives back, and the environment in which it reaches a sandbox."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from billql.sandbox import Sandbox


class Result(NamedTuple):
    """The exit code of a command, and what it wrote."""

    code: int
    out: str
    err: str


Run = Callable[..., Result]
"""Runs a command within this process."""


def account(sandbox: Sandbox) -> dict[str, str]:
    """Return the environment variables of who has an account at a sandbox's DigitalOcean."""
    return {
        "BILLQL_DIGITALOCEAN_URL": sandbox.urls["digitalocean"],
        "DIGITALOCEAN_TOKEN": sandbox.tokens["digitalocean"],
    }
