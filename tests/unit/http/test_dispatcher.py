"""Which request runs when, however the thread that asks is interrupted."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from types import FrameType
from typing import Any

import pytest

from billql.errors import ClosedError, ConnectionFailed
from billql.http import _dispatcher as dispatcher_module
from billql.http._dispatcher import Dispatcher, Job

PATIENCE = 10


def job(run: Callable[[], object], *, key: str = "one", concurrency: int = 2) -> Job:
    future: Future[object] = Future()
    return Job(key, concurrency, threading.Event(), lambda: future.set_result(run()), future)


class InterruptAt:
    """Raises KeyboardInterrupt before the step `number` of what runs inside.

    A step is an instruction of the dispatcher, or a call of Python's own modules; but leaving a
    `with` is none, for an interrupt there leaves Python's own locks locked.
    """

    def __init__(self, number: int) -> None:
        self.left = number

    def __enter__(self) -> InterruptAt:
        self._before = sys.gettrace()
        sys.settrace(self._trace)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _trace(self, frame: FrameType, event: str, _: Any) -> Any:
        code = frame.f_code
        if code.co_filename == __file__:
            return None
        is_own = code.co_filename == dispatcher_module.__file__
        frame.f_trace_opcodes = is_own
        if event == "opcode" if is_own else event == "call" and code.co_name != "__exit__":
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt
        return self._trace


def _interrupt(step: int) -> bool:
    """Interrupt a request at one step; return whether there was such a step.

    Whatever happened to it, the next two run at once, and nothing is left at the end.
    """
    dispatcher = Dispatcher(2, lambda: None)
    first = job(lambda: None)
    try:
        with InterruptAt(step) as interrupt:
            dispatcher.submit(first)
    except KeyboardInterrupt:
        pass
    both = threading.Barrier(2, timeout=PATIENCE)
    later = [job(both.wait) for _ in range(2)]
    for one in later:
        dispatcher.submit(one)
    assert sorted(one.future.result(PATIENCE) for one in later) == [0, 1]
    dispatcher.close()
    return interrupt.left <= 0


def test_an_interrupt_at_any_step_loses_neither_a_thread_nor_a_place() -> None:
    steps = 1
    while _interrupt(steps):
        steps += 1
    assert steps > 50
    assert not [one for one in threading.enumerate() if one.name.startswith("billql-")]


def test_an_interrupt_while_closing_leaves_what_can_be_closed() -> None:
    step, there_was = 1, True
    while there_was:
        dispatcher = Dispatcher(2, lambda: None)
        held = job(lambda: None)
        dispatcher.submit(held)
        held.future.result(PATIENCE)
        try:
            with InterruptAt(step) as interrupt:
                dispatcher.close()
        except KeyboardInterrupt:
            pass
        dispatcher.close()
        with pytest.raises(ClosedError):
            dispatcher.submit(job(lambda: None))
        there_was, step = interrupt.left <= 0, step + 1
    assert step > 10


def test_closing_stops_what_runs_and_cancels_what_waits() -> None:
    dispatcher = Dispatcher(2, lambda: None)
    begun = threading.Event()

    def wait_for_stop() -> bool:
        begun.set()
        return running.stop.wait(PATIENCE)

    running = job(wait_for_stop, concurrency=1)
    waiting = job(lambda: None, concurrency=1)
    dispatcher.submit(running)
    dispatcher.submit(waiting)
    assert begun.wait(PATIENCE)
    dispatcher.close()
    assert running.future.result(0) is True
    assert waiting.future.cancelled()
    assert waiting.stop.is_set()


def test_a_shutdown_ends_the_threads_and_then_what_they_used() -> None:
    ended = threading.Event()
    dispatcher = Dispatcher(2, ended.set)
    done = job(lambda: 1)
    dispatcher.submit(done)
    dispatcher.shutdown_nowait()
    assert ended.wait(PATIENCE)
    assert done.future.result(0) == 1


def test_no_thread_left_is_an_error_of_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    dispatcher = Dispatcher(2, lambda: None)
    with monkeypatch.context() as full:
        full.setattr(dispatcher_module, "start_new_thread", refuse)
        with pytest.raises(ConnectionFailed, match="can't start new thread"):
            dispatcher.submit(job(lambda: None))
    with monkeypatch.context() as full:
        full.setattr(threading.Thread, "start", refuse)
        refused = job(lambda: None)
        dispatcher.submit(refused)
        with pytest.raises(ConnectionFailed, match="can't start new thread"):
            refused.future.result(PATIENCE)
    one = job(lambda: 1)
    dispatcher.submit(one)
    assert one.future.result(PATIENCE) == 1
    dispatcher.close()
