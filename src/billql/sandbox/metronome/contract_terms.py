"""Contracts as the API shows them."""

from __future__ import annotations

from collections.abc import Sequence

from billql.sandbox.api import Json
from billql.sandbox.metronome.accounts import Account, Contract
from billql.sandbox.metronome.balance_books import has_seats, seat_schedule
from billql.sandbox.metronome.balances import Balance
from billql.sandbox.metronome.formats import CREDITS, USD, iso_millis, iso_offset
from billql.sandbox.metronome.metering import PER_SEAT, POOLED
from billql.sandbox.metronome.statements import balance_json
from billql.sandbox.timestamps import month_at, month_start

AUTHOR = "Robin Billing"


class Terms:
    """One contract and all that belongs to it."""

    def __init__(self, account: Account, contract: Contract, balances: Sequence[Balance]) -> None:
        self._account = account
        self._contract = contract
        self._now = account.world.now
        self._catalog = account.world.catalog
        self._balances = [one for one in balances if one.contract == contract]

    def _rows(self, *, credits: bool) -> list[Json]:
        return [
            balance_json(one, self._now, in_contract=True)
            for one in self._balances
            if (one.kind == "CREDIT") == credits
        ]

    def _head(self) -> Json:
        contract = self._contract
        shown: Json = {
            "name": contract.name,
            "starting_at": iso_offset(contract.starts_at),
            "created_at": iso_millis(contract.created),
            "created_by": AUTHOR,
            "rate_card_id": self._catalog.card(contract.card).id,
            "net_payment_terms_days": 30 if self._account.customer.sent_invoices else 0,
            "usage_statement_schedule": {
                "frequency": "MONTHLY",
                "billing_anchor_date": iso_offset(contract.starts_at),
            },
            "transitions": [
                {"type": "RENEWAL", "from_contract_id": older, "to_contract_id": newer}
                for older, newer in ((contract.before, contract.id), (contract.id, contract.after))
                if older and newer
            ],
            "overrides": self._overrides(),
            "scheduled_charges": self._charges(),
            "recurring_credits": self._recurring(),
            "recurring_commits": [],
        }
        if contract.ends_at is not None:
            shown["ending_before"] = iso_offset(contract.ends_at)
        return shown

    def _overrides(self) -> list[Json]:
        """Return what is different from the rate card: the assistant is not sold to everybody."""
        if self._contract.card == "enterprise":
            return []
        product = self._catalog.product("prompts")
        return [
            {
                "id": self._account.new_id("override", self._contract.first),
                "type": "OVERWRITE",
                "target": "LIST_RATE",
                "product": product.brief(),
                "override_specifiers": [{"product_id": product.id}],
                "entitled": True,
                "created_at": iso_millis(self._contract.created),
                "starting_at": iso_offset(self._contract.starts_at),
            }
        ]

    def _charges(self) -> list[Json]:
        """Return the platform fee of each month; it goes on the usage invoice."""
        contract = self._contract
        if not has_seats(contract) or contract.end is None:
            return []
        billed = {
            bill.month: (bill.metronome_id, line.cents)
            for bill in self._account.bills
            for line in bill.lines
            if bill.kind == "usage" and line.metric is None and line.grant is None
        }
        fee = max((cents for _, cents in billed.values()), default=0)
        items = []
        for month in range(contract.first, contract.end):
            item: Json = {
                "id": self._account.new_id("fee", month),
                "timestamp": iso_offset(month_start(month + 1)),
                "amount": fee,
                "unit_price": fee,
                "quantity": 1,
            }
            if month in billed:
                item["invoice_id"] = billed[month][0]
            items.append(item)
        return [
            {
                "id": self._account.new_id("fee", contract.first),
                "name": "Platform fee",
                "product": self._catalog.product("fee").brief(),
                "schedule": {"credit_type": USD.json(), "schedule_items": items},
                "custom_fields": {},
            }
        ]

    def _recurring(self) -> list[Json]:
        contract, account = self._contract, self._account
        if contract.archived is not None:
            return []
        shown = []
        if account.customer.plan == "team":
            monthly = next((one for one in self._balances if one.name == "Included usage"), None)
            if monthly is not None:
                shown.append(
                    self._recurring_credit(
                        account.new_id("recurring", "usage"),
                        "Included usage",
                        {
                            "credit_type_id": USD.id,
                            "unit_price": monthly.segments[0].amount,
                            "quantity": 1,
                        },
                        {"applicable_product_tags": ["usage"]},
                    )
                )
        prompts: Json = {
            "applicable_product_ids": [self._catalog.product("prompts").id],
        }
        seats = has_seats(contract)
        if seats:
            prompts["subscription_config"] = {
                "subscription_id": account.new_id("seats", contract.first),
                "allocation": "INDIVIDUAL",
                "apply_seat_increase_config": {"is_prorated": False},
            }
        shown.append(
            self._recurring_credit(
                account.new_id("recurring", "prompts", contract.first),
                "Included prompts",
                {
                    "credit_type_id": CREDITS.id,
                    "unit_price": PER_SEAT if seats else POOLED,
                    **({} if seats else {"quantity": 1}),
                },
                prompts,
            )
        )
        return shown

    def _recurring_credit(self, id: str, name: str, amount: Json, more: Json) -> Json:
        key = "included" if name == "Included usage" else "included_prompts"
        start = iso_offset(self._contract.starts_at)
        return {
            "id": id,
            "name": name,
            "product": self._catalog.product(key).brief(),
            "contract": {"id": self._contract.id},
            "access_amount": {**amount, "access_type": "SPEND"},
            "commit_duration": {"value": 1, "unit": "PERIODS"},
            "recurrence_frequency": "MONTHLY",
            "proration": "NONE",
            "priority": 5 if key == "included_prompts" else 10,
            "rate_type": "LIST_RATE",
            "anchor_date": start,
            "starting_at": start,
            **more,
        }

    def _subscriptions(self) -> list[Json]:
        """Return the subscription of the seats, with who has one now and later."""
        contract, account = self._contract, self._account
        if not has_seats(contract):
            return []
        schedule = seat_schedule(account, contract)
        ends = [start for start, _ in schedule[1:]] + [contract.ends_at]
        month = month_at(self._now)
        periods = {
            name: {
                "starting_at": iso_offset(month_start(one)),
                "ending_before": iso_offset(month_start(one + 1)),
            }
            for name, one in (("previous", month - 1), ("current", month), ("next", month + 1))
            if contract.holds(one, one + 1)
        }
        return [
            {
                "id": account.new_id("seats", contract.first),
                "name": "Seats",
                "starting_at": iso_offset(contract.starts_at),
                "ending_before": None if contract.ends_at is None else iso_offset(contract.ends_at),
                "created_at": iso_millis(contract.created),
                "subscription_rate": {
                    "billing_frequency": "MONTHLY",
                    "product": self._catalog.product("seats").brief(),
                },
                "collection_schedule": "ARREARS",
                "proration": {
                    "is_prorated": False,
                    "invoice_behavior": "BILL_ON_NEXT_COLLECTION_DATE",
                },
                "quantity_management_mode": "SEAT_BASED",
                "quantity_schedule": [
                    {
                        "quantity": len(seats),
                        "starting_at": iso_offset(start),
                        "ending_before": None if end is None else iso_offset(end),
                    }
                    for (start, seats), end in zip(schedule, ends, strict=True)
                    if end is None or end > self._now
                ],
                "billing_periods": periods,
                "seat_config": {"seat_group_key": "user_id"},
                "fiat_credit_type_id": USD.id,
                "custom_fields": {},
            }
        ]

    def _beside(self) -> Json:
        """Return what both versions have beside the terms."""
        contract, account = self._contract, self._account
        shown: Json = {
            "id": contract.id,
            "customer_id": account.id,
            "custom_fields": {"order_form": contract.id[:8].upper()},
            "customer_billing_provider_configuration": account.provider(),
            "scheduled_charges_on_usage_invoices": "ALL",
            "subscriptions": self._subscriptions(),
            "spend_trackers": [],
            "uniqueness_key": f"contract-{contract.id[:8]}",
        }
        if contract.archived is not None:
            shown["archived_at"] = iso_millis(contract.archived)
        if contract.package is not None:
            shown["package_id"] = account.world.package_id(contract.package)
        return shown

    def json(self) -> Json:
        """Return the contract as the API does."""
        return (
            self._beside()
            | self._head()
            | {
                "commits": self._rows(credits=False),
                "credits": self._rows(credits=True),
                "usage_filter": [],
                "priority": 0,
                "multiplier_override_prioritization": "LOWEST_MULTIPLIER",
                "has_more": {"commits": False, "credits": False},
            }
        )
