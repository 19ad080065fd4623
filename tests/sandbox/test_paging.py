"""Pages, their links, their totals and their limits."""

from __future__ import annotations

import pytest

from .asking import INSIGHTS, MY, Asker

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
def test_pages_have_all_rows_once_and_in_order(ask: Asker, path: str) -> None:
    word = LISTS[path]
    everything = ask.rows(path, word)
    pages, after = [], f"{path}?per_page=2"
    while after:
        page = ask.json(after)
        pages.append(page)
        after = page["links"]["pages"].get("next", "")
    assert [row for page in pages for row in page[word]] == everything
    assert {page["meta"]["total"] for page in pages} == {len(everything)}
    assert all(len(page[word]) == 2 for page in pages[:-1])


@pytest.mark.parametrize("path", LISTS)
def test_links_are_absolute(ask: Asker, path: str) -> None:
    def url(page: int) -> str:
        return f"{ask.url}{path}?page={page}&per_page=1"

    total = ask.json(path, per_page=1)["meta"]["total"]
    assert total >= 3
    links = [ask.json(path, per_page=1, page=page)["links"]["pages"] for page in (1, 2, total)]
    assert links == [
        {"next": url(2), "last": url(total)},
        {"first": url(1), "prev": url(1), "next": url(3), "last": url(total)},
        {"first": url(1), "prev": url(total - 1)},
    ]


def test_links_keep_the_name_by_which_the_server_was_called(ask: Asker) -> None:
    port = ask.url.rpartition(":")[2]
    answer = ask.http.get("/v2/sizes", headers={"host": f"localhost:{port}"})
    assert answer.json()["links"]["pages"]["next"].startswith(f"http://localhost:{port}/v2/sizes?")


def test_links_keep_filters(ask: Asker) -> None:
    answer = ask.json("/v2/snapshots", resource_type="volume", per_page=3)
    link = answer["links"]["pages"]["next"]
    assert link == f"{ask.url}/v2/snapshots?page=2&per_page=3&resource_type=volume"
    assert {row["resource_type"] for row in ask.json(link)["snapshots"]} == {"volume"}


def test_one_page_has_no_links(ask_small: Asker) -> None:
    for path in BILLING:
        assert "links" not in ask_small.json(path, per_page=200)
    for path in set(LISTS) - set(BILLING):
        assert ask_small.json(path, per_page=200)["links"] == {}


@pytest.mark.parametrize("path", LISTS)
def test_twenty_rows_a_page_by_default(ask: Asker, path: str) -> None:
    answer = ask.json(path)
    assert len(answer[LISTS[path]]) == min(20, answer["meta"]["total"])


@pytest.mark.parametrize("path", LISTS)
def test_beyond_the_end_is_an_empty_page(ask: Asker, path: str) -> None:
    last = ask.json(path, per_page=1)["meta"]["total"]
    answer = ask.json(path, per_page=1, page=last + 5)
    assert answer[LISTS[path]] == []
    assert answer["meta"]["total"] == last
    links = answer["links"]["pages"]
    assert set(links) == {"first", "prev"}
    assert ask.json(links["prev"])[LISTS[path]]


def test_the_preview_stands_beside_every_page(ask: Asker) -> None:
    previews = [ask.json(f"{MY}/invoices", page=page)["invoice_preview"] for page in (1, 2, 50)]
    assert previews[0]["invoice_period"] == "2026-03"
    assert previews == [previews[0]] * 3


def test_the_preview_has_two_names(ask: Asker) -> None:
    uuid = ask.json(f"{MY}/invoices")["invoice_preview"]["invoice_uuid"]
    items = ask.rows(f"{MY}/invoices/preview", "invoice_items")
    assert ask.rows(f"{MY}/invoices/{uuid}", "invoice_items") == items
    assert uuid not in {invoice["invoice_uuid"] for invoice in ask.invoices()[1:]}


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ("per_page=0", "per_page must be between 1 and 200"),
        ("per_page=201", "per_page must be between 1 and 200"),
        ("per_page=-1", "per_page must be between 1 and 200"),
        ("per_page=many", "per_page must be a number"),
        ("per_page=", "per_page must be a number"),
        ("page=0", "page must be at least 1"),
        ("page=-3", "page must be at least 1"),
        ("page=1.5", "page must be a number"),
        ("page=1_0", "page must be a number"),
        ("page=" + "9" * 5000, "page must be a number"),
    ],
)
@pytest.mark.parametrize("path", [*LISTS, f"{INSIGHTS}/2026-01-01/2026-01-31"])
def test_out_of_range(ask: Asker, path: str, parameter: str, message: str) -> None:
    answer = ask.get(f"{path}?{parameter}")
    assert answer.status_code == 400
    assert answer.json() == {
        "id": "bad_request",
        "message": message,
        "request_id": answer.headers["x-request-id"],
    }


def test_the_first_of_repeated_parameters_counts(ask: Asker) -> None:
    assert len(ask.json("/v2/sizes?per_page=3&per_page=7")["sizes"]) == 3


def test_databases_are_not_paged(ask: Asker) -> None:
    assert set(ask.json("/v2/databases", per_page=1, page=2)) == {"databases"}
    assert len(ask.json("/v2/databases", per_page=1)["databases"]) == 4
