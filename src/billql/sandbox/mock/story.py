"""Reading a provider's story, and checking it against the definition that it is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from billql.definitions.column_rules import Problem
from billql.definitions.model import Resource
from billql.definitions.story import STORY_FILE, ColumnStory, Story, TableStory
from billql.definitions.types import MOMENTS
from billql.definitions.yaml_file import read_document
from billql.sandbox.mock.layout import layouts

_NUMBERS = ("integer", "real", "decimal")


def read_story(folder: Path, resources: Mapping[str, Resource]) -> Story:
    """Return the story of a provider's folder, an empty one if it has none.

    `resources` are by their names without the provider's. Raises DefinitionError.
    """
    path = folder / STORY_FILE
    if not path.is_file():
        return Story(billql=1)
    story = read_document(path, Story, lambda story: problems(story, resources))
    tables = {name: _whole(story, name, resources) for name in story.tables}
    return msgspec.structs.replace(story, tables=tables)


def _whole(story: Story, name: str, resources: Mapping[str, Resource]) -> TableStory:
    """Return the story of a resource, with what it takes from another one's."""
    table = story.tables[name]
    if table.like is None:
        return table
    known = resources[name].columns
    others = story.tables[table.like].columns
    columns = {column: one for column, one in others.items() if column in known}
    months_if = table.months_if or story.tables[table.like].months_if
    return msgspec.structs.replace(table, columns={**columns, **table.columns}, months_if=months_if)


def problems(story: Story, resources: Mapping[str, Resource]) -> Iterator[Problem]:
    """Yield what a story names that the definition does not have."""
    for name, table in story.tables.items():
        if name not in resources:
            yield ("tables", name), f"there is no resource {name}"
            continue
        if table.like is not None and (
            table.like not in story.tables or story.tables[table.like].like is not None
        ):
            yield ("tables", name, "like"), f"{table.like} has no story of its own"
        columns = resources[name].columns
        for column in table.months_if:
            if column not in columns:
                yield ("tables", name, "months_if"), f"there is no column {column}"
        if table.months_if and layouts("", resources)[name].periods is None:
            yield ("tables", name, "months_if"), "no column of time is asked for by both ends"
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
    if column.varies is not None and not (column.values and kind in _NUMBERS):
        yield "varies", "needs numbers in `values`"
    if column.part_of is not None:
        yield from _part_problems(column.part_of, kind, table, resources)
    if column.between is not None and kind not in (*_NUMBERS, *MOMENTS):
        yield "between", f"needs a number or a time, and the column is of type {kind}"
    if column.part_of is not None and (column.sum_of is not None or column.adds):
        yield "part_of", "contradicts what else the column is made of"
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


def _part_problems(
    whole: str, kind: str, table: str, resources: Mapping[str, Resource]
) -> Iterator[tuple[str, str]]:
    """Yield why rows can have no part of an amount of the rows that hold them."""
    other, _, column = whole.rpartition(".")
    holder = layouts("", resources)[table].holder
    if kind not in _NUMBERS:
        yield "part_of", f"needs a number, and the column is of type {kind}"
    elif other not in resources or column not in resources[other].columns:
        yield "part_of", f"there is no column {whole}"
    elif holder is None or holder.table != other:
        yield "part_of", f"its rows do not lie in those of {other}"
