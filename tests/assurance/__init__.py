"""The promises of `docs/assurance.md`, attacked one case at a time.

`make assurance` runs every case and prints a table; `make test` runs a quick part of them.

case        what a case is, and how its outcome is judged
running     running cases, in processes of their own
hostile     an API that misbehaves in every way that HTTP and JSON allow; `faults` are the ways
programs    programs of some cases, in processes of their own
load        many threads at once; `storming` is the process that they are in
sharing     who may use a connection; `forking` are the processes that are forked
crash       killed at any moment; `writing` are the processes, and `dying` is how they die
moving      lists that change while they are read
tls         certificates that do not hold
places      values from SQL that try to leave their place in a request
secrets     secrets at the command line; `planting` are the ways in, and `planted` finds them
echoes      servers that repeat a secret
strangers   how definitions of strangers are read; `definitions` and `words` are what they say
documents   documents in the formats of others; `packages` are what they come in
process     billql in a home of its own, within bounds
"""

from __future__ import annotations

from functools import cache

from .case import Case


@cache
def everything() -> tuple[Case, ...]:
    """Give every case, in an order that is always the same."""
    from fuzz.cases import cases as fuzzing

    from . import (
        crash,
        definitions,
        documents,
        echoes,
        faults,
        load,
        moving,
        packages,
        places,
        secrets,
        sharing,
        tls,
    )

    return (
        *faults.cases(),
        *moving.cases(),
        *tls.cases(),
        *load.cases(),
        *sharing.cases(),
        *crash.cases(),
        *places.cases(),
        *secrets.cases(),
        *echoes.cases(),
        *definitions.cases(),
        *documents.cases(),
        *packages.cases(),
        *fuzzing(),
    )
