"""The scheduler: which requests are on their way across lists, without a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import pytest

from billql.errors import Interrupted
from billql.fetching._scheduler import Lookahead, Scheduler
from billql.messages import Response


class FakeSource:
    """A list of numbered pages: with `announces`, the first one makes all the others known."""

    def __init__(self, name: str, pages: int, sent: list[str], *, announces: bool = True) -> None:
        self._name = name
        self._pages = pages
        self._announces = announces
        self._known = 1
        self._log = sent
        self._sent: list[Future[Response]] = []
        self._arrived = 0
        self._read = 0

    @property
    def pending(self) -> int:
        return len(self._sent) - self._read

    @property
    def coming(self) -> Future[Response] | None:
        return self._sent[self._arrived] if self._arrived < len(self._sent) else None

    def send_next(self) -> bool:
        if len(self._sent) == self._known:
            return False
        self._sent.append(Future())
        self._log.append(f"{self._name}{len(self._sent)}")
        return True

    def decode_arrived(self) -> None:
        while (coming := self.coming) is not None and coming.done():
            self._arrived += 1
            known = self._pages if self._announces else self._arrived + 1
            self._known = min(self._pages, max(self._known, known))

    def arrive(self, count: int = 1) -> None:
        """Let the next pages arrive."""
        for future in self._sent[self._arrived : self._arrived + count]:
            future.set_result(Response(b"", ""))
        self.decode_arrived()

    def read(self) -> None:
        """Take a page that has arrived."""
        assert self._read < self._arrived
        self._read += 1


class FakeReader:
    def __init__(self, source: FakeSource) -> None:
        self.source = source


def lookahead(**changes: Any) -> Lookahead:
    known: dict[str, Any] = {
        "concurrency": 2,
        "has_several_lists": False,
        "is_random_access": True,
        "page_size": 10,
        "wanted": None,
        "stops_early": lambda: False,
        **changes,
    }
    return Lookahead(**known)


class Lists:
    """Lists a, b, c … of some pages each, under a scheduler."""

    def __init__(
        self,
        *pages: int,
        announces: bool = True,
        check: Callable[[], None] = lambda: None,
        sends_requests: bool = True,
        **changes: Any,
    ) -> None:
        self.sent: list[str] = []
        self.begun: list[FakeReader] = []
        self._announces = announces
        self.ahead = lookahead(has_several_lists=len(pages) > 1, **changes)
        self.scheduler = Scheduler(
            self.readers("abcdefgh", *pages), self.ahead, check, sends_requests=sends_requests
        )

    def readers(self, names: str, *pages: int) -> Iterator[FakeReader]:
        for name, count in zip(names, pages, strict=False):
            source = FakeSource(name, count, self.sent, announces=self._announces)
            self.begun.append(FakeReader(source))
            yield self.begun[-1]


# How many may be ahead.


@pytest.mark.parametrize(
    ("changes", "window"),
    [
        ({}, 4),
        ({"is_random_access": False}, 1),
        ({"is_random_access": False, "has_several_lists": True}, 4),
        ({"stops_early": lambda: True}, 1),
        ({"wanted": 100}, 4),
        ({"wanted": 25}, 3),
        ({"wanted": 25, "rows_known": 20}, 1),
        ({"wanted": 25, "rows_known": 30}, 0),
        ({"wanted": 3, "page_size": None}, 3),
        ({"wanted": 100, "stops_early": lambda: True}, 4),
    ],
)
def test_the_window(changes: dict[str, Any], window: int) -> None:
    assert lookahead(**changes).window == window


@pytest.mark.parametrize(
    ("changes", "begins"),
    [
        ({}, False),
        ({"has_several_lists": True}, True),
        ({"has_several_lists": True, "wanted": 5}, False),
        ({"has_several_lists": True, "stops_early": lambda: True}, False),
    ],
)
def test_only_several_lists_are_begun_together(changes: dict[str, Any], begins: bool) -> None:
    assert lookahead(**changes).begins_at_once is begins


# One list.


def test_nothing_is_ahead_of_the_first_rows() -> None:
    lists = Lists(10)
    reader = next(lists.scheduler.readers())
    assert reader.source.send_next()
    reader.source.arrive()
    lists.scheduler.wait_for(reader)
    assert lists.sent == ["a1"]
    lists.scheduler.look_ahead()
    assert lists.sent == ["a1", "a2", "a3", "a4"]


def test_a_page_that_was_read_makes_room_for_another() -> None:
    lists = Lists(10)
    reader = next(lists.scheduler.readers())
    reader.source.send_next()
    reader.source.arrive()
    reader.source.read()
    lists.scheduler.look_ahead()
    assert lists.sent[1:] == ["a2", "a3", "a4", "a5"]
    reader.source.arrive(2)
    lists.scheduler.look_ahead()
    assert len(lists.sent) == 5
    reader.source.read()
    lists.scheduler.look_ahead()
    assert lists.sent[5:] == ["a6"]


def test_the_first_request_can_be_sent_before_anything_is_read() -> None:
    lists = Lists(10)
    lists.scheduler.begin()
    assert lists.sent == ["a1"]
    assert next(lists.scheduler.readers()) is lists.begun[0]
    assert len(lists.begun) == 1


def test_where_nothing_may_be_sent_nothing_is_ahead() -> None:
    lists = Lists(10, 10, sends_requests=False)
    reader = next(lists.scheduler.readers())
    reader.source.send_next()
    reader.source.arrive()
    lists.scheduler.look_ahead()
    assert lists.sent == ["a1"]


# Several lists.


def test_lists_are_begun_only_when_there_is_room() -> None:
    lists = Lists(1, 1, 1, 1, 1, 1)
    readers = lists.scheduler.readers()
    reader = next(readers)
    reader.source.send_next()
    lists.scheduler.look_ahead()
    assert lists.sent == ["a1", "b1", "c1", "d1"]
    assert len(lists.begun) == 4
    reader.source.arrive()
    reader.source.read()
    assert next(readers) is lists.begun[1]
    lists.scheduler.look_ahead()
    assert lists.sent[4:] == ["e1"]


def test_the_list_that_is_being_read_goes_first() -> None:
    lists = Lists(3, 3, announces=False)
    reader = next(lists.scheduler.readers())
    reader.source.send_next()
    lists.scheduler.look_ahead()
    assert lists.sent == ["a1", "b1"]
    lists.begun[1].source.arrive()
    reader.source.arrive()
    lists.scheduler.look_ahead()
    assert lists.sent[2:] == ["a2", "b2"]


def test_lists_that_are_added_follow_the_others() -> None:
    lists = Lists(1)
    readers = lists.scheduler.readers()
    next(readers)
    lists.scheduler.add(lists.readers("xy", 1, 1))
    assert [one.source for one in readers] == [one.source for one in lists.begun[1:]]
    assert len(lists.begun) == 3


# Waiting.


def test_what_arrives_while_waiting_leads_to_more_requests() -> None:
    def step() -> None:
        # The second list's page arrives first, then the one that is waited for.
        if "b2" not in lists.sent:
            lists.begun[1].source.arrive()
        else:
            lists.begun[0].source.arrive()

    lists = Lists(2, 2, announces=False, check=step)
    reader = next(lists.scheduler.readers())
    reader.source.send_next()
    lists.scheduler.look_ahead()
    lists.scheduler.wait_for(reader)
    assert lists.sent == ["a1", "b1", "b2", "a2"]


def test_a_statement_that_must_end_does_not_wait() -> None:
    def check() -> None:
        raise Interrupted

    lists = Lists(1, check=check)
    reader = next(lists.scheduler.readers())
    reader.source.send_next()
    with pytest.raises(Interrupted):
        lists.scheduler.wait_for(reader)
    reader.source.arrive()
    lists.scheduler.wait_for(reader)
