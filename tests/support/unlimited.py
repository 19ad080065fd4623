"""Definitions without their limits of requests, so that no test waits for a minute to pass."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from billql.definitions.catalog import built_in_root


def unlimited(provider: str, root: Path) -> Path:
    """Copy a provider's definitions to a folder, with 10,000 requests for each limit; return it."""
    shutil.copytree(built_in_root() / provider, root / provider)
    path = root / provider / "provider.yaml"
    pattern, plenty = r"requests: \d+, seconds: \d+", "requests: 10000, seconds: 1"
    text, count = re.subn(pattern, plenty, path.read_text())
    assert count, f"{provider} has no limit"
    path.write_text(text)
    return root
