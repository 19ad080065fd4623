"""Settings, which documents have on several levels: the innermost one that has a key wins."""

from __future__ import annotations

from typing import Any

from billql.definitions.stackql.document import mapping

CONFIG_KEY = "x-stackQL-config"
"""What services call their settings; others call them `config`."""


class Settings:
    """The settings of one level, over those of the levels around it."""

    def __init__(self, declared: Any, around: Settings | None = None) -> None:
        self._declared = mapping(declared)
        self._around = around

    def within(self, declared: Any) -> Settings:
        """Return the settings of a level inside this one."""
        return Settings(declared, self)

    def get(self, key: str) -> dict[str, Any]:
        """Return the value of a key on the innermost level that has it; empty if none has."""
        if key in self._declared:
            return mapping(self._declared[key])
        return {} if self._around is None else self._around.get(key)
