"""What texts in definitions may be: sentences, names and paths; and the base of their structs.

The patterns mean the same in Python and in the JSON Schema's ECMAScript, where \\A and \\Z are
letters; `$(?!\\n)` is Python's way to match nothing after it, not even a line break.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

Sentence = Annotated[
    str,
    Meta(
        pattern=r"^\S[\s\S]*[.?!]\s*$",
        description="A full sentence that describes the thing.",
    ),
]


Name = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9_]*$(?!\n)",
        description="A name of lower-case letters, digits and underscores.",
    ),
]


ColumnName = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){3}$(?!\n)",
        description="The full name of a column, like acme.billing.customers.id.",
    ),
]


ViewColumnName = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z][A-Za-z0-9_]*$(?!\n)",
        description="A name of letters, digits and underscores.",
    ),
]


ColumnPath = Annotated[
    str,
    Meta(
        pattern=r"^(?!\$)|^\$(parent|root|header)\.|^\$(key|value|parameter|body)$",
        description="A path like a.b, or $parent.a, $root.a, $header.name, $key, $value, "
        "$parameter or $body.",
    ),
]


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of a definition, in which an unknown key is an error."""
