"""Where billql keeps what is the user's: the config file, caches, data and state.

The folders are those of the platform (https://platformdirs.readthedocs.io). `BILLQL_CONFIG` names
another config file, `BILLQL_DATA` another folder for data. Where an environment is handed over
that is not the process's own, only these two say anything: nothing is looked for in the home of
whoever runs the process.

A folder that the environment names without its whole path is none, as the XDG specification has it:
that is also what becomes of `~` where there is no home folder.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from billql.errors import InterfaceError


def config_file(environ: Mapping[str, str]) -> Path | None:
    """Give the config file, whether or not there is one."""
    if named := environ.get("BILLQL_CONFIG"):
        return expanded(named)
    if environ is not os.environ:
        return None
    import platformdirs

    folder = _whole(platformdirs.user_config_path("billql", appauthor=False))
    return None if folder is None else folder / "config.toml"


def data_folder(environ: Mapping[str, str]) -> Path | None:
    """Give the folder for definitions that were installed."""
    if named := environ.get("BILLQL_DATA"):
        return expanded(named)
    if environ is not os.environ:
        return None
    import platformdirs

    return _whole(platformdirs.user_data_path("billql", appauthor=False))


def cache_folder(environ: Mapping[str, str]) -> Path | None:
    """Give the folder for what can be made again."""
    if environ is not os.environ:
        return None
    import platformdirs

    return _whole(platformdirs.user_cache_path("billql", appauthor=False))


def state_folder(environ: Mapping[str, str]) -> Path | None:
    """Give the folder for what is remembered from run to run, such as the shell's history."""
    if environ is not os.environ:
        return None
    import platformdirs

    return _whole(platformdirs.user_state_path("billql", appauthor=False))


def expanded(path: str | os.PathLike[str]) -> Path:
    """Give a path with its `~` as the home folder; raises InterfaceError where there is none."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise InterfaceError(
            f"{os.fspath(path)} cannot be found: its ~ stands for a home folder that is not there",
            hint="Set HOME, or write the whole path.",
        ) from None


def _whole(path: Path) -> Path | None:
    return path if path.is_absolute() else None
