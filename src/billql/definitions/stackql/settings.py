"""Settings, which documents have on several levels: the innermost one that says something holds."""

from __future__ import annotations

from typing import Any

from billql.definitions.stackql.document import mapping

WORD = "x-stackQL-config"
"""What services call their settings; others call them `config`."""


class Settings:
    """The settings of one level, over those of the levels around it."""

    def __init__(self, said: Any, around: Settings | None = None) -> None:
        self._said = mapping(said)
        self._around = around

    def within(self, said: Any) -> Settings:
        """Give the settings of a level inside this one."""
        return Settings(said, self)

    def get(self, word: str) -> dict[str, Any]:
        """Give what is said of a word; nothing, if no level says anything."""
        if word in self._said:
            return mapping(self._said[word])
        return {} if self._around is None else self._around.get(word)
