"""Write the table of currencies, src/billql/util/iso_4217.py, from the package iso4217.

The package carries the list that ISO's maintenance agency publishes, as it is
(https://www.six-group.com/en/products-services/financial-information/market-reference-data/data-standards.html).
It takes 50 ms to import, which a query should not wait for, so what is needed of it is committed.
Usage: python requirements/write_currencies.py > src/billql/util/iso_4217.py
"""

from __future__ import annotations

import textwrap

import iso4217

_HEAD = '''\
"""ISO 4217: the currencies by the digits of their minor unit. Written by `make currencies`."""

from __future__ import annotations

PUBLISHED = "{published}"
"""The day on which the list was published."""

BY_DIGITS: dict[int | None, str] = {{
'''


def table() -> str:
    """Return the text of the module."""
    by_digits: dict[int | None, list[str]] = {}
    for code, entry in iso4217.raw_table.items():
        if code is not None:  # some territories have no currency of their own
            units = entry["CcyMnrUnts"]
            by_digits.setdefault(int(units) if units.isdecimal() else None, []).append(code)
    lines = [_HEAD.format(published=iso4217.__published__.isoformat())]
    for digits in sorted(by_digits, key=lambda one: -1 if one is None else one):
        lines.append(f"    {digits}: (\n")
        wrapped = textwrap.wrap(" ".join(sorted(by_digits[digits])), 80)
        pieces = [f"{piece} " for piece in wrapped[:-1]] + wrapped[-1:]
        lines += [f'        "{piece}"\n' for piece in pieces]
        lines.append("    ),\n")
    closing = (
        '}\n"""The codes by the number of digits; None for gold, funds and codes for tests."""\n'
    )
    return "".join([*lines, closing])


if __name__ == "__main__":
    print(table(), end="")
