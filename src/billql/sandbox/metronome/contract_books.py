"""The books about contracts, and the packages that some are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from billql.sandbox.api import Json
from billql.sandbox.books import Book, Query
from billql.sandbox.metronome.contract_terms import AUTHOR, Terms
from billql.sandbox.metronome.formats import USD, iso_millis, iso_offset
from billql.sandbox.metronome.records import Records
from billql.sandbox.timestamps import DAY


class ContractBooks:
    """Contracts and packages."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._world = records.world

    def tables(self) -> Mapping[str, Book]:
        """Return the books by resource."""
        return {
            "contracts.contracts": Book(self._contracts, usual=1000),
            "pricing.packages": Book(lambda _: self._packages(), usual=10),
        }

    def _contracts(self, query: Query) -> Sequence[Json]:
        account = self._records.account(query)
        balances = self._records.balances(account)
        day = query.get("covering_date")
        return [
            Terms(account, one, balances).json()
            for one in account.contracts
            if (
                one.archived is None
                or query.get("include_archived", False)
                or "contract_id" in query.values
            )
            and (
                day is None or (one.starts_at <= day and (one.ends_at is None or day < one.ends_at))
            )
        ]

    def _packages(self) -> list[Json]:
        made = []
        for key, name, archived in (
            ("team", "Team", None),
            ("starter", "Starter", None),
            ("team-2", "Team (old)", self._world.story.opened - 30 * DAY),
        ):
            made.append(self._package(key, name, archived))
        return made

    def _package(self, key: str, name: str, archived: int | None) -> Json:
        catalog = self._world.catalog
        months = {"unit": "MONTHS", "value": 12}
        credit: Json = {
            "id": self._world.package_id(f"{key} credit"),
            "name": "Included usage",
            "product": catalog.product("included").brief(),
            "access_amount": {"credit_type_id": USD.id, "unit_price": 5000, "quantity": 1},
            "commit_duration": {"value": 1, "unit": "PERIODS"},
            "starting_at_offset": {"unit": "MONTHS", "value": 1},
            "recurrence_frequency": "MONTHLY",
            "priority": 10,
            "rate_type": "LIST_RATE",
            "applicable_product_tags": ["usage"],
        }
        package: Json = {
            "id": self._world.package_id(key),
            "name": name,
            "contract_name": "Monthly",
            "aliases": [{"name": key, "starting_at": iso_offset(catalog.founded // DAY * DAY)}],
            "created_at": iso_millis(catalog.founded + 50 * DAY),
            "created_by": AUTHOR,
            "rate_card_id": catalog.card("standard").id,
            "usage_statement_schedule": {"frequency": "MONTHLY", "day": "FIRST_OF_MONTH"},
            "billing_provider": "stripe",
            "delivery_method": "direct_to_billing_provider",
            "net_payment_terms_days": 0,
            "commits": [],
            "credits": [],
            "overrides": [],
            "scheduled_charges": [],
            "recurring_commits": [],
            "recurring_credits": [credit] if key != "starter" else [],
            "subscriptions": [],
        }
        if archived is not None:
            package |= {"archived_at": iso_millis(archived), "duration": months}
        return package
