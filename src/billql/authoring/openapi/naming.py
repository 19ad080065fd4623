"""The names of documents, as names for SQL."""

from __future__ import annotations

import re

from billql.authoring.lint import reserved_words

_NAME_PARTS = re.compile(r"[A-Z]{2,}s(?![a-z])|[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+")
_VERSION = re.compile(r"v[0-9]+([a-z]+[0-9]*)?", re.IGNORECASE)
_VERBS = frozenset(("get", "list", "search", "retrieve", "fetch", "find", "query", "read"))


def split_name(name: str) -> list[str]:
    """Return the parts of a name such as `invoiceItems`, `invoice-items` or `Invoice Items`."""
    return [part.lower() for part in _NAME_PARTS.findall(name)]


def identifier(name: str) -> str:
    """Return a name that definitions take: lower-case letters, digits and underscores."""
    if re.fullmatch(r"[a-z][a-z0-9_]*", name):
        return name
    found = "_".join(split_name(name)) or "value"
    return found if found[0].isalpha() else f"n{found}"


def column(name: str) -> str:
    """Return the name of a column, which SQL accepts without quotes."""
    found = identifier(name)
    return f"{found}_value" if found in reserved_words() else found


def singular(name: str) -> str:
    """Return one of what a name in the plural counts."""
    for end, one in (("ies", "y"), ("sses", "ss"), ("shes", "sh"), ("ches", "ch"), ("xes", "x")):
        if name.endswith(end) and len(name) > len(end) + 1:
            return name[: -len(end)] + one
    return name[:-1] if name.endswith("s") and not name.endswith(("ss", "us", "is")) else name


def is_version(segment: str) -> bool:
    """Return whether a part of a path is a version, such as v2, or `api`."""
    return bool(_VERSION.fullmatch(segment)) or segment.lower() == "api"


def without_verb(segment: str) -> str:
    """Return the thing that a part of a path names: `grants` for listGrants, nothing for list."""
    found = split_name(segment)
    while found and found[0] in _VERBS:
        found = found[1:]
    return "_".join(found)


def spoken(name: str) -> str:
    """Return a name as text."""
    return " ".join(split_name(name))


def placeholders(path: str) -> list[str]:
    """Return the names of what stands in braces in a path, whatever characters it has."""
    return re.findall(r"\{([^{}]+)\}", path)


def placeholder(name: str) -> str:
    """Return the name that a placeholder has in a definition: letters, digits and underscores."""
    return name if re.fullmatch(r"\w+", name, re.ASCII) else identifier(name)


def request_path(path: str) -> str:
    """Return a path with the placeholders that definitions have."""
    return re.sub(r"\{([^{}]+)\}", lambda found: f"{{{placeholder(found[1])}}}", path)
