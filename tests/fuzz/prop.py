"""A property: what may come in, and what must then hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy

E = TypeVar("E", bound=Exception)


def error_of(kind: type[E], run: Callable[[], object]) -> E | None:
    """Give the error of a kind that a call raises, or None if it raises none."""
    try:
        run()
    except kind as error:
        return error
    return None


class Property(NamedTuple):
    """Something that must hold of whatever is drawn."""

    name: str
    draws: SearchStrategy[Any]
    holds: Callable[[Any], None]
    """Looks at one example; whatever it raises is a fault of billql's."""
    examples: int = 60
    """How many examples the tests look at."""

    def test(self, told: Callable[[Any], None] = lambda example: None) -> Any:
        """Give hypothesis's test of it; `told` gets an example that does not hold."""

        @settings(
            max_examples=self.examples,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        )
        @given(self.draws)
        def holds(example: Any) -> None:
            try:
                self.holds(example)
            except Exception:
                told(example)
                raise

        return holds
