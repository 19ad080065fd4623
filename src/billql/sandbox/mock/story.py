"""Reading a provider's story, and checking it against the definition that it is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from billql.definitions.column_rules import Problem
from billql.definitions.model import Resource
from billql.definitions.story import STORY_FILE, ColumnStory, Story
from billql.definitions.types import MOMENTS
from billql.definitions.yaml_file import read_document

_NUMBERS = ("integer", "real", "decimal")


def read_story(folder: Path, resources: Mapping[str, Resource]) -> Story:
    """Return the story of a provider's folder, an empty one if it has none.

    `resources` are by their names without the provider's. Raises DefinitionError.
    """
    path = folder / STORY_FILE
    if not path.is_file():
        return Story(billql=1)
    return read_document(path, Story, lambda story: problems(story, resources))


def problems(story: Story, resources: Mapping[str, Resource]) -> Iterator[Problem]:
    """Yield what a story names that the definition does not have."""
    for name, table in story.tables.items():
        if name not in resources:
            yield ("tables", name), f"there is no resource {name}"
            continue
        columns = resources[name].columns
        for column, wanted in table.columns.items():
            place = ("tables", name, "columns", column)
            if column not in columns:
                yield place, f"there is no column {column}"
                continue
            for key, message in _column_problems(wanted, columns[column].type, name, resources):
                yield (*place, key), message


def _column_problems(
    column: ColumnStory, kind: str, table: str, resources: Mapping[str, Resource]
) -> Iterator[tuple[str, str]]:
    stated = [key for key in ("values", "between", "sum_of", "adds") if getattr(column, key)]
    for key in stated[1:]:
        yield key, f"contradicts `{stated[0]}`"
    if column.between is not None and kind not in (*_NUMBERS, *MOMENTS):
        yield "between", f"needs a number or a time, and the column is of type {kind}"
    for key in ("sum_of", "adds", "sent_as"):
        if getattr(column, key) and kind not in _NUMBERS:
            yield key, f"needs a number, and the column is of type {kind}"
    if column.sum_of is not None:
        other, _, summed = column.sum_of.rpartition(".")
        if other not in resources or summed not in resources[other].columns:
            yield "sum_of", f"there is no column {column.sum_of}"
    for term in column.adds:
        if term.removeprefix("-") not in resources[table].columns:
            yield "adds", f"there is no column {term.removeprefix('-')}"
