"""Stripe's errors: a message, and often a code and the parameter at fault."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from billql.sandbox.api import ApiError

NO_KEY = (
    "You did not provide an API key. You need to provide your API key in the Authorization "
    "header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See "
    "https://stripe.com/docs/api#authentication for details, or we can help at "
    "https://support.stripe.com/."
)
TOO_MANY = (
    "Request rate limit exceeded. Learn more about rate limits here "
    "https://stripe.com/docs/rate-limits."
)
FAILED = "An unknown error occurred."


class StripeError(ApiError):
    """An error with Stripe's code and parameter."""

    def __init__(
        self,
        message: str,
        *,
        status: int = HTTPStatus.BAD_REQUEST,
        code: str | None = None,
        param: str | None = None,
    ) -> None:
        super().__init__(status, message)
        self.code = code
        self.param = param


def no_such(
    object_name: str, key: str, param: str, status: int = HTTPStatus.BAD_REQUEST
) -> StripeError:
    """Return the error for an unknown id: status 404 in a path, 400 in a parameter."""
    message = f"No such {object_name}: '{key}'"
    return StripeError(message, status=status, code="resource_missing", param=param)


def unknown(names: Sequence[str]) -> StripeError:
    """Return the error for parameters that an endpoint does not have."""
    plural = "s" if len(names) > 1 else ""
    message = f"Received unknown parameter{plural}: {', '.join(names)}"
    return StripeError(message, code="parameter_unknown", param=names[0])


def missing(name: str) -> StripeError:
    """Return the error for a required parameter that is missing."""
    return StripeError(f"Missing required param: {name}.", code="parameter_missing", param=name)


def empty(name: str) -> StripeError:
    """Return the error for a parameter with an empty value."""
    message = (
        f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset "
        f"a parameter; however '{name}' cannot be unset. You should remove '{name}' from your "
        "request or supply a non-empty value."
    )
    return StripeError(message, code="parameter_invalid_empty", param=name)


def not_integer(name: str, value: str) -> StripeError:
    """Return the error for a value that is no integer."""
    return StripeError(f"Invalid integer: {value}", code="parameter_invalid_integer", param=name)


def out_of_range(name: str, limit: int, *, above: bool) -> StripeError:
    """Return the error for a number that is too large or too small."""
    bound = "less than or equal to" if above else "greater than or equal to"
    message = f"This value must be {bound} {limit}."
    return StripeError(message, code="parameter_invalid_integer", param=name)


def not_one_of(name: str, values: Sequence[str]) -> StripeError:
    """Return the error for a value that is not in an enum."""
    listed = f"{', '.join(values[:-1])}, or {values[-1]}" if len(values) > 1 else values[0]
    return StripeError(f"Invalid {name}: must be one of {listed}", param=name)


def masked(key: str, shown: int = 4) -> str:
    """Return an API key as messages show it: its prefix and its last characters."""
    if len(key) < 16:
        return "*" * len(key)
    return key[:8] + "*" * (len(key) - 8 - shown) + key[-shown:]
