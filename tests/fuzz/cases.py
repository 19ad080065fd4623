"""The properties as cases of assurance: ten times as many examples as the tests look at."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from assurance.case import Broken, Case, Outcome

from . import everything
from .prop import Property


def cases() -> Iterator[Case]:
    """Give a case for each property."""
    for found in everything().values():
        yield Case("fuzzing", found.name, partial(_run, found), quick=False)


def _run(found: Property) -> Outcome:
    failing: list[object] = []
    try:
        found._replace(examples=10 * found.examples).test(failing.append)()
    except AssertionError as error:
        raise Broken(f"{error} for {failing[-1:]!r:.2000}") from error
    return "right"
