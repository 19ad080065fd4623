"""Runs every case and prints a table: `make assurance`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence

from . import everything
from .case import Result
from .running import results, work

OUTCOMES = ("right", "clear error", None)


def main() -> int:
    """Run the cases and tell what came of them; 1 if one has failed."""
    parser = argparse.ArgumentParser(prog="assurance", description=__doc__)
    parser.add_argument("words", nargs="*", help="only cases with these words in their names")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        # What a case prints is no answer.
        answers = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)
        work(everything(), sys.stdin, answers)
        return 0
    chosen = [
        number
        for number, case in enumerate(everything())
        if all(word in f"{case.promise} {case.name}" for word in options.words)
    ]
    start = time.monotonic()
    found = []
    for result in results(everything(), chosen):
        found.append(result)
        if result.outcome is None:
            print(f"FAILED {result.promise}: {result.name}: {result.told}", flush=True)
    _print(found)
    failures = sum(result.outcome is None for result in found)
    print(f"\n{len(found)} cases in {time.monotonic() - start:.0f} seconds, failures {failures}")
    return 1 if failures else 0


def _print(found: Sequence[Result]) -> None:
    rows: list[tuple[str, ...]] = [
        ("promise", "cases tried", "answers right", "errors clear", "failures", "longest")
    ]
    for promise in dict.fromkeys(result.promise for result in found):
        own = [result for result in found if result.promise == promise]
        counts = [sum(one.outcome == outcome for one in own) for outcome in OUTCOMES]
        longest = max(one.seconds for one in own)
        rows.append((promise, str(len(own)), *map(str, counts), f"{longest:.1f} s"))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        cells = [word.rjust(size) for word, size in zip(others, widths[1:], strict=True)]
        print("  ".join([first.ljust(widths[0]), *cells]))


if __name__ == "__main__":
    sys.exit(main())
