"""Runs cases in processes of their own, so that one that crashes or hangs fails and no other does.

A worker is `python -m assurance --worker`: it reads numbers of cases from stdin and writes a line
of JSON for each. Two of them run beside each other, since most cases wait more than they work.
"""

from __future__ import annotations

import json
import queue
import select
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import IO

from .case import Case, Result, judge

WORKERS = 2
LONGEST = 300.0
"""After how many seconds of silence a case counts as a hang."""


def work(cases: Sequence[Case], numbers: Iterable[str], answers: IO[str]) -> None:
    """Judge the cases whose numbers come, one after the other."""
    for number in numbers:
        answers.write(json.dumps(judge(cases[int(number)])) + "\n")
        answers.flush()


def results(cases: Sequence[Case], numbers: Sequence[int]) -> Iterator[Result]:
    """Run some cases; gives what came of each as it comes."""
    left: queue.SimpleQueue[int] = queue.SimpleQueue()
    found: queue.SimpleQueue[Result] = queue.SimpleQueue()
    for number in numbers:
        left.put(number)
    for _ in range(WORKERS):
        threading.Thread(target=_drive, args=(cases, left, found), daemon=True).start()
    for _ in numbers:
        yield found.get()


def _drive(
    cases: Sequence[Case], left: queue.SimpleQueue[int], found: queue.SimpleQueue[Result]
) -> None:
    """Keep one worker busy; where it dies, the case is a failure and another worker begins."""
    worker = None
    while not left.empty():
        try:
            number = left.get_nowait()
        except queue.Empty:
            break
        worker = worker or _worker()
        line = _asked(worker, number)
        if line is None:
            why = _ended(worker)
            worker = None
            case = cases[number]
            found.put(Result(case.promise, case.name, None, why, LONGEST))
        else:
            found.put(Result(*json.loads(line)))
    if worker is not None:
        assert worker.stdin is not None
        worker.stdin.close()
        worker.wait()


def _worker() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "assurance", "--worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _asked(worker: subprocess.Popen[str], number: int) -> str | None:
    """Let a worker run a case; gives its line, or None if it has died or is silent."""
    assert worker.stdin is not None
    assert worker.stdout is not None
    try:
        worker.stdin.write(f"{number}\n")
        worker.stdin.flush()
    except BrokenPipeError:
        return None
    ready, _, _ = select.select([worker.stdout], [], [], LONGEST)
    return worker.stdout.readline() or None if ready else None


def _ended(worker: subprocess.Popen[str]) -> str:
    """End a worker that sent no response, and say why it did not."""
    try:
        code = worker.wait(5)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait()
        return f"it hung: nothing was received for {LONGEST:.0f} seconds"
    return f"the process died with code {code}"
