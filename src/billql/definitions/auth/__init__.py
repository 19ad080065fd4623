"""Every auth kind that a definition can name: one file each, gathered here."""

from __future__ import annotations

from billql.definitions.auth.anonymous import Anonymous
from billql.definitions.auth.base import AuthScheme
from billql.definitions.auth.basic import Basic
from billql.definitions.auth.bearer import Bearer
from billql.definitions.auth.client_credentials import ClientCredentials
from billql.definitions.auth.header import Header
from billql.definitions.auth.sigv4 import SigV4

Auth = Bearer | Basic | Header | ClientCredentials | SigV4 | Anonymous
"""All auth kinds; `kind` distinguishes them."""

__all__ = [
    "Anonymous",
    "Auth",
    "AuthScheme",
    "Basic",
    "Bearer",
    "ClientCredentials",
    "Header",
    "SigV4",
]
