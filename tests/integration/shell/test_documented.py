"""What the documentation says of the dot commands is what .help prints."""

from __future__ import annotations

from support.paths import ROOT

from .conftest import Type


def test_every_dot_command_is_documented(typed: Type) -> None:
    assert f"```text\n{typed('.help')}```\n" in (ROOT / "docs/shell.md").read_text()
