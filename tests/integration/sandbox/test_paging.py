"""Pages, their links, their totals and their limits."""

from __future__ import annotations

import pytest

from .client import INSIGHTS, MY, Client

LISTS = {
    f"{MY}/billing_history": "billing_history",
    f"{MY}/invoices": "invoices",
    f"{MY}/invoices/preview": "invoice_items",
    "/v2/droplets": "droplets",
    "/v2/kubernetes/clusters": "kubernetes_clusters",
    "/v2/load_balancers": "load_balancers",
    "/v2/projects": "projects",
    "/v2/projects/default/resources": "resources",
    "/v2/reserved_ips": "reserved_ips",
    "/v2/sizes": "sizes",
    "/v2/snapshots": "snapshots",
    "/v2/volumes": "volumes",
}
BILLING = [path for path in LISTS if path.startswith(MY)]


@pytest.mark.parametrize("path", LISTS)
def test_pages_have_all_rows_once_and_in_order(api: Client, path: str) -> None:
    word = LISTS[path]
    everything = api.rows(path, word)
    pages, after = [], f"{path}?per_page=2"
    while after:
        page = api.json(after)
        pages.append(page)
        after = page["links"]["pages"].get("next", "")
    assert [row for page in pages for row in page[word]] == everything
    assert {page["meta"]["total"] for page in pages} == {len(everything)}
    assert all(len(page[word]) == 2 for page in pages[:-1])


@pytest.mark.parametrize("path", LISTS)
def test_links_are_absolute(api: Client, path: str) -> None:
    def url(page: int) -> str:
        return f"{api.url}{path}?page={page}&per_page=1"

    total = api.json(path, per_page=1)["meta"]["total"]
    assert total >= 3
    links = [api.json(path, per_page=1, page=page)["links"]["pages"] for page in (1, 2, total)]
    assert links == [
        {"next": url(2), "last": url(total)},
        {"first": url(1), "prev": url(1), "next": url(3), "last": url(total)},
        {"first": url(1), "prev": url(total - 1)},
    ]


def test_links_keep_the_name_by_which_the_server_was_called(api: Client) -> None:
    port = api.url.rpartition(":")[2]
    response = api.http.get("/v2/sizes", headers={"host": f"localhost:{port}"})
    assert response.json()["links"]["pages"]["next"].startswith(
        f"http://localhost:{port}/v2/sizes?"
    )


def test_links_keep_filters(api: Client) -> None:
    response = api.json("/v2/snapshots", resource_type="volume", per_page=3)
    link = response["links"]["pages"]["next"]
    assert link == f"{api.url}/v2/snapshots?page=2&per_page=3&resource_type=volume"
    assert {row["resource_type"] for row in api.json(link)["snapshots"]} == {"volume"}


def test_one_page_has_no_links(small_api: Client) -> None:
    for path in BILLING:
        assert "links" not in small_api.json(path, per_page=200)
    for path in set(LISTS) - set(BILLING):
        assert small_api.json(path, per_page=200)["links"] == {}


@pytest.mark.parametrize("path", LISTS)
def test_twenty_rows_a_page_by_default(api: Client, path: str) -> None:
    response = api.json(path)
    assert len(response[LISTS[path]]) == min(20, response["meta"]["total"])


@pytest.mark.parametrize("path", LISTS)
def test_beyond_the_end_is_an_empty_page(api: Client, path: str) -> None:
    last = api.json(path, per_page=1)["meta"]["total"]
    response = api.json(path, per_page=1, page=last + 5)
    assert response[LISTS[path]] == []
    assert response["meta"]["total"] == last
    links = response["links"]["pages"]
    assert set(links) == {"first", "prev"}
    assert api.json(links["prev"])[LISTS[path]]


def test_the_preview_stands_beside_every_page(api: Client) -> None:
    previews = [api.json(f"{MY}/invoices", page=page)["invoice_preview"] for page in (1, 2, 50)]
    assert previews[0]["invoice_period"] == "2026-03"
    assert previews == [previews[0]] * 3


def test_the_preview_has_two_names(api: Client) -> None:
    uuid = api.json(f"{MY}/invoices")["invoice_preview"]["invoice_uuid"]
    items = api.rows(f"{MY}/invoices/preview", "invoice_items")
    assert api.rows(f"{MY}/invoices/{uuid}", "invoice_items") == items
    assert uuid not in {invoice["invoice_uuid"] for invoice in api.invoices()[1:]}


@pytest.mark.parametrize(
    "parameter",
    [
        "per_page=0",
        "per_page=201",
        "per_page=-1",
        "per_page=many",
        "per_page=",
        "page=0",
        "page=-3",
        "page=1.5",
        "page=1_0",
        "page=" + "9" * 5000,
    ],
)
@pytest.mark.parametrize("path", [*LISTS, f"{INSIGHTS}/2026-01-01/2026-01-31"])
def test_out_of_range(api: Client, path: str, parameter: str) -> None:
    response = api.get(f"{path}?{parameter}")
    assert response.status_code == 400
    assert response.json()["id"] == "bad_request"
    assert parameter.partition("=")[0] in response.json()["message"]


def test_the_first_of_repeated_parameters_counts(api: Client) -> None:
    assert len(api.json("/v2/sizes?per_page=3&per_page=7")["sizes"]) == 3


def test_databases_are_not_paged(api: Client) -> None:
    assert set(api.json("/v2/databases", per_page=1, page=2)) == {"databases"}
    assert len(api.json("/v2/databases", per_page=1)["databases"]) == 4
