"""The events of a YAML text, each of them in its place, whatever the parser looks ahead at.

libyaml looks up to a thousand characters ahead for the colon that makes a key of what stands
before it, and what it refuses there (its newer versions count levels themselves) would hide what
comes first.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from itertools import islice

import yaml

LOADER: type[yaml.SafeLoader | yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The parser in C where PyYAML was built with it."""


def events(text: bytes) -> Iterator[yaml.Event]:
    """Yield the events of a text; raises yaml.YAMLError, after every event before the fault."""
    count = 0
    try:
        # What yaml.parse does, without asking each time if there is another event.
        for event in iter(LOADER(text).get_event, None):
            yield event
            count += 1
    except yaml.MarkedYAMLError as error:
        if error.problem_mark is not None:
            yield from islice(_before(text, error.problem_mark.index), count, None)
        raise


def count(text: bytes) -> int:
    """Return how many events a text has, without making any in C; raises yaml.YAMLError."""
    loader = LOADER(text)
    if isinstance(loader, yaml.SafeLoader):
        return sum(1 for _ in iter(loader.get_event, None))
    return loader.raw_parse()


def _before(text: bytes, index: int) -> Iterator[yaml.Event]:
    """Yield the events of the first characters alone, as far as these are YAML."""
    utf_16 = text.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    characters = text.decode("utf-16" if utf_16 else "utf-8-sig", "replace")
    try:
        yield from yaml.parse(characters[:index], Loader=LOADER)
    except yaml.YAMLError:
        return
