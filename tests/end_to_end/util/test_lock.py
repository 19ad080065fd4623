"""A lock is free after an interrupt, wherever that comes."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from billql.util.lock import Lock


class Before(Lock):  # type: ignore[misc]  # as Lock itself
    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        raise KeyboardInterrupt


class After(Lock):  # type: ignore[misc]  # as Lock itself
    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        super().acquire(blocking, timeout)
        raise KeyboardInterrupt


def free(lock: Lock) -> bool:
    """Return whether another thread can take a lock."""
    found: list[bool] = []
    thread = threading.Thread(target=lambda: found.append(Lock.acquire(lock, timeout=0)))
    thread.start()
    thread.join()
    return found == [True]


@pytest.mark.parametrize("kind", [Before, After])
def test_an_interrupt_on_the_way_in_leaves_it_free(kind: type[Lock]) -> None:
    lock = kind()
    with pytest.raises(KeyboardInterrupt), lock:
        pass
    assert free(lock)


def test_it_is_held_within_the_block_and_free_after_it() -> None:
    lock = Lock()
    with lock:
        assert not free(lock)
    assert free(lock)
    lock = Lock()
    with pytest.raises(KeyboardInterrupt), lock:
        raise KeyboardInterrupt
    assert free(lock)


HAMMERED = """
import signal, threading, time
from billql.util.lock import Lock

lock, over, entered = Lock(), time.monotonic() + 1, 0

class Over(Exception):
    pass

def contend():
    while time.monotonic() < over:
        with lock:
            pass

def interrupt():
    main = threading.main_thread().ident
    while time.monotonic() < over - 0.2:
        time.sleep(0.003)
        signal.pthread_kill(main, signal.SIGINT)

def enter():
    global entered
    while True:
        try:
            while True:
                with lock:
                    entered += 1
                if time.monotonic() > over:
                    raise Over
        except KeyboardInterrupt:
            pass

threads = [threading.Thread(target=contend, daemon=True) for _ in range(3)]
threads.append(threading.Thread(target=interrupt, daemon=True))
while True:
    try:
        for thread in threads:
            if thread.ident is None:
                thread.start()
        enter()
    except KeyboardInterrupt:
        pass
    except Over:
        break
print("free", entered > 0)
"""


def test_interrupts_in_quick_succession_leave_it_free() -> None:
    command = [sys.executable, "-c", HAMMERED]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.returncode) == ("free True\n", 0), done.stderr
