"""Runs every case and prints a table: `make assurance`.

Cases run in two processes, since most of them wait. Two seconds of silence or a pause before a
second attempt are what they measure, not what they work.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from multiprocessing import get_context

from . import everything
from .case import Result, judge

PROCESSES = 2


def main() -> int:
    """Run the cases and tell what came of them; 1 if one has failed."""
    parser = argparse.ArgumentParser(prog="assurance", description=__doc__)
    parser.add_argument("words", nargs="*", help="only cases with these words in their names")
    words = parser.parse_args().words
    chosen = [
        number
        for number, case in enumerate(everything())
        if all(word in f"{case.promise} {case.name}" for word in words)
    ]
    start = time.monotonic()
    results = []
    with get_context("fork").Pool(PROCESSES, maxtasksperchild=50) as pool:
        for result in pool.imap_unordered(_judged, chosen):
            results.append(result)
            if result.outcome is None:
                print(f"FAILED {result.promise}: {result.name}: {result.told}", flush=True)
    _print(results)
    failures = sum(result.outcome is None for result in results)
    print(f"\n{len(results)} cases in {time.monotonic() - start:.0f} seconds, failures {failures}")
    return 1 if failures else 0


def _judged(number: int) -> Result:
    return judge(everything()[number])


def _print(results: Sequence[Result]) -> None:
    titles = ("promise", "cases tried", "answers right", "errors clear", "failures", "longest")
    rows: list[tuple[str, ...]] = [titles]
    for promise in dict.fromkeys(result.promise for result in results):
        own = [result for result in results if result.promise == promise]
        count = {word: sum(one.outcome == word for one in own) for word in OUTCOMES}
        longest = max(one.seconds for one in own)
        rows.append((promise, str(len(own)), *map(str, count.values()), f"{longest:.1f} s"))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        first, *others = row
        cells = [word.rjust(size) for word, size in zip(others, widths[1:], strict=True)]
        print("  ".join([first.ljust(widths[0]), *cells]))


OUTCOMES = ("right", "clear error", None)

if __name__ == "__main__":
    sys.exit(main())
