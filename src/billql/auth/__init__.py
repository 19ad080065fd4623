"""Every auth kind that a definition can name: one file each, gathered here."""

from __future__ import annotations

from billql.auth.bearer import Bearer

Auth = Bearer
"""The kinds, told apart by `kind`."""

__all__ = ["Auth", "Bearer"]
