"""What bounds a request: sane values that people can change."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """What bounds a request; all times are seconds."""

    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    """How long a server may say nothing."""
    answer_timeout: float = 300.0
    """How long an answer may take from connecting to its last byte, however it trickles."""
    patience: float = 120.0
    """When a request is not tried again: so long after the first time, or if it would take so
    long to wait for a limit."""
    attempts: int = 5
    """How often a request is sent at most."""
    body_limit: int = 256 * 1024 * 1024
    """The largest body, in bytes, that an answer may have; unpacked, if it comes packed."""
    concurrency: int = 32
    """How many requests may be under way at once, to all providers together."""
