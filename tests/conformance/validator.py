"""The Foundation's validator: which of its rules a file of FOCUS 1.2 fails."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

_TOTAL = re.compile(r"^Total: (\d+) \| Pass: (\d+) \| Fail: (\d+) \| Skipped: (\d+)$", re.MULTILINE)
_FAILED = re.compile(r"^❌ ([\w-]+): FAIL\b", re.MULTILINE)


class Verdict(NamedTuple):
    """What the validator says about a file."""

    passed: int
    skipped: int
    failed: frozenset[str]
    """The rules that failed, those that blame another rule too: two may blame each other."""


def judge(environment: Path, file: Path, supports: Sequence[str]) -> Verdict:
    """Return what the validator says about a file; `supports` is what its provider supports.

    Raise SystemExit with its output if it says nothing. Its exit code is 0 in any case.
    """
    # It opens a file of its package by a path from the folder that holds the package.
    (folder,) = environment.glob("lib/python*/site-packages")
    criteria = ",".join(f"{name}_SUPPORTED" for name in supports)
    done = subprocess.run(
        [
            environment / "bin" / "focus-validator",
            *("--data-file", file.resolve(), "--validate-version", "1.2"),
            *("--block-download", "--show-violations"),
            *(("--applicability-criteria", criteria) if criteria else ()),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    return read(done.stdout) or _silent(done.stdout + done.stderr)


def read(output: str) -> Verdict | None:
    """Return the verdict that the validator has printed; None if there is none."""
    total = _TOTAL.search(output)
    if total is None:
        return None
    failed = frozenset(_FAILED.findall(output))
    _, passed, count, skipped = map(int, total.groups())
    if len(failed) != count:
        raise SystemExit(f"It counts {count} failed rules and names {sorted(failed)}")
    return Verdict(passed, skipped, failed)


def _silent(output: str) -> Verdict:
    raise SystemExit(f"focus-validator has printed no result:\n{output}")
