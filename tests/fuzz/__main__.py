"""Lets atheris look for what breaks a property: `make fuzz`.

    PYTHONPATH=tests python -m fuzz [TARGET …] [--seconds N]

Each target has a process of its own, because atheris ends it. What led to new lines of billql is
kept in build/fuzz/TARGET, where the next run goes on. An example that breaks a property is printed,
and its bytes are kept beside that folder: `python -m fuzz.target TARGET FILE` tries it again.
"""

from __future__ import annotations

import argparse
import random
import re
import subprocess
import sys
from pathlib import Path

from . import everything

CORPORA = Path("build") / "fuzz"


def main() -> int:
    """Run the targets and tell how much was tried; 1 if a property does not hold."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(everything()))
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default: 60)")
    options = parser.parse_args()
    unknown = set(options.targets) - everything().keys()
    if unknown:
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    broken = 0
    for name in options.targets or everything():
        code, tried = _run(name, options.seconds)
        print(f"{name:18}{tried:>10} examples  {'holds' if code == 0 else 'BROKEN'}", flush=True)
        broken += code != 0
    return 1 if broken else 0


def _run(name: str, seconds: int) -> tuple[int, str]:
    """Run one target; gives its exit code, and how many examples it has tried."""
    corpus = CORPORA / name
    if not corpus.is_dir():
        corpus.mkdir(parents=True)
        for number in range(20):  # an empty corpus begins with examples that are too small
            seed = random.Random(number).randbytes(2048)
            (corpus / f"seed-{number}").write_bytes(seed)
    bounds = [f"-max_total_time={seconds}", "-timeout=60", "-rss_limit_mb=3000", "-max_len=8192"]
    told = [f"-artifact_prefix={corpus.parent}/{name}-", "-print_final_stats=1"]
    command = [sys.executable, "-m", "fuzz.target", name, *bounds, *told, str(corpus)]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, errors="replace", check=False)
    if done.returncode != 0:
        lines = done.stderr.splitlines()
        print("\n".join(line for line in lines if not line.startswith(("#", "INFO", "WARNING"))))
    tried = re.findall(r"number_of_executed_units: (\d+)|^#(\d+)", done.stderr, re.MULTILINE)
    return done.returncode, "".join(tried[-1]) if tried else "0"


if __name__ == "__main__":
    sys.exit(main())
