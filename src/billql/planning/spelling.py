"""How an API writes a text that no row of its has, by the definition: `USD` is written `usd`."""

from __future__ import annotations

from collections.abc import Sequence

from billql.definitions.accepted_values import accepts
from billql.definitions.methods import Parameter
from billql.messages import Scalar


def spellings(
    values: Sequence[Scalar], parameters: Sequence[Parameter], text: str
) -> tuple[str, ...]:
    """Return what a column has instead of a text that no row can have; nothing if one may have it.

    That is the text in another case, or else all values of a closed list. `values` are those of the
    column, if they are known, and `parameters` those of a method that carry one of them.
    """
    listed = (values, *(one.values for one in parameters))
    known = tuple(map(str, next(filter(None, listed), ())))
    if known:
        alike = tuple(one for one in known if one.casefold() == text.casefold())
        return () if text in known else alike or known
    if all(accepts(one, text) for one in parameters):
        return ()
    cases = dict.fromkeys((text.lower(), text.upper()))
    return tuple(case for case in cases if all(accepts(one, case) for one in parameters))
