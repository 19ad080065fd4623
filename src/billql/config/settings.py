"""The limits of requests and statements, with defaults that people can change."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

Seconds = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(gt=0)]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Limits of requests and statements; all times are in seconds."""

    connect_timeout: Seconds = 10.0
    """How long connecting may take."""
    read_timeout: Seconds = 60.0
    """How long a server may be silent."""
    response_timeout: Seconds = 300.0
    """How long a response may take from connecting to its last byte."""
    patience: Seconds = 120.0
    """How long a request is retried, and the longest wait for a rate limit."""
    attempts: Count = 5
    """How many attempts of a request may fail; 429, which asks for a later one, does not count."""
    failure_patience: Seconds | None = None
    """How long a request is retried after its first failure that is no 429, within `patience` and
    `attempts` (default: 4 where a person waits at a terminal, otherwise as long as these allow)."""
    body_limit: Count = 256 * 1024 * 1024
    """The largest body of a response, in bytes after decompression."""
    concurrency: Count = 32
    """How many requests may run at once, to all providers together."""
    statement_timeout: Seconds = 3600.0
    """How long a statement may send requests."""
    max_requests: Annotated[int, Meta(ge=0)] = 100_000
    """How many requests a statement may send."""
    max_cost: Annotated[float, Meta(ge=0)] | None = None
    """How much a statement's requests may cost, in the currency in which an API charges for them
    (default: any amount)."""
    max_rows: Count = 100_000_000
    """How many rows a statement may read from APIs."""
