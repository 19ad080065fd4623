"""The operations about what is sold and for how much: products, rate cards, rates, units."""

from __future__ import annotations

from billql.sandbox.api import Json, Request, Response, Routes
from billql.sandbox.metronome.catalog import Product, Rate, RateCard
from billql.sandbox.metronome.endpoints import Endpoints, data, get, not_found, post
from billql.sandbox.metronome.formats import UNITS, Unit
from billql.sandbox.metronome.paging import BY_QUERY
from billql.sandbox.metronome.validation import (
    Params,
    RequestSchema,
    date_time,
    one_of,
    optional,
    required,
    uuid,
)


class PricingEndpoints(Endpoints):
    """Products, rate cards, their rates, and the units that amounts are in."""

    def add_to(self, routes: Routes) -> None:
        """Add the operations."""
        get(routes, "/v1/credit-types/list", BY_QUERY.schema(), self._list_units)
        base = "/v1/contract-pricing"
        kinds = {"archive_filter": optional(one_of("ARCHIVED", "NOT_ARCHIVED", "ALL"))}
        one = RequestSchema(body={"id": required(uuid)})
        post(routes, f"{base}/products/list", BY_QUERY.schema(body=kinds), self._list_products)
        post(routes, f"{base}/products/get", one, self._get_product)
        post(routes, f"{base}/rate-cards/list", BY_QUERY.schema(body={}), self._list_cards)
        post(routes, f"{base}/rate-cards/get", one, self._get_card)
        card = {"rate_card_id": required(uuid), "at": required(date_time)}
        path = f"{base}/rate-cards/getRates"
        post(routes, path, BY_QUERY.schema(body=card), self._list_rates)

    def _list_units(self, request: Request, params: Params) -> Response:
        def write(unit: Unit) -> Json:
            return {"id": unit.id, "name": unit.name, "is_currency": unit.is_currency}

        return BY_QUERY.response(request, params, UNITS, write)

    def _list_products(self, request: Request, params: Params) -> Response:
        wanted = params.get("archive_filter", "NOT_ARCHIVED")
        rows = [
            product
            for product in self.world.catalog.products
            if wanted in ("ALL", "NOT_ARCHIVED" if product.archived is None else "ARCHIVED")
        ]
        return BY_QUERY.response(request, params, rows, Product.json)

    def _get_product(self, request: Request, params: Params) -> Response:
        for product in self.world.catalog.products:
            if product.id == params["id"]:
                return data(product.json())
        raise not_found("Product")

    def _card(self, id: str) -> RateCard:
        for card in self.world.catalog.rate_cards:
            if card.id == id:
                return card
        raise not_found("Rate card")

    def _list_cards(self, request: Request, params: Params) -> Response:
        return BY_QUERY.response(request, params, self.world.catalog.rate_cards, RateCard.json)

    def _get_card(self, request: Request, params: Params) -> Response:
        return data(self._card(params["id"]).json())

    def _list_rates(self, request: Request, params: Params) -> Response:
        rows = [
            rate for rate in self._card(params["rate_card_id"]).rates if _valid(rate, params["at"])
        ]
        return BY_QUERY.response(request, params, rows, Rate.json)


def _valid(rate: Rate, timestamp: float) -> bool:
    return rate.start <= timestamp and (rate.end is None or timestamp < rate.end)
