"""The processes of the crash cases: billql writes, dies, and what it leaves is looked at.

Runs the case that its argument names, `whole` or in a `sample` of its steps, in the folder and
with the address that follow; prints how often billql has died.
"""

from __future__ import annotations

import csv
import itertools
import json
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import apsw

from support import accounts

from . import dying

MINE = ("a0", "b0")

ROWS = """
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
    SELECT i, id, owner, amount, currency, hex(zeroblob(100)) AS filler
    FROM acme.billing.bills, n
"""

FILL = f"PRAGMA cache_size = 8; DROP TABLE IF EXISTS kept; CREATE TABLE kept AS {ROWS}"
"""With so small a cache SQLite writes to the file long before the commit."""


class Trial:
    """One command, tried again and again; each time it dies a little later."""

    def __init__(self, folder: Path, url: str, sample: bool) -> None:
        self.folder = folder / "files"
        self.folder.mkdir()
        self.sample = sample
        self.deaths = 0
        accounts.connect(folder, url, MINE).close()
        self._session = [
            *("--config", str(folder / f"{'-'.join(MINE)}.toml")),
            *("--definitions", str(folder)),
        ]
        self._draw = random.Random(7)

    def query(self, sql: str, *options: str) -> list[str]:
        """Give the command line of a query."""
        return ["query", *self._session, *options, sql]

    def at_steps(self, command: list[str], check: Callable[[], object]) -> None:
        """Let a command die at its first step, its second, …, until it lives to its end."""
        steps = itertools.count()
        for step in itertools.accumulate(self._strides()) if self.sample else steps:
            if dying.at_step(command, str(self.folder), step):
                break
            self.deaths += 1
            check()

    def at_sizes(self, command: list[str], size: int, check: Callable[[], object]) -> None:
        """Let a command die when it has written some of a file of a size."""
        count = 3 if self.sample else 20
        for part in range(count):
            if not dying.at_size(command, size * part // count):
                self.deaths += 1
            check()

    def at_times(self, command: list[str], longest: float, check: Callable[[], object]) -> None:
        """Kill a command at moments that are drawn, always the same ones."""
        for _ in range(3 if self.sample else 40):
            if not dying.at_time(command, self._draw.uniform(0.0, longest)):
                self.deaths += 1
            check()

    def _strides(self) -> Iterator[int]:
        while True:
            yield self._draw.randint(1, 40)

    def hidden(self) -> list[str]:
        """Name what is there beside the files that were asked for."""
        return sorted(path.name for path in self.folder.iterdir() if path.name.startswith("."))


def output(trial: Trial, ending: str) -> None:
    """A file is the old one or the new one, and what a killed process leaves, the next cleans."""
    path = trial.folder / f"bills{ending}"
    command = trial.query(ROWS, "--output", str(path))
    took = dying.alive(command)
    new = path.read_bytes()
    assert _count(path) == 100 * _bills(), "the file is not what was asked for"
    for old in (None, b"old\n"):

        def begin(old: bytes | None = old) -> None:
            path.unlink(missing_ok=True)
            if old is not None:
                path.write_bytes(old)

        def check(old: bytes | None = old) -> None:
            found = path.read_bytes() if path.exists() else None
            assert found in (old, new), f"{path.name} has {len(found or b'')} bytes"
            assert len(trial.hidden()) <= 1, f"killed processes leave {trial.hidden()}"
            begin(old)

        begin()
        trial.at_steps(command, check)
        begin()
        trial.at_sizes(command, len(new), check)
        trial.at_times(command, took * 1.2, check)
    dying.alive(command)
    assert path.read_bytes() == new
    assert not trial.hidden(), f"killed processes leave {trial.hidden()}"


def table(trial: Trial, journal: str) -> None:
    """A database is sound, and has the table whole, the old or the new, or not at all."""
    path = trial.folder / "bills.db"
    command = trial.query(FILL, "--db", str(path))
    whole = 100 * _bills()

    def check() -> None:
        with closing(apsw.Connection(str(path))) as database:
            assert database.pragma("integrity_check") == "ok"
            if database.pragma("table_list('kept')") is not None:
                assert database.execute("SELECT count(*) FROM kept").get == whole

    with closing(apsw.Connection(str(path))) as database:
        assert database.pragma("journal_mode", journal) == journal
    if journal == "delete":  # what counts steps has no shared memory, which the other one needs
        trial.at_steps(command, check)
    took = dying.alive(command)
    if journal == "delete":
        trial.at_steps(command, check)
    trial.at_times(command, took * 1.2, check)
    dying.alive(command)
    check()
    assert sorted(path.name for path in trial.folder.iterdir()) == ["bills.db"]


def cache(trial: Trial) -> None:
    """A cache serves whole readings alone, and survives."""
    folder = trial.folder / "cache"
    seen = trial.folder / "seen.csv"
    read = trial.query("SELECT owner, id, amount FROM acme.billing.bills", "--cache", str(folder))
    expected = sorted(
        [one, bill["id"], str(bill["amount"])] for one in MINE for bill in accounts.bills(one)
    )

    def check() -> None:
        dying.alive([*read, "--output", str(seen)])
        assert sorted(_csv(seen)) == expected
        dying.alive([*read, "--output", str(seen), "--max-requests", "0"])
        assert sorted(_csv(seen)) == expected
        seen.unlink()
        assert [path.name for path in folder.iterdir()] == ["responses.db"]
        with closing(apsw.Connection(str(folder / "responses.db"))) as database:
            assert database.pragma("integrity_check") == "ok"
        (folder / "responses.db").unlink()

    quiet = [*read, "--output", "/dev/null", "--format", "csv"]
    trial.at_steps(quiet, check)
    trial.at_times(quiet, dying.alive(quiet) * 1.2, check)


def _bills() -> int:
    return sum(len(accounts.bills(account)) for account in MINE)


def _count(path: Path) -> int:
    """Count the rows of a file, reading all of it."""
    match path.suffix:
        case ".csv":
            return len(_csv(path))
        case ".json":
            return len(json.loads(path.read_text()))
        case _:
            import pyarrow.parquet

            return int(pyarrow.parquet.read_table(path).num_rows)


def _csv(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))[1:]


CASES: dict[str, Callable[[Trial], object]] = {
    "query --output bills.csv": lambda trial: output(trial, ".csv"),
    "query --output bills.json": lambda trial: output(trial, ".json"),
    "query --output bills.parquet": lambda trial: output(trial, ".parquet"),
    "CREATE TABLE AS in a file": lambda trial: table(trial, "delete"),
    "CREATE TABLE AS in a file with a write-ahead log": lambda trial: table(trial, "wal"),
    "query --cache": cache,
}

if __name__ == "__main__":
    name, extent, place, url = sys.argv[1:]
    trial = Trial(Path(place), url, sample=extent == "sample")
    CASES[name](trial)
    print(trial.deaths)
