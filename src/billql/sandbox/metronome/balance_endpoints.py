"""The operations about what a customer may still use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from billql.sandbox.api import Json, Request, Response, Routes
from billql.sandbox.metronome.accounts import Account, Contract
from billql.sandbox.metronome.balances import Balance, Entry
from billql.sandbox.metronome.endpoints import Endpoints, data, post
from billql.sandbox.metronome.formats import USD, at
from billql.sandbox.metronome.metering import PER_SEAT, Seat
from billql.sandbox.metronome.paging import Paging
from billql.sandbox.metronome.statements import balance_json, entry_json
from billql.sandbox.metronome.validation import (
    Asked,
    Field,
    Form,
    count,
    flag,
    many,
    maybe,
    moment,
    needed,
    one_of,
    record,
    table,
    text,
    uuid,
    wrong,
)
from billql.sandbox.timestamps import month_start

_BODY: Final = Paging("body", usual=25, most=25)
_SEATS: Final = Paging("seats", usual=25, most=100)
_CHANGES: Final = Paging("body", usual=10, most=10)

NO_UNIT: Final = "00000000-0000-0000-0000-000000000000"
"""What is counted in no unit of money, but in what is used, has this unit."""

SHOWN_AT_ONCE: Final = 100
"""Credits and commits that a page of seats shows, if it shows any."""

_TYPES: Final = {"PREPAID": "PREPAID_COMMIT", "POSTPAID": "POSTPAID_COMMIT", "CREDIT": "CREDIT"}

_TIMES: Final[Mapping[str, Field]] = {
    "covering_date": maybe(moment),
    "starting_at": maybe(moment),
    "effective_before": maybe(moment),
}


class SeatRow(NamedTuple):
    """A seat, and the credits that are its own."""

    seat: Seat
    balances: list[Balance]


class BalanceEndpoints(Endpoints):
    """Balances, commits, credits, their sum, and those of single seats."""

    def add_to(self, routes: Routes) -> None:
        """Add the operations."""
        access = {"access_type": maybe(one_of("SPEND", "QUANTITY", shouting=True))}
        customer = {"customer_id": needed(uuid)}
        flags = {
            name: maybe(flag) for name in ("include_archived", "include_balance", "include_ledgers")
        }
        common = {**customer, **_TIMES, **flags}
        for path, id, contracts, more in (
            ("Balances", "id", "balances", {**access, "exclude_zero_balances": maybe(flag)}),
            ("Commits", "commit_id", "commits", access),
            ("Credits", "credit_id", "credits", {}),
        ):
            body = {**common, **more, id: maybe(uuid), f"include_contract_{contracts}": maybe(flag)}
            answer = getattr(self, f"_list_{contracts}")
            post(routes, f"/v1/contracts/customer{path}/list", _BODY.form(body=body), answer)
        filter = {
            "balance_types": maybe(many(one_of(*_TYPES.values()))),
            "ids": maybe(many(uuid)),
            "custom_fields": maybe(table(text)),
        }
        net = {
            **customer,
            **access,
            "credit_type_id": maybe(uuid),
            "filters": maybe(many(record(filter))),
            "invoice_inclusion_mode": maybe(one_of("FINALIZED", "FINALIZED_AND_DRAFT")),
        }
        post(routes, "/v1/contracts/customerBalances/getNetBalance", Form(body=net), self._get_net)
        seats = {
            **customer,
            **_TIMES,
            "contract_id": needed(uuid),
            "subscription_ids": maybe(many(uuid)),
            "seat_ids": maybe(many(text)),
            "skip_missing_seat_ids": maybe(flag),
            "include_credits_and_commits": maybe(flag),
            "include_ledgers": maybe(flag),
        }
        apart = [("covering_date", "starting_at"), ("covering_date", "effective_before")]
        form = _SEATS.form(body=seats, apart=apart)
        post(routes, "/v1/contracts/seatBalances/list", form, self._list_seats)
        history = {
            **customer,
            "contract_id": needed(uuid),
            "subscription_id": needed(uuid),
        }
        post(
            routes,
            "/v1/contracts/getSubscriptionQuantityHistory",
            Form(body=history),
            self._get_quantities,
        )
        window = {
            "covering_date": maybe(moment),
            "starting_at": maybe(moment),
            "ending_before": maybe(moment),
            "cursor": maybe(text),
            "limit": maybe(count(10)),
        }
        apart = [("covering_date", "starting_at"), ("covering_date", "ending_before")]
        path = "/v1/contracts/getSubscriptionSeatsHistory"
        post(routes, path, Form(body={**history, **window}, apart=apart), self._get_seats)

    def _list_balances(self, request: Request, asked: Asked) -> Response:
        return self._list(request, asked, ("PREPAID", "POSTPAID", "CREDIT"), "balances", "id")

    def _list_commits(self, request: Request, asked: Asked) -> Response:
        return self._list(request, asked, ("PREPAID", "POSTPAID"), "commits", "commit_id")

    def _list_credits(self, request: Request, asked: Asked) -> Response:
        return self._list(request, asked, ("CREDIT",), "credits", "credit_id")

    def _list(
        self, request: Request, asked: Asked, kinds: Sequence[str], word: str, id: str
    ) -> Response:
        rows = [
            balance
            for balance in self.records.balances(self.account(asked))
            if balance.kind in kinds
            and asked.get(id) in (None, balance.id)
            and (balance.contract is None or asked.get(f"include_contract_{word}"))
            and (balance.archived is None or asked.get("include_archived"))
            and (balance.amount or not asked.get("exclude_zero_balances"))
            and asked.get("access_type") != "QUANTITY"
            and within(balance, asked)
        ]

        def write(balance: Balance) -> Json:
            return balance_json(
                balance,
                self.now,
                amount=asked.get("include_balance", False),
                ledger=asked.get("include_ledgers", False),
            )

        return _BODY.answer(request, asked, rows, write)

    def _get_net(self, request: Request, asked: Asked) -> Response:
        account = self.account(asked)
        if asked.get("access_type") == "QUANTITY":
            if "credit_type_id" in asked:
                raise wrong("credit_type_id must not be provided for access_type QUANTITY")
            return data({"balance": 0, "credit_type_id": NO_UNIT})
        unit = asked.get("credit_type_id", USD.id)
        final = asked.get("invoice_inclusion_mode") == "FINALIZED"
        total = sum(
            balance.without_drafts(self.now) if final else balance.amount
            for balance in self.records.balances(account)
            if balance.unit.id == unit and balance.archived is None and _chosen(balance, asked)
        )
        return data({"balance": total, "credit_type_id": unit})

    def _list_seats(self, request: Request, asked: Asked) -> Response:
        account, contract = self.account(asked), self.contract(asked)
        subscription = account.new_id("seats", contract.first)
        if any(id != subscription for id in asked.get("subscription_ids", ())):
            raise wrong("subscription_ids must be of subscriptions that are SEAT_BASED")
        seats = account.seats if has_seats(contract) else []
        known = {seat.id for seat in seats}
        missing = set(asked.get("seat_ids", ())) - known
        if missing and not asked.get("skip_missing_seat_ids"):
            raise wrong(f"Seats not found: {', '.join(sorted(missing))}")
        balances = [
            balance
            for balance in self.records.balances(account)
            if balance.contract == contract and balance.seats and within(balance, asked)
        ]
        rows = [
            SeatRow(seat, [balance for balance in balances if seat in balance.seats])
            for seat in seats
            if seat.id in asked.get("seat_ids", known)
        ]

        def reach(left: Sequence[SeatRow]) -> int:
            """Return how many seats may be shown until they have shown enough credits."""
            shown = 0
            for place, row in enumerate(left):
                if shown >= SHOWN_AT_ONCE and asked.get("include_credits_and_commits"):
                    return place
                shown += len(row.balances)
            return len(left)

        def write(row: SeatRow) -> Json:
            return self._seat_json(account, row, asked)

        return _SEATS.answer(request, asked, rows, write, reach)

    def _seat_json(self, account: Account, row: SeatRow, asked: Asked) -> Json:
        shown = []
        total = granted = 0
        for balance in row.balances:
            (segment,) = balance.segments
            used = self.world.metering.asked(account.customer, row.seat, segment.start, segment.end)
            entries = [entry for entry in balance.entries if entry.word != "EXPIRATION"]
            amounts = {"SEGMENT_START": PER_SEAT, "AUTOMATED_INVOICE_DEDUCTION": -used}
            mine = [
                Entry(entry.word, entry.moment, amounts[entry.word])
                for entry in entries
                if amounts[entry.word]
            ]
            left = PER_SEAT - used
            if left and segment.end <= self.now:
                mine.append(Entry("EXPIRATION", segment.end, -left))
                left = 0
            total, granted = total + left, granted + PER_SEAT
            credit: Json = {
                "id": balance.id,
                "access_type": "SPEND",
                "credit_type_id": balance.unit.id,
                "balance": left,
                "start_date": at(segment.start),
                "end_date": at(segment.end),
            }
            if asked.get("include_ledgers"):
                credit["ledger_entries"] = [entry_json(entry, "CREDIT") for entry in mine]
            shown.append(credit)
        sums: list[Json] = []
        if row.balances:
            unit = row.balances[0].unit.id
            sums = [
                {
                    "credit_type_id": unit,
                    "access_type": "SPEND",
                    "balance": total,
                    "starting_balance": granted,
                }
            ]
        answer: Json = {"seat_id": row.seat.id, "balances": sums}
        if asked.get("include_credits_and_commits"):
            answer |= {"commits": [], "credits": shown}
        return answer

    def _schedule(self, asked: Asked) -> list[tuple[int, list[Seat]]]:
        """Return when the seats of a subscription changed, and who had one from then on."""
        account, contract = self.account(asked), self.contract(asked)
        subscription = account.new_id("seats", contract.first)
        if not has_seats(contract) or asked["subscription_id"] != subscription:
            raise wrong("The subscription is not SEAT_BASED, or not of this contract")
        return seat_schedule(account, contract)

    def _get_quantities(self, request: Request, asked: Asked) -> Response:
        history: list[Json] = [
            {
                "starting_at": at(start),
                "data": [{"quantity": len(seats), "unit_price": 0, "total": 0}],
            }
            for start, seats in self._schedule(asked)
        ]
        return data(
            {
                "subscription_id": asked["subscription_id"],
                "fiat_credit_type_id": USD.id,
                "history": history,
            }
        )

    def _get_seats(self, request: Request, asked: Asked) -> Response:
        changes = self._schedule(asked)
        day = asked.get("covering_date")
        since, before = asked.get("starting_at", day), asked.get("ending_before", day)
        rows: list[Json] = []
        for place, (start, seats) in enumerate(changes):
            end = changes[place + 1][0] if place + 1 < len(changes) else None
            if (end is None or since is None or since < end) and (
                before is None or start <= before
            ):
                rows.append(
                    {
                        "starting_at": at(start),
                        "ending_before": None if end is None else at(end),
                        "total_quantity": len(seats),
                        "assigned_seat_ids": [seat.id for seat in seats],
                    }
                )
        # The token is asked for as `cursor`, and answered as `next_page`.
        asked["next_page"] = asked.get("cursor")
        return _CHANGES.answer(request, asked, rows, lambda row: row)


def has_seats(contract: Contract) -> bool:
    """Whether a contract has a subscription with seats."""
    return contract.card == "enterprise" and contract.archived is None


def seat_schedule(account: Account, contract: Contract) -> list[tuple[int, list[Seat]]]:
    """Return when a contract's seats change, and who has one from then on."""
    firsts = sorted({max(contract.first, seat.first) for seat in account.seats})
    return [
        (month_start(first), [seat for seat in account.seats if seat.first <= first])
        for first in firsts
        if contract.end is None or first < contract.end
    ]


def within(balance: Balance, asked: Asked) -> bool:
    """Whether a balance can be used at the times that were asked for."""
    day, since, before = (asked.get(name) for name in _TIMES)
    return (
        (day is None or balance.covers(day))
        and (since is None or any(one.end > since for one in balance.segments))
        and (before is None or any(one.start < before for one in balance.segments))
    )


def _chosen(balance: Balance, asked: Asked) -> bool:
    """Whether a balance passes one of the filters, if there are any."""
    filters = asked.get("filters")
    return not filters or any(
        _TYPES[balance.kind] in one.get("balance_types", _TYPES.values())
        and balance.id in one.get("ids", (balance.id,))
        and one.get("custom_fields", {}).items() <= balance.custom_fields.items()
        for one in filters
    )
