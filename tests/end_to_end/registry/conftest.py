"""What the tests of the registry begin with."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.registry.making import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Begin with nothing released and nothing installed."""
    return World(tmp_path)
