"""The endpoints of balances: commits, credits and seats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from billql.sandbox.api import Json, Request, Response, Routes
from billql.sandbox.metronome.accounts import Account, Contract
from billql.sandbox.metronome.balances import Balance
from billql.sandbox.metronome.endpoints import Endpoints, data, post
from billql.sandbox.metronome.fields import ARCHIVED, CUSTOMER, TIMES
from billql.sandbox.metronome.formats import USD, iso_offset
from billql.sandbox.metronome.metering import PER_SEAT, Seat
from billql.sandbox.metronome.paging import Paging
from billql.sandbox.metronome.statements import balance_json
from billql.sandbox.metronome.validation import (
    Field,
    Params,
    RequestSchema,
    array_of,
    bad_request,
    boolean,
    date_time,
    one_of,
    optional,
    required,
    text,
    uuid,
)
from billql.sandbox.timestamps import month_start

_BODY: Final = Paging("body", usual=25, most=25)
_SEATS: Final = Paging("seats", usual=25, most=100)


SHOWN_AT_ONCE: Final = 100
"""Credits and commits that a page of seats shows, if it shows any."""


_BOUNDS: Final[Mapping[str, Field]] = {
    **TIMES,
    "effective_before": optional(date_time),
}


class SeatRow(NamedTuple):
    """A seat, and the credits that are its own."""

    seat: Seat
    balances: list[Balance]


class BalanceEndpoints(Endpoints):
    """Balances, commits, credits, their sum, and those of single seats."""

    def add_to(self, routes: Routes) -> None:
        """Add the operations."""
        flags = {name: optional(boolean) for name in ("include_balance", "include_ledgers")}
        common = {**CUSTOMER, **_BOUNDS, **ARCHIVED, **flags}
        for path, id, contracts, more in (
            ("Balances", "id", "balances", {"exclude_zero_balances": optional(boolean)}),
            ("Commits", "commit_id", "commits", {}),
            ("Credits", "credit_id", "credits", {}),
        ):
            body = {
                **common,
                **more,
                id: optional(uuid),
                f"include_contract_{contracts}": optional(boolean),
            }
            handler = getattr(self, f"_list_{contracts}")
            post(routes, f"/v1/contracts/customer{path}/list", _BODY.schema(body=body), handler)
        net = {
            **CUSTOMER,
            "credit_type_id": optional(uuid),
            "invoice_inclusion_mode": optional(one_of("FINALIZED", "FINALIZED_AND_DRAFT")),
        }
        post(
            routes,
            "/v1/contracts/customerBalances/getNetBalance",
            RequestSchema(body=net),
            self._get_net,
        )
        seats = {
            **CUSTOMER,
            **_BOUNDS,
            "contract_id": required(uuid),
            "seat_ids": optional(array_of(text)),
            "skip_missing_seat_ids": optional(boolean),
            "include_credits_and_commits": optional(boolean),
        }
        apart = [("covering_date", "starting_at"), ("covering_date", "effective_before")]
        schema = _SEATS.schema(body=seats, apart=apart)
        post(routes, "/v1/contracts/seatBalances/list", schema, self._list_seats)

    def _list_balances(self, request: Request, params: Params) -> Response:
        return self._list(request, params, ("PREPAID", "POSTPAID", "CREDIT"), "balances", "id")

    def _list_commits(self, request: Request, params: Params) -> Response:
        return self._list(request, params, ("PREPAID", "POSTPAID"), "commits", "commit_id")

    def _list_credits(self, request: Request, params: Params) -> Response:
        return self._list(request, params, ("CREDIT",), "credits", "credit_id")

    def _list(
        self, request: Request, params: Params, kinds: Sequence[str], group: str, id: str
    ) -> Response:
        rows = [
            balance
            for balance in self.records.balances(self.account(params))
            if balance.kind in kinds
            and params.get(id) in (None, balance.id)
            and (balance.contract is None or params.get(f"include_contract_{group}"))
            and (balance.archived is None or params.get("include_archived"))
            and (balance.amount or not params.get("exclude_zero_balances"))
            and within(balance, params)
        ]

        def write(balance: Balance) -> Json:
            return balance_json(
                balance,
                self.now,
                amount=params.get("include_balance", False),
                ledger=params.get("include_ledgers", False),
            )

        return _BODY.response(request, params, rows, write)

    def _get_net(self, request: Request, params: Params) -> Response:
        account = self.account(params)
        unit = params.get("credit_type_id", USD.id)
        final = params.get("invoice_inclusion_mode") == "FINALIZED"
        total = sum(
            balance.without_drafts(self.now) if final else balance.amount
            for balance in self.records.balances(account)
            if balance.unit.id == unit and balance.archived is None
        )
        return data({"balance": total, "credit_type_id": unit})

    def _list_seats(self, request: Request, params: Params) -> Response:
        account, contract = self.account(params), self.contract(params)
        seats = account.seats if has_seats(contract) else []
        known = {seat.id for seat in seats}
        missing = set(params.get("seat_ids", ())) - known
        if missing and not params.get("skip_missing_seat_ids"):
            raise bad_request(f"Seats not found: {', '.join(sorted(missing))}")
        balances = [
            balance
            for balance in self.records.balances(account)
            if balance.contract == contract and balance.seats and within(balance, params)
        ]
        rows = [
            SeatRow(seat, [balance for balance in balances if seat in balance.seats])
            for seat in seats
            if seat.id in params.get("seat_ids", known)
        ]

        def reach(left: Sequence[SeatRow]) -> int:
            """Return how many seats may be shown until they have shown enough credits."""
            shown = 0
            for place, row in enumerate(left):
                if shown >= SHOWN_AT_ONCE and params.get("include_credits_and_commits"):
                    return place
                shown += len(row.balances)
            return len(left)

        def write(row: SeatRow) -> Json:
            return self._seat_json(account, row, params)

        return _SEATS.response(request, params, rows, write, reach)

    def _seat_json(self, account: Account, row: SeatRow, params: Params) -> Json:
        shown = []
        total = granted = 0
        for balance in row.balances:
            (segment,) = balance.segments
            used = self.world.metering.prompts(
                account.customer, row.seat, segment.start, segment.end
            )
            left = PER_SEAT - used
            if left and segment.end <= self.now:
                left = 0
            total, granted = total + left, granted + PER_SEAT
            credit: Json = {
                "id": balance.id,
                "access_type": "SPEND",
                "credit_type_id": balance.unit.id,
                "balance": left,
                "start_date": iso_offset(segment.start),
                "end_date": iso_offset(segment.end),
            }
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
        body: Json = {"seat_id": row.seat.id, "balances": sums}
        if params.get("include_credits_and_commits"):
            body |= {"commits": [], "credits": shown}
        return body


def has_seats(contract: Contract) -> bool:
    """Return whether a contract has a subscription with seats."""
    return contract.card == "enterprise" and contract.archived is None


def seat_schedule(account: Account, contract: Contract) -> list[tuple[int, list[Seat]]]:
    """Return when a contract's seats change, and who has one from then on."""
    firsts = sorted({max(contract.first, seat.first) for seat in account.seats})
    return [
        (month_start(first), [seat for seat in account.seats if seat.first <= first])
        for first in firsts
        if contract.end is None or first < contract.end
    ]


def within(balance: Balance, params: Params) -> bool:
    """Return whether a balance can be used at the requested times."""
    day, since, before = (params.get(name) for name in _BOUNDS)
    return (
        (day is None or balance.covers(day))
        and (since is None or any(one.end > since for one in balance.segments))
        and (before is None or any(one.start < before for one in balance.segments))
    )
