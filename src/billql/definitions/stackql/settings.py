"""Settings, which documents have on several levels: the innermost one that says something holds."""

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
        """Give the settings of a level inside this one."""
        return Settings(declared, self)

    def get(self, key: str) -> dict[str, Any]:
        """Give what is said of a word; nothing, if no level says anything."""
        if key in self._declared:
            return mapping(self._declared[key])
        return {} if self._around is None else self._around.get(key)
