"""What all resources of an API share, from its document."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from billql.authoring.openapi import naming
from billql.authoring.openapi.document import Document
from billql.authoring.openapi.operations import Operation, is_json
from billql.authoring.openapi.prose import sentence

_MESSAGES = ("message", "error_message", "detail", "error_description", "reason", "title", "error")
_CODES = ("code", "id", "type", "error_code", "errorCode", "name", "error")
_REQUEST_IDS = ("request_id", "requestId", "trace_id")


def named(document: Document) -> str:
    """Return the name of a provider, after the document's title."""
    letters = "".join(one for one in _title(document).lower() if one.isascii() and one.isalnum())
    return naming.identifier(letters) if letters else "api"


def _title(document: Document) -> str:
    """Return the title without parts such as API, and without explanations."""
    title = re.split(r"\s[-–—|(]|[:(,]", str(_info(document).get("title", "")))[0]
    parts = [
        part
        for part in title.split()
        if not re.fullmatch("(?i)the|rest|apis?|documentation|reference|v[0-9.]+", part)
    ]
    return " ".join(parts) or "API"


def _info(document: Document) -> Mapping[str, Any]:
    found = document.data.get("info")
    return found if isinstance(found, Mapping) else {}


def definition(
    document: Document,
    name: str,
    operations: Iterable[Operation],
    paging: Mapping[str, Any],
    notes: list[str],
) -> dict[str, Any]:
    """Return the definition of the provider."""
    operations = list(operations)
    title = _title(document)
    url = _url(operations, name, notes)
    return {
        "billql": 1,
        "title": title,
        "description": sentence(_info(document).get("description")) or f"The API of {title}.",
        "version": "0.1.0",
        "documentation": _documentation(document, url),
        "url": url,
        "auth": _auth(document, name, title, url, notes),
        **_headers(document, operations, notes),
        **_errors(document, operations),
        **({"paging": paging} if paging else {}),
    }


def _url(operations: Iterable[Operation], name: str, notes: list[str]) -> str:
    (origin, _), *_ = Counter(one.origin for one in operations).most_common(1)
    parts = urlsplit(origin)
    if not re.fullmatch(r"[^\s@\\{]+", parts.netloc):
        notes.append("the document has no server; put the address of the API in provider.yaml")
        return f"https://api.{name.replace('_', '-')}.example"
    if parts.scheme != "https":
        notes.append(f"{origin} became an https:// address, because a token is sent to it")
    return f"https://{parts.netloc}"


def _documentation(document: Document, url: str) -> str:
    for holder, key in (
        (document.data.get("externalDocs"), "url"),
        (_info(document).get("contact"), "url"),
        (_info(document), "termsOfService"),
    ):
        if isinstance(holder, Mapping) and isinstance(holder.get(key), str):
            return str(holder[key])
    return url


def _auth(document: Document, name: str, title: str, url: str, notes: list[str]) -> dict[str, Any]:
    """Return the `auth` of the definition."""
    scheme = _scheme(document)
    kind, scheme_name = scheme.get("type"), str(scheme.get("scheme", "")).lower()
    header = scheme.get("name") if scheme.get("in") == "header" else None
    prefix = name.upper()
    auth: dict[str, Any] = {"kind": "bearer", "secret": f"{prefix}_TOKEN"}
    if kind == "apiKey" and isinstance(header, str):
        auth = {"kind": "header", "header": header, "secret": f"{prefix}_API_KEY"}
    elif kind == "http" and scheme_name == "basic":
        auth = {"kind": "basic", "user": f"{prefix}_USER", "secret": f"{prefix}_PASSWORD"}
    elif kind is None:
        return {"kind": "none"}
    elif (path := _token_path(scheme, url)) is not None:
        auth = {
            **{"kind": "client_credentials", "client_id": f"{prefix}_CLIENT_ID"},
            **{"secret": f"{prefix}_CLIENT_SECRET", "token_path": path},
        }
    elif not (scheme_name == "bearer" or kind in ("oauth2", "openIdConnect")):
        notes.append(
            f"the API authenticates by {kind} in {scheme.get('in') or scheme_name}, which "
            "definitions cannot express; provider.yaml has a bearer token instead"
        )
    return {**auth, "help": f"Create a token for the API of {title}."}


