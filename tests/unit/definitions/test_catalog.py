"""The catalog: names in any case, several roots, and nothing loaded that is not asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from billql.definitions.catalog import Catalog
from billql.definitions.shared import built_in_root
from billql.errors import DefinitionError, UnknownName
from support.paths import ROOT

PROVIDER = """\
billql: 1
title: {title}
description: An API that bills.
version: 0.1.0
documentation: https://example.com/docs
url: https://api.example.com
auth: {{kind: bearer, secret: TOKEN, help: Ask for one.}}
"""

RESOURCE = """\
  {name}:
    description: One row for each.
    columns: {{id: {{type: text, description: Its name.}}}}
    methods: {{list: {{request: GET /v1/{name}, description: Gives all.}}}}
    examples: [{{question: Which are there?, sql: SELECT 1}}]
"""

BROKEN = "billql: 1\ndescription: [\n"


def service(*names: str) -> str:
    resources = "".join(RESOURCE.format(name=name) for name in names)
    return f"billql: 1\ndescription: Bills of an account.\nresources:\n{resources}"


def build(root: Path, provider: str, services: dict[str, str], title: str = "Example") -> Path:
    folder = root / provider
    folder.mkdir(parents=True)
    (folder / "provider.yaml").write_text(PROVIDER.format(title=title))
    for name, text in services.items():
        (folder / f"{name}.yaml").write_text(text)
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    build(root, "acme", {"billing": service("invoices", "balances"), "usage": service("hours")})
    return build(root, "zenith", {"billing": service("credits")})


@pytest.fixture
def catalog(root: Path) -> Catalog:
    return Catalog([root])


def test_names(catalog: Catalog) -> None:
    assert catalog.providers() == ["acme", "zenith"]
    assert catalog.services("acme") == ["billing", "usage"]
    assert catalog.resources("acme", "billing") == ["invoices", "balances"]
    assert list(catalog.names()) == [
        "acme.billing.invoices",
        "acme.billing.balances",
        "acme.usage.hours",
        "zenith.billing.credits",
    ]


@pytest.mark.parametrize("name", ["acme.billing.invoices", "ACME.Billing.INVOICES"])
def test_a_table_is_found_in_any_case(catalog: Catalog, name: str) -> None:
    table = catalog.table(name)
    assert table.name == "acme.billing.invoices"
    assert (table.provider_name, table.service_name) == ("acme", "billing")
    assert table.resource_name == "invoices"
    assert table.provider is catalog.provider("acme")
    assert table.resource is catalog.service("acme", "billing").resources["invoices"]
    assert catalog.table("acme.billing.invoices") is table


def test_every_name_may_be_in_any_case(catalog: Catalog) -> None:
    assert catalog.services("Acme") == ["billing", "usage"]
    assert catalog.resources("ACME", "Billing") == ["invoices", "balances"]
    assert catalog.provider("ACME") is catalog.provider("acme")
    assert catalog.service("ACME", "BILLING") is catalog.service("acme", "billing")


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("acne.billing.invoices", "There is no provider acne", "Did you mean acme?"),
        ("other.billing.invoices", "There is no provider other", "Known here: acme, zenith."),
        ("acme.biling.invoices", "There is no service acme.biling", "Did you mean acme.billing?"),
        ("acme.xyz.invoices", "There is no service acme.xyz", "Known here: billing, usage."),
        ("acme.provider.title", "There is no service acme.provider", "Known here: billing, usage."),
        (
            "Acme.Billing.Invoice",
            "There is no resource acme.billing.invoice",
            "Did you mean acme.billing.invoices?",
        ),
        (
            "acme.billing.xyz",
            "There is no resource acme.billing.xyz",
            "Known here: invoices, balances.",
        ),
        (
            "zenith.billing.invoices",
            "There is no resource zenith.billing.invoices",
            "Known here: credits.",
        ),
        *(
            (
                name,
                f"{name} is not the name of a resource",
                "A resource has three parts: provider.service.resource.",
            )
            for name in ("acme", "acme.billing", "acme.billing.invoices.id", "")
        ),
        ("..", "There is no provider ", "Known here: acme, zenith."),
        ("acme../.x", "acme../.x is not the name of a resource", "A resource has three parts"),
        ("../acme.billing.x", "../acme.billing.x is not the name of a resource", "A resource"),
        ("acme.../zenith/billing.x", "acme.../zenith/billing.x is not the name of a", "A resource"),
        ("acme.b/../billing.x", "acme.b/../billing.x is not the name of a", "A resource has three"),
        ("acme.x/billing.x", "There is no service acme.x/billing", "Did you mean acme.billing?"),
    ],
)
def test_an_unknown_name_says_what_is_near(
    catalog: Catalog, name: str, message: str, hint: str
) -> None:
    with pytest.raises(UnknownName) as caught:
        catalog.table(name)
    assert str(caught.value).startswith(message)
    assert caught.value.hint is not None
    assert caught.value.hint.startswith(hint)


def test_no_roots_with_anything_in_them(tmp_path: Path) -> None:
    catalog = Catalog([tmp_path, tmp_path / "nowhere"])
    assert catalog.providers() == list(catalog.names()) == []
    with pytest.raises(UnknownName) as caught:
        catalog.provider("acme")
    assert caught.value.hint == "Known here: none."


def test_the_first_root_that_has_a_provider_wins(root: Path, tmp_path: Path) -> None:
    mine = build(tmp_path / "mine", "acme", {"extra": service("things")}, title="Mine")
    build(mine, "north", {"billing": service("bills")})
    catalog = Catalog([mine, root])
    assert catalog.providers() == ["acme", "north", "zenith"]
    assert catalog.provider("acme").title == "Mine"
    assert catalog.services("acme") == ["extra"]
    other_way = Catalog([root, mine])
    assert other_way.provider("acme").title == "Example"
    assert other_way.services("acme") == ["billing", "usage"]


def test_a_folder_may_be_told_by_a_providers_name(root: Path, tmp_path: Path) -> None:
    build(tmp_path / "packages", "1.2.0", {"extra": service("things")}, title="Installed")
    installed = {"acme": tmp_path / "packages" / "1.2.0"}
    assert Catalog([installed, root]).services("acme") == ["extra"]
    assert Catalog([root, installed]).services("acme") == ["billing", "usage"]
    assert Catalog([installed]).providers() == ["acme"]


def test_a_service_is_described(catalog: Catalog) -> None:
    assert catalog.about("Acme", "Billing") == "Bills of an account."
    with pytest.raises(UnknownName, match=r"There is no service acme\.nothing"):
        catalog.about("acme", "nothing")


def test_what_is_no_definition_is_left_alone(root: Path) -> None:
    (root / "README.md").write_text("x")
    (root / "empty").mkdir()
    (root / "acme" / "notes.txt").write_text("x")
    (root / "acme" / "deeper").mkdir()
    (root / "acme" / "deeper" / "provider.yaml").write_text(BROKEN)
    catalog = Catalog([root])
    assert catalog.providers() == ["acme", "zenith"]
    assert catalog.services("acme") == ["billing", "usage"]


def test_a_broken_service_does_not_disturb_the_others(root: Path) -> None:
    (root / "acme" / "usage.yaml").write_text(BROKEN)
    catalog = Catalog([root])
    assert catalog.services("acme") == ["billing", "usage"]
    assert catalog.table("acme.billing.invoices").name == "acme.billing.invoices"
    for _ in range(2):
        with pytest.raises(DefinitionError, match=r"usage\.yaml:"):
            catalog.table("acme.usage.hours")
    assert catalog.table("zenith.billing.credits").name == "zenith.billing.credits"


def test_a_broken_provider_does_not_disturb_the_others(root: Path) -> None:
    (root / "acme" / "provider.yaml").write_text(BROKEN)
    catalog = Catalog([root])
    assert catalog.providers() == ["acme", "zenith"]
    assert catalog.table("zenith.billing.credits").name == "zenith.billing.credits"
    with pytest.raises(DefinitionError, match=r"provider\.yaml:"):
        catalog.table("acme.billing.invoices")


def test_a_definition_is_read_once_and_only_when_needed(root: Path) -> None:
    catalog = Catalog([root])
    catalog.providers()
    catalog.services("acme")
    (root / "acme" / "usage.yaml").unlink()
    (root / "zenith" / "provider.yaml").write_text(BROKEN)
    table = catalog.table("acme.billing.invoices")
    (root / "acme" / "billing.yaml").write_text(BROKEN)
    (root / "acme" / "provider.yaml").write_text(BROKEN)
    assert catalog.table("acme.billing.balances").provider is table.provider
    assert catalog.table("acme.billing.invoices") is table


def test_the_cache_is_used(root: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = Catalog([root], cache).table("acme.billing.invoices")
    assert len(list(cache.iterdir())) == 2
    assert Catalog([root], cache).table("acme.billing.invoices") == first


def test_the_built_in_definitions_all_load() -> None:
    assert built_in_root().is_dir()
    catalog = Catalog()
    names = list(catalog.names())
    assert "digitalocean.billing.balances" in names
    assert all(catalog.table(name).name == name for name in names)


def test_the_readme_lists_every_table() -> None:
    readme = (ROOT / "README.md").read_text()
    catalog = Catalog()
    for name in catalog.names():
        link = f"[`{name}`](docs/reference/{name.replace('.', '/')}.md)"
        assert f"| {link} | {catalog.table(name).resource.description} |" in readme
