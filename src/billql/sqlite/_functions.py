"""The SQL functions that billql adds to SQLite; what they need is loaded when they are used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import apsw

if TYPE_CHECKING:
    from billql.sqlite.money import MoneySum


def register(database: apsw.Connection) -> None:
    """Add the functions to a connection."""
    database.create_window_function("money_sum", _money_sum, 1)
    database.create_scalar_function("money", _money, 2, deterministic=True)
    database.create_scalar_function("money", _money, 3, deterministic=True)


def _money_sum() -> MoneySum:
    from billql.sqlite.money import MoneySum

    return MoneySum()


def _money(*arguments: Any) -> float | None:
    from billql.sqlite.money import major_units

    return major_units(*arguments)
