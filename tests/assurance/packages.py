"""What strangers put into packages, and into the examples of definitions."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Iterator

from billql.registry import RegistryError
from billql.registry.package import PACKAGE_LIMIT, pack, unpack
from support.server import Server

from .case import Broken, Case, Outcome
from .process import at_home
from .strangers import (
    MEGABYTES,
    PROMISE,
    PROVIDER,
    SECONDS,
    SERVICE,
    TOKEN,
    files_of,
    give,
    make,
)

NAMES = (
    *("../evil.yaml", "/etc/evil.yaml", "a/../../evil.yaml", "..\\evil.yaml", "C:evil.yaml"),
    *("a/b.yaml", "./evil.yaml", "evil.yaml/", "evil.yml", "Evil.yaml", ".evil.yaml", "evil.yaml "),
    *("con.yaml:x", "evil\n.yaml", "evil.yaml\0.txt", "ëvil.yaml", f"{'e' * 100}.yaml", "~/x.yaml"),
)

KINDS = {
    "a symbolic link": tarfile.SYMTYPE,
    "a hard link": tarfile.LNKTYPE,
    "a device": tarfile.CHRTYPE,
    "a pipe": tarfile.FIFOTYPE,
    "a folder": tarfile.DIRTYPE,
    "a sparse file": tarfile.GNUTYPE_SPARSE,
    "a long name": tarfile.GNUTYPE_LONGNAME,
    "a header of another": tarfile.XHDTYPE,
}


def packed(name: str, kind: bytes = tarfile.REGTYPE) -> bytes:
    """Give an archive of one member."""
    archive = io.BytesIO()
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, "/etc/passwd" if kind != tarfile.REGTYPE else ""
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.GNU_FORMAT) as made:
        made.addfile(member, io.BytesIO())
    return archive.getvalue()


def _packages() -> Iterator[tuple[str, bytes]]:
    fine = pack({"provider.yaml": PROVIDER.encode(), "all.yaml": SERVICE.encode()})
    yield from ((f"the file {name!r:.40}", packed(name)) for name in NAMES)
    yield from ((name, packed("evil.yaml", kind)) for name, kind in KINDS.items())
    yield "a file twice", packed("evil.yaml")[:512] * 2 + bytes(1024)
    yield "files in another order", fine[1024 + 512 : -1024] + fine[: 1024 + 512]
    yield "half a file", fine[:700]
    yield "something behind its end", fine + b"evil"
    yield "something in its padding", fine.replace(b"\0" * 40, b"\0" * 39 + b"x", 1)
    yield "a size below 0", fine[:124] + b"\xff" * 12 + fine[136:]
    yield "a size beyond all", fine[:124] + b"77777777777\0" + fine[136:]
    yield "too much", bytes(PACKAGE_LIMIT + 1)
    yield "nothing but NULs", bytes(512)


def _package(data: bytes) -> Callable[[], Outcome]:
    def run() -> Outcome:
        try:
            names = list(unpack(data))
        except RegistryError:
            return "clear error"
        raise Broken(f"it was unpacked to {names}")

    return run


# Examples ----------------------------------------------------------------------------------------

STATEMENTS = {
    "writes a file": "VACUUM INTO 'made'",
    "opens a file": "ATTACH DATABASE 'made' AS made",
    "makes a table": "CREATE TABLE made (x)",
    "makes a table of billql's": "CREATE TABLE made AS SELECT * FROM evil.all.things",
    "is two statements": "SELECT 1; ATTACH DATABASE 'made' AS made",
    "hides behind a comment": "/* SELECT */ ATTACH DATABASE 'made' AS made",
    "sets something": "PRAGMA journal_mode = WAL",
    "loads code": "SELECT load_extension('made')",
    "writes with a function": "SELECT writefile('made', 'x')",
    "reads a file": "SELECT readfile('/etc/passwd')",
    "uses a shell": "SELECT edit('x', 'touch made')",
}


FINE = {"check": (1,), "try": (0, 1)}
"""The exit codes that a command must not have: what is planned but never run does no harm."""


def _example(sql: str) -> Callable[[], Outcome]:
    """Check a definition with an example, and run it."""

    def run() -> Outcome:
        text = SERVICE.replace("SELECT 1", json.dumps(sql))
        with at_home() as home, Server(give) as server:
            make(home.folder / "evil" / "provider.yaml", PROVIDER)
            make(home.folder / "evil" / "all.yaml", text)
            home.environ["EVIL_TOKEN"] = TOKEN
            before = files_of(home)
            for command in (("check", "evil"), ("try", "evil", "--against", server.url)):
                done = home.bounded(
                    *("provider", *command),
                    seconds=SECONDS,
                    megabytes=MEGABYTES,
                )
                if done.code in FINE[command[0]]:
                    raise Broken(f"{command[0]} said {done.said[-200:]!r}")
                if new := {path.name for path in files_of(home) - before}:
                    raise Broken(f"{command[0]} made {new}")
        return "clear error"

    return run


def cases() -> Iterator[Case]:
    """Give a case for each package and each example."""
    for name, data in _packages():
        yield Case(PROMISE, f"a package with {name}", _package(data))
    for name, sql in STATEMENTS.items():
        quick = name == "opens a file"
        yield Case(PROMISE, f"an example that {name}", _example(sql), quick)
