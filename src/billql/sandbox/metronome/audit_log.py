"""The audit logs: what was done in the account, by whom and when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from billql.sandbox.api import Json
from billql.sandbox.metronome.formats import SYSTEM, iso_millis
from billql.sandbox.metronome.records import Records
from billql.sandbox.rng import Rng


class Event(NamedTuple):
    """Something that was done."""

    timestamp: int
    type: str
    resource: str
    action: str
    description: str
    by_itself: bool = False

    def json(self) -> Json:
        """Return it as the API does."""
        rng = Rng("audit", self.type, self.resource, self.action)
        person: Json = {
            "id": "5d3f9c52-7a4e-4f6b-9a0d-0d3b2f1c8e77",
            "name": "Robin Billing",
            "email": "robin@example.com",
        }
        return {
            "id": rng.uuid(),
            "timestamp": iso_millis(self.timestamp),
            "actor": {"id": "system", "name": SYSTEM} if self.by_itself else person,
            "request": {
                "id": rng.uuid(),
                **({} if self.by_itself else {"ip": "203.0.113.9", "user_agent": "Mozilla/5.0"}),
            },
            "resource_type": self.type,
            "resource_id": self.resource,
            "action": self.action,
            "status": "success",
            "description": self.description,
        }


class AuditLog:
    """All that was done, in the order of time."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._world = records.world

    def events(self) -> list[Event]:
        """Return everything up to now, oldest first."""
        events = [*self._of_catalog(), *self._of_customers()]
        done = [event for event in events if event.timestamp <= self._world.now]
        return sorted(done, key=lambda event: (event.timestamp, event.type, event.resource))

    def _of_catalog(self) -> Iterator[Event]:
        catalog = self._world.catalog
        for product in catalog.products:
            yield Event(product.created, "product", product.id, "create", product.name)
            if product.archived is not None:
                yield Event(product.archived, "product", product.id, "archive", product.name)
        for meter in catalog.meters:
            if meter.archived is not None:
                description = meter.metric.name
                yield Event(meter.archived, "billable_metric", meter.id, "archive", description)
        for card in catalog.rate_cards:
            yield Event(card.created, "rate_card", card.id, "create", card.name)

    def _of_customers(self) -> Iterator[Event]:
        for account in self._world.accounts:
            name = account.customer.name
            yield Event(account.customer.created, "customer", account.id, "create", name)
            if account.archived is not None:
                yield Event(account.archived, "customer", account.id, "archive", name)
            for contract in account.contracts:
                description = f"{contract.name} of {name}"
                yield Event(contract.created, "contract", contract.id, "create", description)
                if contract.archived is not None:
                    yield Event(contract.archived, "contract", contract.id, "archive", description)
            for grant in self._world.story.grants(account.customer):
                type = "credit" if grant.kind == "credit" else "commit"
                created = max(grant.starts_at, account.customer.created)
                yield Event(created, type, grant.id, "create", f"{grant.name} of {name}")
            for bill in account.bills:
                description = f"Invoice of {name}"
                yield Event(
                    bill.issued, "invoice", bill.metronome_id, "finalize", description, True
                )
