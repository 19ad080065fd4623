"""Which values a filter takes, as its definition declares them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from billql.definitions.methods import Parameter
from billql.messages import Scalar

_UUID = re.compile("[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)


def accepts(parameter: Parameter, value: Scalar, *, ignores_case: bool = False) -> bool:
    """Return whether a parameter takes a value, by its `values`, its `format` and its `pattern`."""
    if parameter.values:
        return is_among(parameter.values, value, ignores_case=ignores_case)
    if parameter.format == "uuid":
        return _UUID.fullmatch(str(value)) is not None
    flags = re.ASCII | re.IGNORECASE if ignores_case else re.ASCII
    pattern = parameter.pattern
    return pattern is None or re.fullmatch(pattern, str(value), flags) is not None


def is_among(several: Sequence[Scalar], value: Scalar, *, ignores_case: bool) -> bool:
    """Return whether a value is among several."""
    if ignores_case:
        return str(value).lower() in {str(one).lower() for one in several}
    return value in several
