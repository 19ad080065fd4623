"""Where billql keeps what is the user's: the config file, caches, data and state.

The folders are those of the platform (https://platformdirs.readthedocs.io). `BILLQL_CONFIG` names
another config file, `BILLQL_DATA` another folder for data. Where an environment is handed over
that is not the process's own, only these two say anything: nothing is looked for in the home of
whoever runs the process.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def config_file(environ: Mapping[str, str]) -> Path | None:
    """Give the config file, whether or not there is one."""
    if named := environ.get("BILLQL_CONFIG"):
        return Path(named)
    if environ is not os.environ:
        return None
    import platformdirs

    return platformdirs.user_config_path("billql", appauthor=False) / "config.toml"


def data_folder(environ: Mapping[str, str]) -> Path | None:
    """Give the folder for definitions that were installed."""
    if named := environ.get("BILLQL_DATA"):
        return Path(named)
    if environ is not os.environ:
        return None
    import platformdirs

    return platformdirs.user_data_path("billql", appauthor=False)


def cache_folder(environ: Mapping[str, str]) -> Path | None:
    """Give the folder for what can be made again."""
    if environ is not os.environ:
        return None
    import platformdirs

    return platformdirs.user_cache_path("billql", appauthor=False)


def state_folder(environ: Mapping[str, str]) -> Path | None:
    """Give the folder for what is remembered from run to run, such as the shell's history."""
    if environ is not os.environ:
        return None
    import platformdirs

    return platformdirs.user_state_path("billql", appauthor=False)
