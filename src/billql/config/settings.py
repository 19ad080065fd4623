"""What bounds requests and statements: sane values that people can change."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

Seconds = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(gt=0)]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What bounds requests and statements; all times are seconds."""

    connect_timeout: Seconds = 10.0
    """How long connecting may take."""
    read_timeout: Seconds = 60.0
    """How long a server may say nothing."""
    answer_timeout: Seconds = 300.0
    """How long an answer may take from connecting to its last byte, however it trickles."""
    patience: Seconds = 120.0
    """When a request is not tried again: so long after the first time, or if it would take so
    long to wait for a limit."""
    attempts: Count = 5
    """How often a request may fail; being told to come later (429) is no failure."""
    body_limit: Count = 256 * 1024 * 1024
    """The largest body, in bytes, that an answer may have; unpacked, if it comes packed."""
    concurrency: Count = 32
    """How many requests may be under way at once, to all providers together."""
    statement_timeout: Seconds = 3600.0
    """How long a statement may go on asking APIs."""
    max_requests: Annotated[int, Meta(ge=0)] = 100_000
    """How many requests a statement may send."""
    max_rows: Count = 100_000_000
    """How many rows a statement may read from APIs."""
