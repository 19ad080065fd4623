"""What around billql may be in its way: folders, certificates, proxies, encodings, the pager.

Each of these is looked at as it is used, so that what is found here is what a statement would meet.
"""

from __future__ import annotations

import locale
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from billql.config import paths
from billql.doctor.finding import Finding, Level, failure
from billql.errors import Error, Exit, InterfaceError
from billql.http import certificates, proxies
from billql.output import pager

_LOCALE = ("LC_ALL", "LC_CTYPE", "LANG")
"""What names the locale of characters; the first that is set counts."""


class Folder(NamedTuple):
    """A folder of the user's: what it is for, what names it, and what is lost without it."""

    purpose: str
    path: Path | None
    variables: str
    lost: str
    is_needed: bool = False
    """Whether it must be readable if it is there."""


def look(environ: Mapping[str, str], urls: Iterable[str]) -> Iterator[Finding]:
    """Look at everything; `urls` are the addresses of the APIs."""
    if environ is os.environ:  # an environment that was handed over has no place of its own
        yield from _working_folder()
        yield from _folders()
        yield from _temporary(environ)
        yield from _characters(environ)
        yield from _pager(environ)
    yield _certificates(environ)
    yield from _proxies(environ, sorted(set(urls)))


def _working_folder() -> Iterator[Finding]:
    try:
        Path.cwd()
    except OSError as error:
        yield Finding(
            Level.WARNING,
            "working folder",
            f"cannot be found: {error.strerror}",
            "Change to another one: cd ~",
        )


def _folders() -> Iterator[Finding]:
    try:
        data = paths.data_folder(os.environ)
    except InterfaceError as error:
        yield failure("data folder", error)
    else:
        yield _folder(
            Folder("data", data, "BILLQL_DATA or HOME", "no definitions can be installed", True)
        )
    cache, state = paths.cache_folder(os.environ), paths.state_folder(os.environ)
    yield _folder(Folder("cache", cache, "XDG_CACHE_HOME or HOME", "each start takes longer"))
    yield _folder(Folder("state", state, "XDG_STATE_HOME or HOME", "the shell keeps no history"))


def _folder(folder: Folder) -> Finding:
    subject, path = f"{folder.purpose} folder", folder.path
    hint = f"{folder.lost[0].upper()}{folder.lost[1:]}. Set another with {folder.variables}."
    if path is None:
        return Finding(Level.WARNING, subject, "there is none, for there is no home folder", hint)
    try:
        os.listdir(path)  # noqa: PTH208 - as it is read
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:
        text = f"{path} cannot be read: {error.strerror}"
        if folder.is_needed:
            return Finding(Level.ERROR, subject, text, hint, Exit.USAGE)
        return Finding(Level.WARNING, subject, text, hint)
    there = _nearest(path)
    if not os.path.isdir(there):  # noqa: PTH112 - it never raises
        return Finding(Level.WARNING, subject, f"{path} cannot be made: {there} is a file", hint)
    if not os.access(there, os.W_OK | os.X_OK):
        text = f"{path} cannot be written: {there} is not for this user to write"
        return Finding(Level.WARNING, subject, text, hint)
    return Finding(Level.OK, subject, f"{path}{'' if there == path else ', when it is needed'}")


def _nearest(path: Path) -> Path:
    """Find the part of a path that is there."""
    return next(one for one in (path, *path.parents) if os.path.exists(one))  # noqa: PTH110


def _temporary(environ: Mapping[str, str]) -> Iterator[Finding]:
    named = environ.get("TMPDIR")
    if named and not os.path.isdir(named):  # noqa: PTH112 - it never raises
        yield Finding(
            Level.WARNING,
            "temporary folder",
            f"TMPDIR={named} is no folder; another one is used",
            "Make it, or unset TMPDIR.",
        )


def _characters(environ: Mapping[str, str]) -> Iterator[Finding]:
    try:
        locale.setlocale(locale.LC_CTYPE, "")
    except locale.Error:
        variable = next((one for one in _LOCALE if environ.get(one)), _LOCALE[0])
        yield Finding(
            Level.WARNING,
            "locale",
            f"{variable}={environ.get(variable, '')} is not known here; UTF-8 is used",
            "Choose one that `locale -a` lists, such as C.UTF-8.",
        )
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    if sys.stdout.isatty() and encoding.lower().replace("-", "") != "utf8":
        yield Finding(
            Level.WARNING,
            "terminal",
            f"uses {encoding}; what that lacks is shown as \\u20ac and the like",
            "Choose a locale in UTF-8, and unset PYTHONIOENCODING.",
        )


def _pager(environ: Mapping[str, str]) -> Iterator[Finding]:
    try:
        command = pager.command(environ)
    except InterfaceError as error:
        yield Finding(Level.WARNING, "pager", error.message, error.hint)
    else:
        yield Finding(Level.OK, "pager", " ".join(command) or "none")


def _certificates(environ: Mapping[str, str]) -> Finding:
    try:
        _, name = certificates.context(environ)
    except Error as error:
        return failure("certificates", error)
    return Finding(Level.OK, "certificates", name)


def _proxies(environ: Mapping[str, str], urls: list[str]) -> Iterator[Finding]:
    used: dict[str, list[str]] = {}
    failures: dict[str, Error] = {}
    for url in urls:
        try:
            proxy = proxies.chosen(environ, url)
        except Error as error:
            failures[error.message] = error
        else:
            name = "none" if proxy is None else proxy.name
            used.setdefault(name, []).append(urlsplit(url).hostname or "")
    yield from (failure("proxy", error) for error in failures.values())
    for name, hosts in used.items():
        if len(used) == 1 and name == "none" and not failures:
            yield Finding(Level.OK, "proxy", "none")
        else:
            yield Finding(Level.OK, "proxy", f"{name}, for {', '.join(hosts)}")
    if wrong := proxies.senseless(proxies.exempting(environ)):
        yield Finding(
            Level.WARNING,
            "proxy",
            f"NO_PROXY names what is no network: {', '.join(wrong)}",
            "Write a network like 10.0.0.0/8 or fd00::/8.",
        )
