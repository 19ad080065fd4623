"""The response cache of a session: entries are whole, pinned while they are read, and bounded."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import apsw
import pytest

from billql.fetching.response_cache import ResponseCache, cache_key
from billql.messages import Request, Response
from support.api_client import connection, get
from support.cached_runs import KIB, LIST, cached
from support.clock import FakeClock


def response(body: bytes | str = b"{}") -> Response:
    return Response(body.encode() if isinstance(body, str) else body, "application/json")


@pytest.fixture
def cache(clock: FakeClock) -> Iterator[ResponseCache]:
    made = ResponseCache(100 * KIB, clock.now)
    yield made
    made.close()


def read(cache: ResponseCache, keys: list[bytes], ttl: float = 300, size: int = 0) -> list[int]:
    """Read a list as a statement does; return the numbers of its pages, which are pinned."""
    numbers = [cache.put(key, response(key + b"." * size)) for key in keys]
    cache.commit(keys[0], numbers, ttl)
    return numbers


# Names.


def test_equal_requests_have_equal_names() -> None:
    one = Request("POST", "https://a", (("x", "1"),), {"a": 1, "b": [2]}, (("h", "v"),))
    same = Request("POST", "https://a", (("x", "1"),), {"b": [2], "a": 1}, (("h", "v"),))
    assert cache_key(one, connection()) == cache_key(same, connection())


def test_whatever_differs_makes_another_name() -> None:
    one = Request("GET", "https://a/b", (("x", "1"), ("y", "2")))
    others = [
        replace(one, method="POST"),
        replace(one, url="https://a/c"),
        replace(one, query=(("x", "2"), ("y", "2"))),
        replace(one, query=(("y", "2"), ("x", "1"))),
        replace(one, query=(("x", "1"),)),
        replace(one, query=(("x", "1,y=2"),)),
        replace(one, body={}),
        replace(one, body={"a": None}),
        replace(one, body={"a": "1"}),
        replace(one, body={"a": 1}),
        replace(one, headers=(("x", "1"),)),
        replace(one, keep_headers=("link",)),
    ]
    names = {cache_key(other, connection()) for other in [one, *others]}
    assert len(names) == len(others) + 1
    for elsewhere in (
        connection(token="another"),
        connection("https://other.example.com"),
        connection(name="other"),
    ):
        assert cache_key(one, elsewhere) not in names


def test_a_name_does_not_give_the_token_away() -> None:
    to = connection(token="short")
    assert b"short" not in cache_key(get(), to)
    assert "short" not in to.fingerprint


# Pinning.


def test_what_is_pinned_can_be_read(cache: ResponseCache) -> None:
    headers = {"content-disposition": 'attachment; filename="ü.pdf"', "link": "<a>"}
    whole = Response(b"\0\xff" * 1000, "application/pdf", headers)
    number = cache.put(b"key", whole)
    other = cache.put(b"key", response())
    assert number != other
    assert cache.get(number) == whole
    assert cache.get(other) == response()


def test_what_nobody_pins_and_nobody_may_see_is_gone(cache: ResponseCache) -> None:
    number = cache.put(b"key", response())
    cache.unpin([number])
    with pytest.raises(ValueError, match="not enough values"):
        cache.get(number)


# Entries.


def test_a_whole_list_is_found(cache: ResponseCache) -> None:
    cache.unpin(read(cache, LIST))
    assert cached(cache, LIST[0]) == LIST
    assert cached(cache, LIST[1]) == []


def test_what_is_not_committed_is_not_found(cache: ResponseCache) -> None:
    numbers = [cache.put(key, response()) for key in LIST]
    assert cached(cache, LIST[0]) == []
    cache.unpin(numbers)
    assert cached(cache, LIST[0]) == []


def test_nothing_is_found_in_an_empty_cache(cache: ResponseCache) -> None:
    assert cached(cache, b"key") == []
    cache.unpin([])
    cache.clear()


def test_an_entry_expires(cache: ResponseCache, clock: FakeClock) -> None:
    cache.unpin(read(cache, LIST, ttl=300))
    clock.turn(299)
    assert cached(cache, LIST[0]) == LIST
    clock.turn(2)
    assert cached(cache, LIST[0]) == []


def test_a_reader_may_bound_the_age(cache: ResponseCache, clock: FakeClock) -> None:
    cache.unpin(read(cache, LIST, ttl=300))
    clock.turn(20)
    assert cached(cache, LIST[0], ttl=10) == []
    assert cached(cache, LIST[0], ttl=30) == LIST


def test_what_a_definition_states_goes_before_what_the_reader_asks(
    cache: ResponseCache, clock: FakeClock
) -> None:
    numbers = [cache.put(key, response(key)) for key in LIST]
    cache.commit(LIST[0], numbers, 86400, ttl_is_from_definition=True)
    cache.unpin(numbers)
    clock.turn(80000)
    assert cached(cache, LIST[0], ttl=10) == LIST
    clock.turn(7000)
    assert cached(cache, LIST[0], ttl=10) == []


def test_a_new_entry_replaces_the_old_one(cache: ResponseCache) -> None:
    cache.unpin(read(cache, LIST))
    numbers = [cache.put(key, response(b"new " + key)) for key in LIST[:2]]
    cache.commit(LIST[0], numbers, 300)
    cache.unpin(numbers)
    assert cached(cache, LIST[0]) == [b"new page 1", b"new page 2"]


def test_entries_never_mix(cache: ResponseCache) -> None:
    """A list that begins on another list's page would take that page away from it."""
    numbers = read(cache, LIST)
    cache.commit(LIST[1], numbers[1:], 300)
    cache.unpin(numbers)
    assert cached(cache, LIST[0]) == LIST
    assert cached(cache, LIST[1]) == []


