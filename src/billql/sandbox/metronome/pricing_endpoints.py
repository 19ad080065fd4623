"""The operations about what is sold and for how much: products, rate cards, rates, units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from billql.sandbox.api import Json, Request, Response, Routes
from billql.sandbox.metronome.catalog import Product, Rate, RateCard
from billql.sandbox.metronome.customer_endpoints import scheduled
from billql.sandbox.metronome.endpoints import Endpoints, data, get, not_found, post
from billql.sandbox.metronome.fields import CONTRACT, SCHEDULE
from billql.sandbox.metronome.formats import UNITS, Unit
from billql.sandbox.metronome.paging import BY_QUERY
from billql.sandbox.metronome.validation import (
    Field,
    Params,
    RequestSchema,
    array_of,
    date_time,
    mapping_of,
    object_of,
    one_of,
    optional,
    required,
    text,
    uuid,
)
from billql.sandbox.timestamps import DAY

_FREQUENCIES: Final = one_of("MONTHLY", "QUARTERLY", "ANNUAL", "WEEKLY", any_case=True)


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
        selector = {
            "product_id": optional(uuid),
            "product_tags": optional(array_of(text)),
            "pricing_group_values": optional(mapping_of(text)),
            "partial_pricing_group_values": optional(mapping_of(text)),
            "billing_frequency": optional(_FREQUENCIES),
        }
        selectors: dict[str, Field] = {"selectors": optional(array_of(object_of(selector)))}
        card: dict[str, Field] = {"rate_card_id": required(uuid)}
        schema = BY_QUERY.schema(body={**card, **selectors, "at": required(date_time)})
        post(routes, f"{base}/rate-cards/getRates", schema, self._list_rates)
        window = {"starting_at": required(date_time), "ending_before": optional(date_time)}
        schema = BY_QUERY.schema(body={**card, **selectors, **window})
        post(routes, f"{base}/rate-cards/getRateSchedule", schema, self._list_schedule)
        contract = {**CONTRACT, "at": optional(date_time)}
        schema = BY_QUERY.schema(body={**contract, **selectors})
        post(routes, "/v1/contracts/getContractRateSchedule", schema, self._list_contract_rates)
        path = f"{base}/rate-cards/getNamedSchedule"
        post(routes, path, RequestSchema(body={**card, **SCHEDULE}), self._get_schedule)

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
            rate
            for rate in self._card(params["rate_card_id"]).rates
            if _valid(rate, params["at"]) and _selected(rate, params)
        ]
        return BY_QUERY.response(request, params, rows, Rate.json)

    def _list_schedule(self, request: Request, params: Params) -> Response:
        before = params.get("ending_before")
        rows = [
            rate
            for rate in self._card(params["rate_card_id"]).rates
            if (rate.end is None or rate.end > params["starting_at"])
            and (before is None or rate.start < before)
            and _selected(rate, params)
        ]
        return BY_QUERY.response(request, params, rows, Rate.json)

    def _list_contract_rates(self, request: Request, params: Params) -> Response:
        card = self.world.catalog.card(self.contract(params).card)
        timestamp = params.get("at", self.now)
        rows = [rate for rate in card.rates if _valid(rate, timestamp) and _selected(rate, params)]

        def write(rate: Rate) -> Json:
            sold = rate._replace(entitled=rate.entitled or rate.product.key == "prompts")
            row = sold.json("list_rate") | {"rate_card_id": card.id}
            if sold.entitled != rate.entitled:
                row["override_rate"] = rate.rate()
            return row

        return BY_QUERY.response(request, params, rows, write)

    def _get_schedule(self, request: Request, params: Params) -> Response:
        card = self._card(params["rate_card_id"])
        if params["schedule_name"] != "price-index":
            raise not_found("Named schedule")
        return data(scheduled(params, card.created // DAY * DAY, ["100", "103"]))


def _valid(rate: Rate, timestamp: float) -> bool:
    return rate.start <= timestamp and (rate.end is None or timestamp < rate.end)


def _selected(rate: Rate, params: Params) -> bool:
    """Return whether any selector matches a rate; without selectors all rates match."""
    selectors = params.get("selectors")
    return not selectors or any(_matches(rate, selector) for selector in selectors)


def _matches(rate: Rate, selector: Mapping[str, Any]) -> bool:
    groups = rate.groups or {}
    whole = selector.get("pricing_group_values")
    part = selector.get("partial_pricing_group_values", {})
    tags = selector.get("product_tags")
    frequency = "MONTHLY" if rate.product.type == "SUBSCRIPTION" else None
    return (
        selector.get("product_id") in (None, rate.product.id)
        and (tags is None or bool(set(tags) & set(rate.product.tags)))
        and (whole is None or whole == groups)
        and part.items() <= groups.items()
        and selector.get("billing_frequency") in (None, frequency)
    )
