"""ResponseCache that are kept for the statements of a session."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from billql.fetching.response_cache import ResponseCache, cache_key
from billql.messages import Request, Response
from support.asking import connection, get
from support.clock import FakeClock

KIB = 1024
LIST = [b"page 1", b"page 2", b"page 3"]


def answer(body: bytes | str = b"{}") -> Response:
    return Response(body.encode() if isinstance(body, str) else body, "application/json")


@pytest.fixture
def answers(clock: FakeClock) -> Iterator[ResponseCache]:
    kept = ResponseCache(100 * KIB, clock.now)
    yield kept
    kept.close()


def read(answers: ResponseCache, keys: list[bytes], keep: float = 300, size: int = 0) -> list[int]:
    """Read a list as a statement does; gives the numbers of its pages, which are pinned."""
    numbers = [answers.put(key, answer(key + b"." * size)) for key in keys]
    answers.commit(keys[0], numbers, keep)
    return numbers


def recalled(answers: ResponseCache, first: bytes, keep: float = 300) -> list[bytes]:
    """Recall a list as a statement does; gives the bodies of its pages."""
    found = answers.lookup(first, keep)
    bodies = [answers.get(number).body for number in found.values()]
    answers.unpin(found.values())
    return bodies


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


def test_what_is_pinned_can_be_read(answers: ResponseCache) -> None:
    headers = {"content-disposition": 'attachment; filename="ü.pdf"', "link": "<a>"}
    whole = Response(b"\0\xff" * 1000, "application/pdf", headers)
    number = answers.put(b"key", whole)
    other = answers.put(b"key", answer())
    assert number != other
    assert answers.get(number) == whole
    assert answers.get(other) == answer()


def test_what_nobody_pins_and_nobody_may_see_is_gone(answers: ResponseCache) -> None:
    number = answers.put(b"key", answer())
    answers.unpin([number])
    with pytest.raises(ValueError, match="not enough values"):
        answers.get(number)


# Readings.


def test_a_whole_reading_is_recalled(answers: ResponseCache) -> None:
    answers.unpin(read(answers, LIST))
    assert recalled(answers, LIST[0]) == LIST
    assert recalled(answers, LIST[1]) == []


def test_what_is_not_published_is_not_recalled(answers: ResponseCache) -> None:
    numbers = [answers.put(key, answer()) for key in LIST]
    assert recalled(answers, LIST[0]) == []
    answers.unpin(numbers)
    assert recalled(answers, LIST[0]) == []


def test_nothing_is_recalled_from_nothing(answers: ResponseCache) -> None:
    assert recalled(answers, b"key") == []
    answers.unpin([])
    answers.clear()


def test_a_reading_is_forgotten_in_time(answers: ResponseCache, clock: FakeClock) -> None:
    answers.unpin(read(answers, LIST, keep=300))
    clock.turn(299)
    assert recalled(answers, LIST[0]) == LIST
    clock.turn(2)
    assert recalled(answers, LIST[0]) == []


def test_the_reader_may_ask_for_fresher_answers(answers: ResponseCache, clock: FakeClock) -> None:
    answers.unpin(read(answers, LIST, keep=300))
    clock.turn(20)
    assert recalled(answers, LIST[0], keep=10) == []
    assert recalled(answers, LIST[0], keep=30) == LIST


def test_what_a_definition_states_goes_before_what_the_reader_asks(
    answers: ResponseCache, clock: FakeClock
) -> None:
    numbers = [answers.put(key, answer(key)) for key in LIST]
    answers.commit(LIST[0], numbers, 86400, ttl_is_from_definition=True)
    answers.unpin(numbers)
    clock.turn(80000)
    assert recalled(answers, LIST[0], keep=10) == LIST
    clock.turn(7000)
    assert recalled(answers, LIST[0], keep=10) == []


def test_a_new_reading_takes_the_place_of_the_old_one(answers: ResponseCache) -> None:
    answers.unpin(read(answers, LIST))
    numbers = [answers.put(key, answer(b"new " + key)) for key in LIST[:2]]
    answers.commit(LIST[0], numbers, 300)
    answers.unpin(numbers)
    assert recalled(answers, LIST[0]) == [b"new page 1", b"new page 2"]


def test_readings_never_mix(answers: ResponseCache) -> None:
    """A list that begins on another list's page would take that page away from it."""
    numbers = read(answers, LIST)
    answers.commit(LIST[1], numbers[1:], 300)
    answers.unpin(numbers)
    assert recalled(answers, LIST[0]) == LIST
    assert recalled(answers, LIST[1]) == []


def test_who_reads_an_old_reading_keeps_it_while_a_new_one_is_published(
    answers: ResponseCache,
) -> None:
    answers.unpin(read(answers, LIST))
    old = answers.lookup(LIST[0], 300)
    answers.unpin(read(answers, LIST[:1]))
    assert [answers.get(number).body for number in old.values()] == LIST
    assert recalled(answers, LIST[0]) == LIST[:1]
    answers.unpin(old.values())
    with pytest.raises(ValueError, match="not enough values"):
        answers.get(old[LIST[2]])


def test_an_untrue_answer_takes_its_reading_along(answers: ResponseCache) -> None:
    numbers = read(answers, LIST)
    other = read(answers, [b"other"])
    answers.invalidate(numbers[1])
    assert recalled(answers, LIST[0]) == []
    assert answers.get(numbers[0]).body == LIST[0]
    answers.unpin([numbers[0], numbers[2], *other])
    assert recalled(answers, b"other") == [b"other"]


def test_clear_forgets_all_but_what_is_pinned(answers: ResponseCache) -> None:
    answers.unpin(read(answers, LIST))
    numbers = read(answers, [b"other"])
    answers.clear()
    assert recalled(answers, LIST[0]) == recalled(answers, b"other") == []
    assert answers.get(numbers[0]).body == b"other"


# Size.


def test_the_oldest_readings_make_room(answers: ResponseCache) -> None:
    for number in range(8):
        answers.unpin(read(answers, [b"%d a" % number, b"%d b" % number], size=10 * KIB))
    kept = [number for number in range(8) if recalled(answers, b"%d a" % number)]
    assert kept == [4, 5, 6, 7]


def test_a_reading_beyond_the_bound_serves_its_statement_alone(answers: ResponseCache) -> None:
    numbers = read(answers, [b"a", b"b"], size=80 * KIB)
    answers.unpin(read(answers, [b"c"], size=80 * KIB))
    assert [len(answers.get(number).body) for number in numbers] == [80 * KIB + 1] * 2
    answers.unpin(numbers)
    assert recalled(answers, b"a") == []


def test_what_is_pinned_is_never_dropped(answers: ResponseCache) -> None:
    pinned = [read(answers, [b"%d" % number], size=90 * KIB)[0] for number in range(5)]
    answers.unpin([])
    assert [len(answers.get(number).body) for number in pinned] == [90 * KIB + 1] * 5


def test_threads(answers: ResponseCache) -> None:
    ready = threading.Barrier(6)
    failures: list[Exception] = []

    def work(name: bytes) -> None:
        ready.wait()
        try:
            for turn in range(40):
                keys = [b"%b %d %d" % (name, turn % 3, page) for page in range(3)]
                numbers = read(answers, keys)
                assert [answers.get(number).body for number in numbers] == keys
                answers.unpin(numbers)
                assert recalled(answers, keys[0]) in (keys, [])
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(b"%d" % (n // 2),)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