def _token_path(scheme: Mapping[str, Any], url: str) -> str | None:
    """Return where the API itself grants access tokens to clients, if it does.

    https://spec.openapis.org/oas/v3.1.0#oauth-flows-object
    """
    flows = scheme.get("flows")
    flow = flows.get("clientCredentials") if isinstance(flows, Mapping) else None
    address = flow.get("tokenUrl") if isinstance(flow, Mapping) else None
    if scheme.get("type") != "oauth2" or not isinstance(address, str):
        return None
    parts = urlsplit(urljoin(url, address))
    is_here = f"https://{parts.netloc}" == url and len(parts.path) > 1
    return parts.path if is_here else None


def _scheme(document: Document) -> Mapping[str, Any]:
    """Return the first security scheme that the document requires."""
    components = document.resolve(document.data.get("components"))
    schemes = components.get("securitySchemes")
    schemes = schemes if isinstance(schemes, Mapping) else {}
    security = document.data.get("security")
    wanted = [
        name
        for one in (security if isinstance(security, list) else [])
        if isinstance(one, Mapping)
        for name in one
    ]
    for name in (*wanted, *schemes):
        if name in schemes:
            return document.resolve(schemes[name])
    return {}


def _headers(
    document: Document, operations: Iterable[Operation], notes: list[str]
) -> dict[str, Any]:
    """Return the header that asks for the API's own media type, where its name has a version."""
    kinds = set[str]()
    for one in operations:
        responses = one.data.get("responses")
        reply = responses.get("200") if isinstance(responses, Mapping) else None
        content = document.resolve(reply).get("content") if reply is not None else None
        found = [kind for kind in content if is_json(kind)] if isinstance(content, Mapping) else []
        kinds.update(kind for kind in found if kind.startswith("application/vnd."))
        if "application/json" in found:
            return {}
    if not kinds:
        return {}
    if len(kinds) > 1:
        notes.append(
            f"responses have several media types: {', '.join(sorted(kinds))}; check which one the "
            "header Accept in provider.yaml must ask for"
        )
    return {"headers": {"Accept": max(kinds)}}


def _errors(document: Document, operations: Iterable[Operation]) -> dict[str, Any]:
    """Return where error bodies have their message, by the first that is documented."""
    for one in operations:
        responses = one.data.get("responses")
        for status, node in responses.items() if isinstance(responses, Mapping) else ():
            if not str(status).startswith("4") and status != "default":
                continue
            content = document.resolve(node).get("content")
            for kind, media in content.items() if isinstance(content, Mapping) else ():
                if is_json(kind):
                    found = _paths(document, document.resolve(media).get("schema"))
                    if "message" in found:
                        return {"errors": found}
    return {}


def _paths(document: Document, schema: Any) -> dict[str, str]:
    shape = document.shape(schema)
    prefix = ""
    if "error" in shape.properties and document.shape(shape.properties["error"]).properties:
        shape, prefix = document.shape(shape.properties["error"]), "error."
    elif (several := document.shape(shape.properties.get("errors"))).kind == "array":
        element = document.shape(several.items)
        if not element.properties.keys().isdisjoint(_MESSAGES):
            shape, prefix = element, "errors[]."
    kinds = {name: document.shape(part).kind for name, part in shape.properties.items()}
    found: dict[str, str] = {}
    for key, names in (("message", _MESSAGES), ("code", _CODES), ("request_id", _REQUEST_IDS)):
        member = next((one for one in names if kinds.get(one) in ("string", "any")), None)
        if member is not None and f"{prefix}{member}" not in found.values():
            found[key] = f"{prefix}{member}"
    return found
