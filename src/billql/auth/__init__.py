"""Every auth kind that a definition can name: one file each, gathered here."""

from __future__ import annotations

from billql.auth.base import Credential
from billql.auth.basic import Basic
from billql.auth.bearer import Bearer
from billql.auth.header import Header
from billql.auth.nobody import Nobody
from billql.auth.sigv4 import SigV4

Auth = Bearer | Basic | Header | SigV4 | Nobody
"""The kinds, told apart by `kind`."""

__all__ = ["Auth", "Basic", "Bearer", "Credential", "Header", "Nobody", "SigV4"]
