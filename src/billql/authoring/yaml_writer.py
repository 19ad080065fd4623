"""Definitions as YAML in the house style: short mappings on one line, long texts folded.

PyYAML's emitter writes each value in the style that is set for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

_WIDTH = 110
"""How many characters a line has."""
_BLOCKS = frozenset(("description", "help", "billql", "sql"))
"""Keys of mappings that have a line for each member."""


class _Dumper(yaml.SafeDumper):
    """Puts a list's items deeper than its key, and uses double quotes where quotes are needed."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent lists below their keys."""
        super().increase_indent(flow, False)

    def choose_scalar_style(self) -> str:
        """Return PyYAML's choice, with double quotes in place of single ones."""
        style: str = super().choose_scalar_style()
        return '"' if style == "'" else style


def dump(data: Mapping[str, Any]) -> str:
    """Return a definition as YAML."""
    text = yaml.serialize(
        _node(data, 0, "", flow=False), Dumper=_Dumper, width=_WIDTH, allow_unicode=True
    )
    head, resources, rest = str(text).partition("\nresources:\n")
    # Resources stand apart.
    return head + resources + re.sub(r"\n(  \w+:\n)", r"\n\n\1", rest)


def _node(value: Any, depth: int, key: str, *, flow: bool) -> yaml.Node:
    if isinstance(value, Mapping):
        flow = flow or _is_short(value)
        pairs = [
            (_scalar(str(name), 0, ""), _node(part, depth + 1, str(name), flow=flow))
            for name, part in value.items()
        ]
        return yaml.MappingNode("tag:yaml.org,2002:map", pairs, flow_style=flow)
    if isinstance(value, Sequence) and not isinstance(value, str):
        flow = flow or not any(isinstance(part, Mapping) for part in value)
        parts = [_node(part, depth + 1, "", flow=flow) for part in value]
        return yaml.SequenceNode("tag:yaml.org,2002:seq", parts, flow_style=flow)
    return _scalar(value, depth, key)


def _is_short(value: Mapping[str, Any]) -> bool:
    """Return whether a mapping stands on one line."""
    plain = not any(isinstance(part, Mapping) for part in value.values())
    return plain and not _BLOCKS & value.keys()


def _scalar(value: Any, depth: int, key: str) -> yaml.ScalarNode:
    if isinstance(value, bool):
        return yaml.ScalarNode("tag:yaml.org,2002:bool", str(value).lower())
    if value is None:
        return yaml.ScalarNode("tag:yaml.org,2002:null", "null")
    if isinstance(value, int | float):
        kind = "int" if isinstance(value, int) else "float"
        return yaml.ScalarNode(f"tag:yaml.org,2002:{kind}", str(value))
    text = str(value)
    style = "|" if key == "sql" else None
    if key == "description" and 2 * (depth - 1) + len(key) + 2 + len(text) > _WIDTH:
        style = ">"
    return yaml.ScalarNode("tag:yaml.org,2002:str", text, style=style)
