"""What a method sends and where: its path, its server, its parameters and its body."""

from __future__ import annotations

import re
from typing import Any, Literal, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import orjson

from billql.definitions.stackql import shapes
from billql.definitions.stackql.document import (
    Document,
    Unsupported,
    mapping,
    pointer,
    sequence,
    text,
)
from billql.definitions.stackql.settings import Settings
from billql.definitions.types import ColumnType
from billql.messages import Scalar

Location = Literal["path", "query", "body", "header", "host"]

_HEADERS_OF_OTHERS = frozenset(
    (
        "accept",
        "accept-encoding",
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "cookie",
        "host",
        "proxy-authorization",
        "transfer-encoding",
        "user-agent",
        "x-amz-algorithm",
        "x-amz-content-sha256",
        "x-amz-credential",
        "x-amz-date",
        "x-amz-security-token",
        "x-amz-signature",
        "x-amz-signedheaders",
    )
)
"""Headers that identify the client and its formats, which no statement sets."""

_VARIABLE = re.compile(r"\{([A-Za-z_][\w.-]*)(?::[^{}]*)?\}")
_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_LABEL_VARIABLE = re.compile(r"\{[\w.-]+\}")


class Argument(NamedTuple):
    """Something that a request carries."""

    name: str
    """The API's name."""
    location: Location
    required: bool
    kind: ColumnType
    about: str
    value: Scalar | None = None
    """What is always sent."""
    known_as: str = ""
    """What statements call it, if not by the API's name."""
    is_json: bool = False
    """Whether a statement compares it with a JSON text."""

    @property
    def column(self) -> str:
        """What statements call it."""
        return self.known_as or self.name

    @property
    def is_key(self) -> bool:
        """Whether a method cannot be called without a value from the statement."""
        return self.required and self.value is None


class Server(NamedTuple):
    """Where requests go: an origin, which may have variables in its name, and a path before all."""

    origin: str
    prefix: str
    arguments: tuple[Argument, ...]


class Call(NamedTuple):
    """An operation: how it is called."""

    verb: str
    path: str
    item: dict[str, Any]
    """The path's object."""
    operation: dict[str, Any]
    constants: tuple[Argument, ...]


def call(document: Document, method: dict[str, Any], settings: Settings) -> Call:
    """Find a method's operation; raises Unsupported."""
    reference = text(mapping(method.get("operation")).get("$ref"))
    parts = pointer(reference)
    if len(parts) != 3 or parts[0] != "paths":
        raise Unsupported("an operation of another document")
    _, template, verb = parts
    path, _, query = template.partition("?")
    path = path.partition("#")[0]
    if not path.startswith("/") or path.split() != [path]:
        raise Unsupported(f"the path {path:.80}")
    algorithm = text(settings.get("requestTranslate").get("algorithm"))
    constants = tuple(
        Argument(name, "query", True, "text", "", value)
        for name, value in parse_qsl(query.partition("#")[0], keep_blank_values=True)
        if not (name.startswith("__") and algorithm == "drop_double_underscore_params")
    )
    item = mapping(mapping(document.data.get("paths")).get(template))
    found = Call(verb.upper(), path, item, mapping(item.get(verb)), constants)
    if algorithm.startswith("get_query_to_post_form"):
        raise Unsupported("a request in the form of an HTML form")
    if found.verb not in ("GET", "POST"):
        raise Unsupported(f"the verb {found.verb}")
    if not found.operation:
        raise Unsupported(f"an operation that the document does not have ({template:.80})")
    return found


# Servers ----------------------------------------------------------------------------------------


def server(document: Document, method: dict[str, Any], call: Call) -> Server:
    """Find the server of a method; raises Unsupported for one that no token may go to."""
    for holder in (method, call.operation, call.item, document.data):
        if servers := sequence(holder.get("servers")):
            return _server(mapping(servers[0]))
    raise Unsupported("a server, of which the document names none")


def _server(declared: dict[str, Any]) -> Server:
    variables = mapping(declared.get("variables"))
    url = _VARIABLE.sub(r"{\1}", text(declared.get("url")))
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    host = _with_defaults(host, variables)
    if _with_default(scheme, variables) != "https":
        raise Unsupported(f"a server that is asked without encryption ({url:.80})")
    _check_host(host)
    in_path = set(_VARIABLE.findall(path))
    if not in_path <= variables.keys():
        raise Unsupported("a part of its server's address, which nobody describes")
    arguments = tuple(
        Argument(
            name,
            "path" if name in in_path else "host",
            f"{{{name}}}" in url,
            "text",
            text(mapping(variable).get("description")) or "A part of the server's address.",
        )
        for name, variable in variables.items()
        if f"{{{name}}}" in f"{host}/{path}" or f"{{{name}}}" not in url
    )
    return Server(f"https://{host}", f"{slash}{path}".rstrip("/"), arguments)


def _with_default(part: str, variables: dict[str, Any]) -> str:
    """Put defaults in the place of variables."""

    def default(found: re.Match[str]) -> str:
        declared = mapping(variables.get(found[1])).get("default")
        if not isinstance(declared, str) or not declared or "{" in declared:
            raise Unsupported("a whole server's name, to which the token would go")
        return declared

    return _VARIABLE.sub(default, part)


