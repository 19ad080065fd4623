"""The arguments that a URL `billql://` names."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import make_url, pool
from sqlalchemy.exc import ArgumentError

from billql.integrations.sqlalchemy.dialect import BillqlDialect
from billql.integrations.sqlalchemy.url import arguments

_READ_ONLY = {"read_only": True, "max_rows": 9, "timeout": 2.5}


@pytest.mark.parametrize(
    ("url", "database", "named"),
    [
        ("billql://", ":memory:", {}),
        ("billql:///:memory:", ":memory:", {}),
        ("billql:///a/b.db", "a/b.db", {}),
        ("billql:////a/b.db", "/a/b.db", {}),
        ("billql:///?sandbox=1", ":memory:", {"sandbox": True}),
        ("billql://?sandbox=no&decimals=TRUE", ":memory:", {"sandbox": False, "decimals": True}),
        (
            "billql:///a.db?max_requests=5&max_cost=0.5",
            "a.db",
            {"max_requests": 5, "max_cost": 0.5},
        ),
        ("billql://?read_only=1&max_rows=9&timeout=2.5", ":memory:", _READ_ONLY),
        ("billql://?cache_ttl=0&profile=work", ":memory:", {"cache_ttl": 0.0, "profile": "work"}),
        ("billql://?definitions=a&definitions=b%20c", ":memory:", {"definitions": ("a", "b c")}),
        ("billql://?definitions=a", ":memory:", {"definitions": ("a",)}),
    ],
)
def test_a_url_is_read(url: str, database: str, named: dict[str, Any]) -> None:
    assert arguments(make_url(url)) == (database, named)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("billql://host/a.db", "names a host"),
        ("billql://user:secret@/a.db", "names a host"),
        ("billql://?sandbx=1", "Did you mean sandbox?"),
        ("billql://?token=x", "connect_args"),
        ("billql://?sandbox=maybe", "it shall be 1 or 0"),
        ("billql://?max_requests=-1", "it shall be a whole number"),
        ("billql://?max_requests=1.5", "it shall be a whole number"),
        ("billql://?max_cost=nan", "it shall be a number"),
        ("billql://?max_cost=-1", "it shall be a number"),
        ("billql://?cache_ttl=inf", "it shall be a number of seconds"),
        ("billql://?sandbox=1&sandbox=0", "is there 2 times"),
    ],
)
def test_a_wrong_url_is_refused(url: str, message: str) -> None:
    with pytest.raises(ArgumentError, match=message.replace("?", "[?]")) as caught:
        arguments(make_url(url))
    assert "secret" not in str(caught.value)


def test_memory_is_for_one_thread_and_a_file_for_many() -> None:
    for url in ("billql://", "billql:///:memory:", "billql://?sandbox=1"):
        assert BillqlDialect.get_pool_class(make_url(url)) is pool.SingletonThreadPool
    assert BillqlDialect.get_pool_class(make_url("billql:///a.db")) is pool.QueuePool
