"""Paging: `config.pagination` as one of billql's paging kinds, and what applies without it.

Where nothing is known, the list is expected in one response, and a response that speaks of a
further page is an error: a list is complete or it is none.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from billql.definitions.pagination import (
    CursorToken,
    LinkHeader,
    NextUrl,
    PageCount,
    Paging,
    SinglePage,
)
from billql.definitions.pagination.names import leads_on
from billql.definitions.stackql.document import Unsupported, mapping, text
from billql.definitions.stackql.settings import Settings
from billql.definitions.stackql.shapes import steps

_NEXT_LINKS = ("nextLink", "@odata.nextLink")
"""What Microsoft's APIs call the address of the next page."""

_USUAL_TOKEN = ("pageToken", "nextPageToken")
"""The parameter and the member that a document need not name."""


def paging(
    settings: Settings, parameters: Mapping[str, str], envelope: Collection[str], is_list: bool
) -> tuple[Paging | None, set[str]]:
    """Return the paging of a method, and the parameters that are its own; raises Unsupported.

    `parameters` are those that it has, with the place of each; `envelope` has the members of its
    response.
    """
    declared = settings.get("pagination")
    if not declared:
        found = _unsaid(parameters, envelope, is_list)
        return found, {found.parameter} if isinstance(found, CursorToken) else set()
    asked, answered = mapping(declared.get("requestToken")), mapping(declared.get("responseToken"))
    key, place = text(asked.get("key")), text(asked.get("location")).lower()
    size, size_parameter = _size(settings, parameters)
    own = {key, size_parameter or ""}
    if text(answered.get("location")).lower() == "header":
        if text(answered.get("key")).lower() != "link":
            raise Unsupported(f"pages announced in the header {text(answered.get('key')):.80}")
        return LinkHeader(size=size, size_parameter=size_parameter) if is_list else None, own
    path = ".".join(_steps(answered))
    if not is_list and path.partition(".")[0] not in envelope:
        return None, own
    if declared.get("algorithm") == "page_number":
        pages_at = ".".join(_steps(mapping(declared.get("responseTerminator"))))
        if pages_at.partition(".")[0] not in envelope or key not in parameters:
            return _unsaid({}, envelope, is_list), own
        if place != "query":
            raise Unsupported(f"the number of a page in the {place:.20}")
        return PageCount(
            parameter=key, pages_at=pages_at, size=size, size_parameter=size_parameter
        ), own
    if declared.get("algorithm") == "odata_next_link" or place == "request" or not key:
        return NextUrl(path=path, size=size, size_parameter=size_parameter), own
    if place not in ("query", "body", "header"):
        raise Unsupported(f"the token of a page in the {place:.20}")
    return CursorToken(
        path=path,
        parameter=key,
        location=place,  # type: ignore[arg-type]
        size=size,
        size_parameter=size_parameter,
    ), own


def _unsaid(
    parameters: Mapping[str, str], envelope: Collection[str], is_list: bool
) -> Paging | None:
    """Return the paging of a method without `config.pagination`."""
    for name in _NEXT_LINKS:
        if name in envelope:
            return NextUrl(path=name)
    # Some methods accept the next page under the name that it has in the response.
    names = {name: name for name in envelope if name in parameters and leads_on(name)}
    if _USUAL_TOKEN[0] in parameters:
        names[_USUAL_TOKEN[0]] = _USUAL_TOKEN[1]
    for parameter, path in names.items():
        if parameters[parameter] in ("query", "body"):
            return CursorToken(
                path=path,
                parameter=parameter,
                location=parameters[parameter],  # type: ignore[arg-type]
                size_parameter=None,
            )
    return SinglePage() if is_list or any(map(leads_on, envelope)) else None


def _steps(token: dict[str, Any]) -> list[str]:
    key = text(token.get("key"))
    # A name with a dot of its own stands for itself.
    return [key] if key in _NEXT_LINKS else steps(key)


def _size(settings: Settings, parameters: Collection[str]) -> tuple[int | None, str | None]:
    """Return the largest page and the parameter that asks for it, where a method has it."""
    top = mapping(settings.get("queryParamPushdown").get("top"))
    name, most = text(top.get("paramName")), top.get("maxValue")
    if name in parameters and isinstance(most, int) and most > 0:
        return most, name
    return None, None
