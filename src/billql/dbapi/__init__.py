"""The Python API: PEP 249 (https://peps.python.org/pep-0249/); this is its face."""

from __future__ import annotations

from billql.dbapi.connection import (
    Connection,
    apilevel,
    connect,
    paramstyle,
    sqlite_version_info,
    threadsafety,
)

__all__ = ["Connection", "apilevel", "connect", "paramstyle", "sqlite_version_info", "threadsafety"]
