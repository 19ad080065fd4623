"""The page of one table as Markdown, without the results of its examples."""

from __future__ import annotations

from billql.definitions import views
from billql.definitions.catalog import Catalog
from billql.docs import facts, pages


def address(name: str) -> str:
    """Return the path of a table's page, as links on other pages have it."""
    return f"{name.replace('.', '/')}.md"


def page(catalog: Catalog, name: str) -> str:
    """Return the page of a resource or a view; raise UnknownName or DefinitionError."""
    tables = {one: address(one) for one in (*catalog.names(), *views.all_names(catalog))}
    if (view := views.find(catalog, name)) is not None:
        return pages.view_page(facts.of_view(view), tables)
    table = catalog.table(name)
    provider = facts.of_provider(catalog, table.provider_name)
    service = next(one for one in provider.services if one.name == table.service_name)
    resource = next(one for one in service.resources if one.name == table.resource_name)
    return pages.resource_page(provider, service, resource, tables)
