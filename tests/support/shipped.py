"""The definitions that come with billql, read once for all tests of a process."""

from __future__ import annotations

from typing import Final

from billql.definitions.catalog import Catalog

CATALOG: Final = Catalog()
"""Nothing changes it: what a test reads of it is there for all others."""

UNLIMITED: Final = dict.fromkeys(CATALOG.providers(), "none")
"""Rates that let a sandbox be asked as fast as it answers, where no test is about its limits."""
