"""OpenAPI documents made from the types of vendors' official Python clients.

For vendors whose own document cannot be had, or not kept. The clients are generated from it, so
their types say what it says.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


def document(provider: str, wanted: set[str]) -> dict[str, Any]:
    """Return the document of a provider's requests, like `GET /v1/customers/{}`."""
    found: dict[str, Any] = import_module(f"contracts.client_{provider}").made(wanted)
    return found
