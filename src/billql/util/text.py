"""Texts for people, and names of fields as people spell them."""

from __future__ import annotations


def counted(number: int, noun: str, form: str = "") -> str:
    """Return a number with its noun, in the plural unless the number is 1.

    `form` is the format of the number, such as `,` for separators of thousands.
    """
    return f"{number:{form}} {noun}{'' if number == 1 else 's'}"


def plain(name: str) -> str:
    """Return a name's letters and digits in lower case: `nextPage` and `next_page` are one."""
    return "".join(filter(str.isalnum, name)).lower()
