"""The site as it is committed, and pages of it as trees."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SITE = ROOT / "docs" / "site"

VOID = {"meta", "link", "input", "br", "img", "hr", "path", "circle", "rect"}


@dataclass
class Reading(HTMLParser):
    """What tests ask of a page; a tag that is left open or closed twice is an error."""

    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    text: str = ""
    blocks: list[str] = field(default_factory=list)
    """The texts of the blocks of code."""
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "pre":
            self.blocks.append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        self.text += data
        if "pre" in self.open:
            self.blocks[-1] += data

    @property
    def ids(self) -> list[str]:
        return [attributes["id"] for _, attributes in self.tags if "id" in attributes]

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


def read(text: str) -> Reading:
    reading = Reading()
    reading.feed(text)
    reading.close()
    assert reading.open == []
    return reading


@pytest.fixture(scope="session")
def pages() -> dict[str, Reading]:
    """Give every page of the committed site by its path."""
    return {
        path.relative_to(SITE).as_posix(): read(path.read_text(encoding="utf-8"))
        for path in sorted(SITE.rglob("*.html"))
    }
