"""The operations about what is sold and for how much: products, rate cards, rates, units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from billql.sandbox.api import Json, Request, Response, Routes
from billql.sandbox.metronome.catalogue import Product, Rate, RateCard
from billql.sandbox.metronome.customer_endpoints import scheduled
from billql.sandbox.metronome.endpoints import Endpoints, data, get, not_found, post
from billql.sandbox.metronome.formats import UNITS, Unit
from billql.sandbox.metronome.paging import Paging
from billql.sandbox.metronome.validation import (
    Asked,
    Field,
    Form,
    many,
    maybe,
    moment,
    needed,
    one_of,
    record,
    table,
    text,
    uuid,
)
from billql.sandbox.timestamps import DAY

_QUERY: Final = Paging("query")

_FREQUENCIES: Final = one_of("MONTHLY", "QUARTERLY", "ANNUAL", "WEEKLY", shouting=True)


class PricingEndpoints(Endpoints):
    """Products, rate cards, their rates, and the units that amounts are in."""

    def add_to(self, routes: Routes) -> None:
        """Add the operations."""
        get(routes, "/v1/credit-types/list", _QUERY.form(), self._list_units)
        base = "/v1/contract-pricing"
        kinds = {"archive_filter": maybe(one_of("ARCHIVED", "NOT_ARCHIVED", "ALL"))}
        one = Form(body={"id": needed(uuid)})
        post(routes, f"{base}/products/list", _QUERY.form(body=kinds), self._list_products)
        post(routes, f"{base}/products/get", one, self._get_product)
        post(routes, f"{base}/rate-cards/list", _QUERY.form(body={}), self._list_cards)
        post(routes, f"{base}/rate-cards/get", one, self._get_card)
        selector = {
            "product_id": maybe(uuid),
            "product_tags": maybe(many(text)),
            "pricing_group_values": maybe(table(text)),
            "partial_pricing_group_values": maybe(table(text)),
            "billing_frequency": maybe(_FREQUENCIES),
        }
        selectors: dict[str, Field] = {"selectors": maybe(many(record(selector)))}
        card: dict[str, Field] = {"rate_card_id": needed(uuid)}
        form = _QUERY.form(body={**card, **selectors, "at": needed(moment)})
        post(routes, f"{base}/rate-cards/getRates", form, self._list_rates)
        window = {"starting_at": needed(moment), "ending_before": maybe(moment)}
        form = _QUERY.form(body={**card, **selectors, **window})
        post(routes, f"{base}/rate-cards/getRateSchedule", form, self._list_schedule)
        contract = {"customer_id": needed(uuid), "contract_id": needed(uuid), "at": maybe(moment)}
        form = _QUERY.form(body={**contract, **selectors})
        post(routes, "/v1/contracts/getContractRateSchedule", form, self._list_contract_rates)
        named = {**card, "schedule_name": needed(text), "covering_date": maybe(moment)}
        path = f"{base}/rate-cards/getNamedSchedule"
        post(routes, path, Form(body=named), self._get_schedule)

    def _list_units(self, request: Request, asked: Asked) -> Response:
        def write(unit: Unit) -> Json:
            return {"id": unit.id, "name": unit.name, "is_currency": unit.is_currency}

        return _QUERY.answer(request, asked, UNITS, write)

    def _list_products(self, request: Request, asked: Asked) -> Response:
        wanted = asked.get("archive_filter", "NOT_ARCHIVED")
        rows = [
            product
            for product in self.world.catalogue.products
            if wanted in ("ALL", "NOT_ARCHIVED" if product.archived is None else "ARCHIVED")
        ]
        return _QUERY.answer(request, asked, rows, Product.json)

    def _get_product(self, request: Request, asked: Asked) -> Response:
        for product in self.world.catalogue.products:
            if product.id == asked["id"]:
                return data(product.json())
        raise not_found("Product")

    def _card(self, id: str) -> RateCard:
        for card in self.world.catalogue.rate_cards:
            if card.id == id:
                return card
        raise not_found("Rate card")

    def _list_cards(self, request: Request, asked: Asked) -> Response:
        return _QUERY.answer(request, asked, self.world.catalogue.rate_cards, RateCard.json)

    def _get_card(self, request: Request, asked: Asked) -> Response:
        return data(self._card(asked["id"]).json())

    def _list_rates(self, request: Request, asked: Asked) -> Response:
        rows = [
            rate
            for rate in self._card(asked["rate_card_id"]).rates
            if _valid(rate, asked["at"]) and _selected(rate, asked)
        ]
        return _QUERY.answer(request, asked, rows, Rate.json)

    def _list_schedule(self, request: Request, asked: Asked) -> Response:
        before = asked.get("ending_before")
        rows = [
            rate
            for rate in self._card(asked["rate_card_id"]).rates
            if (rate.end is None or rate.end > asked["starting_at"])
            and (before is None or rate.start < before)
            and _selected(rate, asked)
        ]
        return _QUERY.answer(request, asked, rows, Rate.json)

    def _list_contract_rates(self, request: Request, asked: Asked) -> Response:
        card = self.world.catalogue.card(self.contract(asked).card)
        moment = asked.get("at", self.now)
        rows = [rate for rate in card.rates if _valid(rate, moment) and _selected(rate, asked)]

        def write(rate: Rate) -> Json:
            sold = rate._replace(entitled=rate.entitled or rate.product.key == "prompts")
            row = sold.json("list_rate") | {"rate_card_id": card.id}
            if sold.entitled != rate.entitled:
                row["override_rate"] = rate.rate()
            return row

        return _QUERY.answer(request, asked, rows, write)

    def _get_schedule(self, request: Request, asked: Asked) -> Response:
        card = self._card(asked["rate_card_id"])
        if asked["schedule_name"] != "price-index":
            raise not_found("Named schedule")
        return data(scheduled(asked, card.created // DAY * DAY, ["100", "103"]))


def _valid(rate: Rate, moment: float) -> bool:
    return rate.start <= moment and (rate.end is None or moment < rate.end)


def _selected(rate: Rate, asked: Asked) -> bool:
    """Whether any selector chooses a rate; without selectors all are chosen."""
    selectors = asked.get("selectors")
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
