"""Which forms of APIs and statements are drawn, while some of them are known to fail.

Everything is on but what `OFF` names, each with the fault that it waits for. With
`BILLQL_FEATURES` one of them is drawn as well, or `all`, to see whether the fault is gone.
"""

from __future__ import annotations

import os
from typing import Literal

Feature = Literal[
    "two methods",
    "nested offset",
    "nested unique",
    "default superset",
    "fractions",
    "moments",
    "odd keys",
    "smaller pages",
    "gone past the end",
    "enumerated",
    "long numbers",
    "null lists",
    "number ids",
    "public links",
    "later",
    "cut superset",
    "huge bounds",
    "ancient bounds",
    "keys in other words",
    "half a write",
]

OFF: frozenset[Feature] = frozenset(
    (
        "odd keys",
        "later",
        "null lists",
        "public links",
        "number ids",
        "keys in other words",
        "moments",
        "fractions",
        "ancient bounds",
        "huge bounds",
    )
)
"""What is not drawn yet."""


def on(feature: Feature) -> bool:
    """Tell whether a form is drawn."""
    return feature not in OFF or os.environ.get("BILLQL_FEATURES") in (feature, "all")
