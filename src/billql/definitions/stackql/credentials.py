"""Credentials: `config.auth` as one of billql's auth kinds.

Where a document would have a token made, as for Google's service accounts and for OAuth, billql
takes the token itself: making one is for the tools of these providers.
"""

from __future__ import annotations

from typing import Any

from billql.definitions.auth import Anonymous, Auth, Basic, Bearer, Header, SigV4
from billql.definitions.stackql.document import Unsupported, mapping, text

_MADE_ELSEWHERE = {
    "azure_default": "az account get-access-token --query accessToken --output tsv",
    "interactive": "gcloud auth print-access-token",
    "oauth2": "",
    "service_account": "gcloud auth print-access-token",
}
"""The kinds whose tokens others make, and how, where one command does it."""

_SIGNED_AS = {
    "appstream2": "appstream",
    "bedrock-agent": "bedrock",
    "bedrock-agent-runtime": "bedrock",
    "bedrock-runtime": "bedrock",
    "cloudhsmv2": "cloudhsm",
    "email": "ses",
    "marketplace": "aws-marketplace",
    "memory-db": "memorydb",
    "migrationhub-config": "mgh",
    "oidc": "sso-oauth",
    "pinpoint": "mobiletargeting",
    "s3-control": "s3",
}
"""The names of services in signatures, where they differ from their addresses."""


def auth(declared: dict[str, Any], title: str, origin: str) -> Auth:
    """Return the auth kind; raises Unsupported. `origin` is the server that requests go to."""
    kind = text(declared.get("type"))
    help_text = f"The documentation of {title} shows where to get one."
    prefix = text(declared.get("valuePrefix"))
    secret = _variable(declared, title)
    if kind in ("", "null_auth"):
        return Anonymous()
    if kind == "bearer":
        return Bearer(secret=secret, help=help_text)
    if kind in _MADE_ELSEWHERE:
        command = _MADE_ELSEWHERE[kind]
        how = f"It is an access token, as printed by: {command}." if command else ""
        return Bearer(
            secret=f"{_upper(title)}_ACCESS_TOKEN",
            help=how or "It is an access token; the provider's own tools make one.",
        )
    if kind == "basic":
        user, password = text(declared.get("username_var")), text(declared.get("password_var"))
        if user and password:
            return Basic(user=user, secret=password, help=help_text)
        return Header(secret=secret, prefix=prefix or "Basic ", help=help_text)
    if kind == "aws_signing_v4":
        key_id = text(declared.get("keyIDenvvar")) or "AWS_ACCESS_KEY_ID"
        return SigV4(key_id=key_id, secret=secret, service=_signed_as(origin))
    if kind in ("api_key", "custom"):
        return _keys(declared, secret, prefix, help_text, title)
    raise Unsupported(f"authentication of the kind {kind:.40}")


def _keys(declared: dict[str, Any], secret: str, prefix: str, help_text: str, title: str) -> Header:
    """Return the headers that carry keys; one key may be followed by others."""
    also: dict[str, str] = {}
    _check_place(declared)
    following = mapping(declared.get("successor"))
    while following and len(also) < 8:
        _check_place(following)
        if text(following.get("valuePrefix")):
            raise Unsupported("several keys with prefixes")
        also[text(following.get("name")) or "Authorization"] = _variable(following, title)
        following = mapping(following.get("successor"))
    name = text(declared.get("name"))
    if not prefix and not name:
        prefix = "api_key "
    return Header(
        header=name or "Authorization", prefix=prefix, secret=secret, also=also, help=help_text
    )


def _check_place(declared: dict[str, Any]) -> None:
    if text(declared.get("location")) not in ("", "header"):
        raise Unsupported("its key in the address, where keys are written into logs")


def _variable(declared: dict[str, Any], title: str) -> str:
    """Return the name of the environment variable that has the secret."""
    return (
        text(declared.get("credentialsenvvar"))
        or text(declared.get("api_key_var"))
        or f"{_upper(title)}_TOKEN"
    )


def _upper(title: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in title).upper()


def _signed_as(origin: str) -> str:
    """Return the name of a server's service in signatures."""
    host = origin.partition("://")[2].partition(".amazonaws.")[0]
    labels = [one for one in host.split(".") if "{" not in one]
    service = labels[-1] if labels else "execute-api"
    return _SIGNED_AS.get(service, service)
