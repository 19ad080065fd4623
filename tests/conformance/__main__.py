"""Checks files that `billql focus export` writes over the sandbox: `make focus`.

    PYTHONPATH=tests python -m conformance

The Foundation's validator reads those of 1.2 that `floors.yaml` names; focus-data-toolkit, and our
own checks, the four datasets of 1.4. The rows of every invoice are added up. Ends with 1 if
something else than the floors fails.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet
import yaml

import billql
from billql.definitions.catalog import Catalog
from billql.sandbox import Sandbox
from support import focus

from . import sums, validator

ENVIRONMENT = Path(sys.prefix) / "focus"
"""Where `make focus` installs the validator."""
FLOORS = Path(__file__).with_name("floors.yaml")
FILES = (
    ("cost_and_usage", None),
    ("daily_estimates", None),
    ("contract_commitments", None),
    ("billing_periods", None),
    ("revenue", "metronome"),
    ("revenue", "stripe"),
    ("invoice_details", "stripe"),
)
"""The files of 1.4: a view, and the one provider whose rows it has, or those of all."""
SOLD_BY = ("digitalocean", "stripe", "metronome")
"""The providers whose invoices are added up."""


class Books:
    """The sandbox, what is exported from it, and how that went."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self._folder = folder
        catalog = Catalog()
        self._accounts = {
            name: {
                f"BILLQL_{name.upper()}_URL": sandbox.urls[name],
                catalog.provider(name).auth.env_vars()[0]: sandbox.tokens[name],
            }
            for name in SOLD_BY
        }
        self.is_well = True

    def environ(self, provider: str) -> dict[str, str]:
        """Return the environment of who has an account at one provider alone."""
        known = {"PATH": os.environ["PATH"], "HOME": str(self._folder)}
        return known | self._accounts[provider]

    def export(self, view: str, version: str, provider: str | None, ending: str) -> Path:
        """Return a file that the command has written."""
        file = self._folder / f"{provider}-{view}-{version}.{ending}"
        command = [sys.executable, "-m", "billql", "focus", "export", "--view", view]
        command += ["--version", version, "--output", str(file)]
        if provider is None:
            environ = {"PATH": os.environ["PATH"], "HOME": str(self._folder)}
            command.append("--sandbox")
        else:
            environ = self.environ(provider)
            command += ["--cache", str(self._folder / "cache")]
        subprocess.run(command, env=environ, check=True)
        return file

    def tell(self, what: str, fault: object) -> None:
        """Print a line; a fault that is not empty makes the whole a failure."""
        self.is_well = self.is_well and not fault
        print(f"{what}: {f'FAILS: {fault}' if fault else 'as expected'}", flush=True)


def main() -> int:
    """Run the checks."""
    with (
        Sandbox(catalog=Catalog(), providers=SOLD_BY) as sandbox,
        tempfile.TemporaryDirectory() as folder,
    ):
        books = Books(sandbox, Path(folder))
        for floor in yaml.safe_load(FLOORS.read_text()):
            _validate(books, floor)
        files = {
            (view, provider): books.export(view, "1.4", provider, "csv") for view, provider in FILES
        }
        for (view, provider), file in files.items():
            _lint(books, view, provider, file)
        for what, fault in _sums(books):
            books.tell(what, fault)
    return 0 if books.is_well else 1


def _validate(books: Books, floor: Mapping[str, Any]) -> None:
    file = books.export(floor["view"], "1.2", floor["provider"], "parquet")
    count = pyarrow.parquet.read_metadata(file).num_rows
    verdict = validator.judge(ENVIRONMENT, file, floor["supports"])
    passed, skipped = verdict.passed, verdict.skipped
    books.tell(
        f"focus-validator, {floor['provider']} {floor['view']} in 1.2: {count} rows, {passed} "
        f"rules pass, {skipped} are not decided, {len(floor['fails'])} are floors",
        sorted(verdict.failed ^ floor["fails"].keys()),
    )


def _rows(file: Path) -> list[dict[str, str]]:
    csv.field_size_limit(1 << 30)
    with file.open(newline="") as lines:
        return list(csv.DictReader(lines))


def _lint(books: Books, view: str, provider: str | None, file: Path) -> None:
    rows = _rows(file)
    title = f"{provider or 'all providers'} {view} in 1.4: {len(rows)} rows"
    books.tell(f"focus-data-toolkit, {title}", focus.lint(view, rows))
    values = ({name: text or None for name, text in row.items()} for row in rows)
    books.tell(f"our own checks, {title}", focus.faults(view, values))


def _sums(books: Books) -> Iterator[tuple[str, object]]:
    def exported(view: str, provider: str) -> Sequence[Mapping[str, Any]]:
        file = books.export(view, "1.3", provider, "parquet")
        columns = ["InvoiceId", "BilledCost", "x_CostBasis"]
        return pyarrow.parquet.read_table(file, columns=columns).to_pylist()

    for provider in SOLD_BY:
        with billql.connect(environ=books.environ(provider), autocommit=True) as connection:
            if provider == "digitalocean":
                invoiced = sums.of_digitalocean(connection)
                rows = exported("cost_and_usage", provider)
                closed = [row for row in rows if row["x_CostBasis"] == "invoiced"]
                wrong = sums.differing(sums.of_rows(closed), invoiced)
                yield f"{len(invoiced)} months of DigitalOcean add up", wrong
            elif provider == "stripe":
                invoiced, currencies = sums.of_stripe(connection)
                wrong = sums.differing(sums.of_rows(exported("revenue", provider)), invoiced)
                yield f"{len(invoiced)} bills of Stripe add up ({_counted(currencies)})", wrong
            else:
                invoiced = sums.of_metronome(connection)
                wrong = sums.differing(sums.of_rows(exported("revenue", provider)), invoiced)
                yield f"{len(invoiced)} finalized invoices of Metronome in dollars add up", wrong
                counts, wrong = sums.of_units(connection)
                yield f"all invoices of Metronome add up ({_counted(counts)})", wrong


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())


if __name__ == "__main__":
    sys.exit(main())
