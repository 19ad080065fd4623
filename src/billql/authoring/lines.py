"""The lines of the parts of a definition file."""

from __future__ import annotations

from pathlib import Path

import yaml

from billql.util.struct_errors import DocumentPath


class Lines:
    """The lines of a valid definition file."""

    def __init__(self, path: Path) -> None:
        self._root = yaml.compose(path.read_bytes(), Loader=yaml.CSafeLoader)

    def of(self, place: DocumentPath) -> int:
        """Return the line of a part, or of the nearest part around it that exists; from 1."""
        line, _ = self._find(place)
        return line

    def of_text(self, place: DocumentPath, offset: int) -> int:
        """Return the line of a character of a text, which may be one of several lines."""
        line, node = self._find(place)
        if not isinstance(node, yaml.ScalarNode) or node.style != "|":
            return line
        return line + 1 + str(node.value).count("\n", 0, offset)

    def _find(self, place: DocumentPath) -> tuple[int, yaml.Node | None]:
        node: yaml.Node | None = self._root
        line = 1
        for part in place:
            if isinstance(node, yaml.MappingNode):
                found = [(key, value) for key, value in node.value if key.value == str(part)]
                if not found:
                    break
                key, node = found[0]
                line = _line(key)
            elif isinstance(node, yaml.SequenceNode) and int(part) < len(node.value):
                node = node.value[int(part)]
                line = _line(node)
            else:
                break
        return line, node


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
