"""A resource of a document as one of billql's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billql.definitions.auth import Anonymous, Auth, SigV4
from billql.definitions.model import ErrorBody, Later, Provider
from billql.definitions.sources import ResolvedResource
from billql.definitions.stackql import naming, shapes
from billql.definitions.stackql.columns import convert
from billql.definitions.stackql.credentials import auth
from billql.definitions.stackql.document import Document, Unsupported, mapping, text
from billql.definitions.stackql.methods import Reading, readings
from billql.definitions.stackql.settings import Settings
from billql.errors import NotSupportedError

DOCUMENTATION = "https://github.com/stackql/stackql-provider-registry"

_LATER = Later(
    codes=(
        "RequestLimitExceeded",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
    ),
    messages=("rate exceeded", "secondary rate limit"),
)
"""Codes of errors to retry later, which StackQL's documents do not declare."""


class ProviderFacts:
    """What `provider.yaml` states that its resources need to know.

    `name` is what the provider is called here, `version` that of its documents.
    """

    def __init__(self, name: str, data: dict[str, Any], version: str) -> None:
        self.name = name
        self.title = text(data.get("name")) or name
        self._description = data.get("description")
        self._version = version
        in_snake_case = mapping(data.get("config")).get("snake_case_aliases") is True
        self.rename = naming.snake_case if in_snake_case else naming.as_written

    def provider(
        self, origin: str | None = None, how: Auth | None = None, message: str | None = None
    ) -> Provider:
        """Return the provider as resources have it whose servers and credentials are these."""
        how = how or Anonymous()
        usual = "message" if isinstance(how, SigV4) else "error.message"
        return Provider(
            billql=1,
            title=self.title,
            description=shapes.sentence(
                self._description, f"The provider {self.title}, as StackQL describes it"
            ),
            version=self._version,
            documentation=DOCUMENTATION,
            url=origin or f"https://{self.name}.invalid",
            auth=how,
            errors=ErrorBody(message=message or usual, later=_LATER),
        )


def resource(
    document: Document, entry: dict[str, Any], settings: Settings, facts: ProviderFacts, place: str
) -> ResolvedResource:
    """Read a resource, whose place is `service.name`; raises NotSupportedError for what is no
    table.
    """
    name = f"{facts.name}.{place}"
    found = readings(document, entry, settings)
    if not found:
        is_view = "views" in mapping(entry.get("config"))
        why = "it is a view in StackQL's own SQL" if is_view else "no method of it reads"
        raise NotSupportedError(f"{name} cannot be read: {why}")
    description = text(entry.get("description")) or found[0].about
    about = shapes.sentence(description, f"The resource {place.partition('.')[2]}")
    converted, needs = convert(found, facts.rename, name, about)
    origin = next((one.server.origin for one in found if one.server is not None), None)
    beyond = {**needs, **_elsewhere(found, origin, needs)}
    try:
        how = auth(settings.get("auth"), facts.title, origin or "")
    except Unsupported as why_not:
        how = Anonymous()
        beyond = {one.name: str(why_not) for one in found}
    message = next((one.error_message for one in found if one.error_message), None)
    return ResolvedResource(converted, facts.provider(origin, how, message), beyond)


def _elsewhere(
    found: list[Reading], origin: str | None, needs: Mapping[str, str]
) -> dict[str, str]:
    """Return what the methods need whose server is not that of the others."""
    return {
        one.name: "a server other than the other methods have"
        for one in found
        if one.name not in needs and one.server is not None and one.server.origin != origin
    }