def _with_defaults(host: str, variables: dict[str, Any]) -> str:
    """Leave variables that are parts of a name in a domain; replace others by their defaults.

    The token goes to that server, so a statement may choose no other domain for it.
    """
    domain = host.rsplit("}", 1)[-1] if "}" in host else f".{host}"
    is_fixed = domain.startswith(".") and domain.count(".") > 1
    undeclared = [name for name in _VARIABLE.findall(host) if name not in variables]
    return host if is_fixed and not undeclared else _with_default(host, variables)


def _check_host(host: str) -> None:
    plain = _LABEL_VARIABLE.sub("x", host)
    try:
        parts = urlsplit(f"https://{plain}")
        fine = parts.netloc == plain and bool(parts.hostname) and parts.port is not False
    except ValueError:
        fine = False
    if not fine or not plain.isascii() or set(plain) & set(" @?#%\\/{}"):
        raise Unsupported(f"the server {host:.80}")


# Parameters -------------------------------------------------------------------------------------


def arguments(document: Document, call: Call) -> list[Argument]:
    """Return the parameters of an operation; raises Unsupported for one that cannot be sent."""
    described: dict[tuple[str, str], dict[str, Any]] = {}
    for holder in (call.item, call.operation):
        for one in sequence(holder.get("parameters")):
            parameter = document.resolve(one)
            described[text(parameter.get("name")), text(parameter.get("in"))] = parameter
    for name in _PLACEHOLDER.findall(call.path):
        described.setdefault((name, "path"), {"name": name, "in": "path"})
    found = [_argument(document, parameter) for parameter in described.values()]
    return [*call.constants, *(one for one in found if one is not None)]


def _argument(document: Document, parameter: dict[str, Any]) -> Argument | None:
    name, place = text(parameter.get("name")), parameter.get("in")
    needed = place == "path" or parameter.get("required") in (True, "true")
    if not name or (place == "header" and name.lower() in _HEADERS_OF_OTHERS):
        return None
    if place not in ("path", "query", "header"):
        if needed:
            raise Unsupported(f"{name} as a {place}")
        return None
    if parameter.get("x-ms-skip-url-encoding") is True:
        raise Unsupported(f"slashes in {name}")
    schema = document.resolve(parameter.get("schema"))
    kind = shapes.kind(document, schema)
    if kind == "json" and shapes.is_array(document, schema):
        kind = "text"
    if kind == "json" and ("content" in parameter or "properties" in schema):
        if needed:
            raise Unsupported(f"an object in {name}")
        return None
    constant = _constant(schema) if place == "header" or needed else None
    about = shapes.sentence(parameter.get("description"), f"The parameter {name}")
    return Argument(name, place, needed, "text" if kind == "json" else kind, about, constant)


def _constant(schema: dict[str, Any]) -> Scalar | None:
    """Return the one value that a parameter can have, if it has no choice."""
    choices = sequence(schema.get("enum"))
    if len(choices) == 1 and isinstance(choices[0], str | int | float):
        return choices[0]
    return None


# Bodies -----------------------------------------------------------------------------------------


def body(
    document: Document, method: dict[str, Any], call: Call, settings: Settings
) -> list[Argument]:
    """Return what the body of a POST carries; raises Unsupported."""
    request = mapping(method.get("request"))
    if call.verb != "POST":
        return []
    if "transform" in request:
        raise Unsupported("a body that is made by a template")
    described = document.resolve(call.operation.get("requestBody"))
    contents = mapping(described.get("content"))
    media = text(request.get("mediaType")) or next(iter(contents), "application/json")
    if "json" not in media:
        raise Unsupported(f"a body of type {media}")
    described_as = (
        media if media in contents else next((one for one in contents if "json" in one), "")
    )
    schema = request.get("schema_override") or mapping(contents.get(described_as)).get("schema")
    plain = text(settings.get("requestBodyTranslate").get("algorithm")).startswith("naive")
    constants = [*_base(request.get("default")), *_base(request.get("base"))]
    fixed = {one.name for one in constants}
    necessary = shapes.required(document, schema)
    found = [Argument("Content-Type", "header", True, "text", "", media), *constants]
    for name, member in shapes.members(document, schema).items():
        kind = shapes.kind(document, member)
        if name in fixed or "." in name:
            continue
        is_json = kind == "json"
        found.append(
            Argument(
                name,
                "body",
                name in necessary,
                "text" if is_json else kind,
                shapes.about(document, member, f"The member {name} of the body"),
                known_as=name if plain else f"data__{name}",
                is_json=is_json,
            )
        )
    return found


def _base(declared: Any) -> list[Argument]:
    """Return the constants of a body."""
    if not isinstance(declared, str) or not declared.strip():
        return []
    try:
        data = orjson.loads(declared)
    except orjson.JSONDecodeError:
        raise Unsupported("a body that is not JSON") from None
    found = []
    for name, value in mapping(data).items():
        if not isinstance(value, str | int | float):
            raise Unsupported(f"{name} in its body, which is a list or an object")
        found.append(Argument(name, "body", True, "text", "", value))
    return found