def test_an_entry_that_is_being_read_outlives_its_replacement(
    cache: ResponseCache,
) -> None:
    cache.unpin(read(cache, LIST))
    old = cache.lookup(LIST[0], 300)
    cache.unpin(read(cache, LIST[:1]))
    assert [cache.get(number).body for number in old.values()] == LIST
    assert cached(cache, LIST[0]) == LIST[:1]
    cache.unpin(old.values())
    with pytest.raises(ValueError, match="not enough values"):
        cache.get(old[LIST[2]])


def test_a_wrong_response_invalidates_its_entry(cache: ResponseCache) -> None:
    numbers = read(cache, LIST)
    other = read(cache, [b"other"])
    cache.invalidate(numbers[1])
    assert cached(cache, LIST[0]) == []
    assert cache.get(numbers[0]).body == LIST[0]
    cache.unpin([numbers[0], numbers[2], *other])
    assert cached(cache, b"other") == [b"other"]


def test_clear_drops_all_but_what_is_pinned(cache: ResponseCache) -> None:
    cache.unpin(read(cache, LIST))
    numbers = read(cache, [b"other"])
    cache.clear()
    assert cached(cache, LIST[0]) == cached(cache, b"other") == []
    assert cache.get(numbers[0]).body == b"other"


# Size.


def test_the_oldest_entries_are_evicted(cache: ResponseCache) -> None:
    for number in range(8):
        cache.unpin(read(cache, [b"%d a" % number, b"%d b" % number], size=10 * KIB))
    left = [number for number in range(8) if cached(cache, b"%d a" % number)]
    assert left == [4, 5, 6, 7]


def test_an_entry_beyond_the_bound_serves_its_statement_alone(cache: ResponseCache) -> None:
    numbers = read(cache, [b"a", b"b"], size=80 * KIB)
    cache.unpin(read(cache, [b"c"], size=80 * KIB))
    assert [len(cache.get(number).body) for number in numbers] == [80 * KIB + 1] * 2
    cache.unpin(numbers)
    assert cached(cache, b"a") == []


def test_what_is_pinned_is_never_dropped(cache: ResponseCache) -> None:
    pinned = [read(cache, [b"%d" % number], size=90 * KIB)[0] for number in range(5)]
    cache.unpin([])
    assert [len(cache.get(number).body) for number in pinned] == [90 * KIB + 1] * 5


def test_threads(cache: ResponseCache) -> None:
    ready = threading.Barrier(6)
    failures: list[Exception] = []

    def work(name: bytes) -> None:
        ready.wait()
        try:
            for turn in range(40):
                keys = [b"%b %d %d" % (name, turn % 3, page) for page in range(3)]
                numbers = read(cache, keys)
                assert [cache.get(number).body for number in numbers] == keys
                cache.unpin(numbers)
                assert cached(cache, keys[0]) in (keys, [])
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(b"%d" % (n // 2),)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


# Growth.


def test_what_a_statement_costs_does_not_grow_with_what_is_cached(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[apsw.Connection] = []
    monkeypatch.setattr(apsw, "connection_hooks", [opened.append])
    cache = ResponseCache(10_000 * KIB, clock.now)
    steps = 0

    def count() -> bool:
        nonlocal steps
        steps += 1
        return False

    taken = []
    for number in range(1000):
        before = steps
        cache.unpin(read(cache, [f"{number}-{page}".encode() for page in range(2)]))
        if number == 0:
            opened[0].set_progress_handler(count, 1)
        taken.append(steps - before)
    cache.close()
    assert sum(taken[900:]) < 2 * sum(taken[1:101])
