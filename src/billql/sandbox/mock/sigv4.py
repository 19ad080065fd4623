"""Checking Signature Version 4, as Amazon's services do; `definitions.auth.sigv4` signs.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final
from urllib.parse import quote

from billql.sandbox.api import Request

_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_AUTHORIZATION: Final = re.compile(
    rf"{_ALGORITHM} Credential=([^/,]+)/(\d{{8}}/[^/,]+/[^/,]+/aws4_request), ?"
    r"SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})"
)


def is_signed(token: str, request: Request) -> bool:
    """Return whether a request is signed with a credential, `key id:key`."""
    key_id, _, key = token.partition(":")
    found = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    if found is None or found[1] != key_id:
        return False
    scope, signed = found[2], found[3]
    stamp = request.headers.get("x-amz-date", "")
    canonical = hashlib.sha256(_canonical(request, signed.split(";")).encode()).hexdigest()
    signing = f"AWS4{key}".encode()
    for part in scope.split("/"):
        signing = hmac.digest(signing, part.encode(), "sha256")
    text = "\n".join((_ALGORITHM, stamp, scope, canonical))
    signature = hmac.digest(signing, text.encode(), "sha256").hex()
    return stamp.startswith(scope[:8]) and hmac.compare_digest(signature, found[4])


def _canonical(request: Request, signed: list[str]) -> str:
    pairs = sorted(
        (quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in request.pairs
    )
    headers = (f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in signed)
    return "\n".join(
        (
            request.method,
            quote(request.path, safe="/-_.~"),
            "&".join(f"{name}={value}" for name, value in pairs),
            "".join(headers),
            ";".join(signed),
            hashlib.sha256(request.body).hexdigest(),
        )
    )
