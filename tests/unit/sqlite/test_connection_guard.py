"""The guard of a connection: whom it admits, and that an interrupt never leaves it locked."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import pytest

from billql.errors import InterfaceError, ProgrammingError
from billql.sqlite import _connection_guard
from billql.sqlite._connection_guard import ConnectionGuard


@contextmanager
def interrupt_at(moment: int, seen: list[str]) -> Iterator[None]:
    """Raise KeyboardInterrupt at one of the moments at which Python looks at its signals.

    It does so where a function begins and after a call into C returns; `seen` gets the moments of
    the guard's own code.
    """

    def look(frame: FrameType, event: str, argument: object) -> None:
        if frame.f_code.co_filename == _connection_guard.__file__ and event in ("call", "c_return"):
            seen.append(event)
            if len(seen) == moment:
                raise KeyboardInterrupt

    sys.setprofile(look)
    try:
        yield
    finally:
        sys.setprofile(None)


def is_free(guard: ConnectionGuard) -> bool:
    """Return whether the guard admits another thread."""
    found: list[bool] = []

    def enter() -> None:
        try:
            with guard:
                found.append(True)
        except ProgrammingError:
            found.append(False)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    return found == [True]


def interrupted_everywhere(guard: ConnectionGuard) -> Iterator[int]:
    """Enter and leave the guard, interrupted at each moment in turn; yield after each."""
    moment = 0
    while True:
        moment += 1
        seen: list[str] = []
        try:
            with interrupt_at(moment, seen), guard:
                pass
        except KeyboardInterrupt:
            pass
        yield moment
        if len(seen) < moment:
            return


def test_an_interrupt_on_the_way_in_or_out_leaves_it_free() -> None:
    guard = ConnectionGuard(object())
    for moment in interrupted_everywhere(guard):
        assert is_free(guard), f"interrupted at moment {moment}"
    assert moment > 2


def test_an_interrupt_of_a_nested_block_leaves_the_outer_one_held() -> None:
    guard = ConnectionGuard(object())
    with guard:
        for moment in interrupted_everywhere(guard):
            assert not is_free(guard), f"interrupted at moment {moment}"
    assert is_free(guard)


def test_another_thread_is_refused_and_an_interrupt_then_changes_nothing() -> None:
    guard = ConnectionGuard(object())
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with guard:
            entered.set()
            leave.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    entered.wait()
    refused = 0
    for moment in range(1, 20):
        error = pytest.raises((KeyboardInterrupt, ProgrammingError))
        with error as caught, interrupt_at(moment, []), guard:
            pass
        refused += caught.type is ProgrammingError
    assert refused
    leave.set()
    thread.join()
    assert is_free(guard)


def test_an_exception_in_the_block_leaves_it_free() -> None:
    guard = ConnectionGuard(object())
    with pytest.raises(KeyboardInterrupt), guard:
        raise KeyboardInterrupt
    assert is_free(guard)


def test_a_forked_copy_admits_nobody() -> None:
    guard = ConnectionGuard(object())
    guard.is_forked_copy = True
    with pytest.raises(InterfaceError, match="forked"), guard:
        pass
