"""StackQL provider documents as definitions: OpenAPI with `x-stackQL-resources`, read unchanged.

https://github.com/stackql/stackql-provider-registry has them for dozens of providers, and
https://github.com/stackql/any-sdk/blob/main/docs/provider_spec.md describes the format.

A provider's folder holds `provider.yaml` and `services/`; a service's document may have megabytes,
so it is read when a statement first names one of its resources, and what it describes is cached.
The documents come from strangers: what they ask for that billql cannot do, or will not, is reported
for the one resource that needs it.

    adding     putting a provider's documents where the catalog finds them
    folder     one provider's documents, as a source of the catalog
    document   a document, and the references inside it
    values     YAML's events to plain data, within bounds
    parts      a document of which only that becomes data that somebody asks for
    resources  a resource of a document to one of billql's
    compiled   the file with all resources of a service, as the cache has it
    ahead      other processes that compile what a list of everything comes to last
    methods, columns  what a resource sends, and what its columns are called
    shapes     rows and columns from a JSON schema
    requests   an operation's parameters, its body, its server
    paging, credentials, templates    what their settings mean
"""

from __future__ import annotations

from pathlib import Path

ADDED = "stackql"
"""The folder in billql's data that holds the providers that were added."""

SERVICES = "services"
"""The folder of a provider's services."""


def is_stackql(folder: Path) -> bool:
    """Return whether a provider's folder holds StackQL documents."""
    return (folder / SERVICES).is_dir()
