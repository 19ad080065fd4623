"""Where the repository has what tests read."""

from __future__ import annotations

from pathlib import Path

TESTS = Path(__file__).parents[1]
"""The folder of the tests, from which `support` is imported."""

ROOT = TESTS.parent
"""The root of the repository."""

GOLDEN = TESTS / "support" / "golden"
"""The folder of what outputs are compared with."""
