"""The paths of the user's files: the config file, caches, data and state.

The folders are those of the platform (https://platformdirs.readthedocs.io). `BILLQL_CONFIG` names
another config file, `BILLQL_DATA` another folder for data. With an environment that is not the
process's own, only these two count: nothing in the home of the process's user is read.

There may be no home folder, or it may not exist: then nothing is read in it, and it is not made.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from billql.errors import InterfaceError

if TYPE_CHECKING:
    from platformdirs.api import PlatformDirsABC


def config_file(environ: Mapping[str, str]) -> Path | None:
    """Return the path of the config file, which need not exist; None if there is no home folder."""
    if named := environ.get("BILLQL_CONFIG"):
        return expanded(named)
    folder = _folder(environ, lambda dirs: dirs.user_config_path)
    return None if folder is None else folder / "config.toml"


def startup_file(environ: Mapping[str, str]) -> Path | None:
    """Return the path of the shell's start file, which need not exist; None without a home."""
    folder = _folder(environ, lambda dirs: dirs.user_config_path)
    return None if folder is None else folder / "startup.sql"


def data_folder(environ: Mapping[str, str]) -> Path | None:
    """Return the folder of installed definitions, or None."""
    if named := environ.get("BILLQL_DATA"):
        return expanded(named)
    return _folder(environ, lambda dirs: dirs.user_data_path)


def rates_file(environ: Mapping[str, str]) -> Path | None:
    """Return the path of the user's exchange rates, which need not exist; None without a folder."""
    folder = data_folder(environ)
    return None if folder is None else folder / "fx.db"


def cache_folder(environ: Mapping[str, str]) -> Path | None:
    """Return the folder of files that can be made again, or None."""
    return _folder(environ, lambda dirs: dirs.user_cache_path)


def state_folder(environ: Mapping[str, str]) -> Path | None:
    """Return the folder of the state between runs, such as the shell's history, or None."""
    return _folder(environ, lambda dirs: dirs.user_state_path)


def expanded(path: str | os.PathLike[str]) -> Path:
    """Return a path with its `~` expanded; raise InterfaceError if there is no home folder."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise InterfaceError(
            f"{os.fspath(path)} cannot be found: its ~ stands for a home folder that is not there",
            hint="Set HOME, or write the whole path.",
        ) from None


def _folder(environ: Mapping[str, str], choose: Callable[[PlatformDirsABC], Path]) -> Path | None:
    """Return a folder of the process's user; None for another environment, or without a home."""
    if environ is not os.environ:
        return None
    from platformdirs import PlatformDirs

    try:
        path = choose(PlatformDirs("billql", appauthor=False))
    except RuntimeError:  # there is nothing that `~` stands for
        return None
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - it never raises
    is_homeless = path.is_relative_to(home) and not os.path.isdir(home)  # noqa: PTH112
    return path if path.is_absolute() and not is_homeless else None
