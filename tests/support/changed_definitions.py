"""Copies of the built-in definitions of a provider in which something is changed."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from billql.definitions.shared import built_in_root


def changed(provider: str, root: Path, pattern: str, replacement: str) -> Path:
    """Copy a provider's definitions to a folder, with another text in its own file; return it."""
    shutil.copytree(built_in_root() / provider, root / provider)
    path = root / provider / "provider.yaml"
    text, count = re.subn(pattern, replacement, path.read_text(encoding="utf-8"))
    assert count, f"{provider} has nothing to change"
    path.write_text(text, encoding="utf-8")
    return root


def unlimited(provider: str, root: Path) -> Path:
    """Copy definitions with 10,000 requests for each limit, so that no test waits for a minute."""
    return changed(provider, root, r"requests: \d+, seconds: \d+", "requests: 10000, seconds: 1")
