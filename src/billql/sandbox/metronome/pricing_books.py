"""The books about what is sold and for how much: products, rate cards, rates, units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from billql.sandbox.api import Json
from billql.sandbox.books import Book, Query
from billql.sandbox.metronome.formats import UNITS
from billql.sandbox.metronome.records import Records, bad_request, not_found


class PricingBooks:
    """Products, rate cards, their rates, and the units that amounts are in."""

    def __init__(self, records: Records) -> None:
        self._catalog = records.world.catalog

    def tables(self) -> Mapping[str, Book]:
        """Return the books by resource."""
        catalog = self._catalog
        units: list[Json] = [unit.json() | {"is_currency": unit.is_currency} for unit in UNITS]
        return {
            "pricing.credit_types": Book(lambda _: units),
            "pricing.products": Book(lambda _: [one.json() for one in catalog.products]),
            "pricing.rate_cards": Book(lambda _: [one.json() for one in catalog.rate_cards]),
            "pricing.rates": Book(self._rates),
        }

    def _rates(self, query: Query) -> Sequence[Json]:
        """Return the rates that are valid at a time."""
        if "at" not in query.values:
            raise bad_request("at is required")
        at = query.values["at"]
        for card in self._catalog.rate_cards:
            if card.id == query.values["rate_card_id"]:
                return [
                    rate.json()
                    for rate in card.rates
                    if rate.start <= at and (rate.end is None or at < rate.end)
                ]
        raise not_found("Rate card")
