"""The books about balances: commits, credits and seats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

from billql.sandbox.api import Json
from billql.sandbox.books import Book, Lazy, Query
from billql.sandbox.metronome.accounts import Account, Contract
from billql.sandbox.metronome.balances import Balance, Kind
from billql.sandbox.metronome.formats import USD, iso_offset
from billql.sandbox.metronome.metering import PER_SEAT, Seat
from billql.sandbox.metronome.records import Records
from billql.sandbox.metronome.statements import balance_json
from billql.sandbox.timestamps import month_start

SHOWN_AT_ONCE: Final = 100
"""Credits and commits that a page of seats shows, if it shows any."""

_BOUNDS: Final = ("covering_date", "starting_at", "effective_before")


class SeatRow(NamedTuple):
    """A seat, and the credits that are its own."""

    seat: Seat
    balances: list[Balance]


class BalanceBooks:
    """Balances, commits, credits, their sum, and those of single seats."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def tables(self) -> Mapping[str, Book]:
        """Return the books by resource."""
        commits: tuple[Kind, ...] = ("PREPAID", "POSTPAID")
        return {
            "contracts.balances": Book(partial(self._list, (*commits, "CREDIT"), "balances")),
            "contracts.commits": Book(partial(self._list, commits, "commits")),
            "contracts.credits": Book(partial(self._list, ("CREDIT",), "credits")),
            "contracts.net_balance": Book(self._net),
            "contracts.seat_balances": Book(self._seats, reach=_reach),
        }

    def _list(self, kinds: Sequence[Kind], group: str, query: Query) -> Sequence[Json]:
        found = [
            balance
            for balance in self._records.balances(self._records.account(query))
            if balance.kind in kinds
            and (balance.contract is None or query.get(f"include_contract_{group}"))
            and (balance.archived is None or query.get("include_archived"))
            and (balance.amount or not query.get("exclude_zero_balances"))
            and within(balance, query)
        ]
        now = self._records.now
        return Lazy(found, lambda one: balance_json(one, now))

    def _net(self, query: Query) -> Sequence[Json]:
        unit = query.get("credit_type_id", USD.id)
        is_final = query.get("invoice_inclusion_mode") == "FINALIZED"
        total = sum(
            balance.without_drafts(self._records.now) if is_final else balance.amount
            for balance in self._records.balances(self._records.account(query))
            if balance.unit.id == unit and balance.archived is None
        )
        return [{"balance": total, "credit_type_id": unit}]

    def _seats(self, query: Query) -> Sequence[Json]:
        account, contract = self._records.account(query), self._records.contract(query)
        balances = [
            balance
            for balance in self._records.balances(account)
            if balance.contract == contract and balance.seats and within(balance, query)
        ]
        rows = [
            SeatRow(seat, [balance for balance in balances if seat in balance.seats])
            for seat in (account.seats if has_seats(contract) else [])
        ]
        return Lazy(rows, lambda row: self._seat_json(account, row))

    def _seat_json(self, account: Account, row: SeatRow) -> Json:
        shown = []
        total = granted = 0
        for balance in row.balances:
            (segment,) = balance.segments
            used = self._records.world.metering.prompts(
                account.customer, row.seat, segment.start, segment.end
            )
            left = PER_SEAT - used
            if left and segment.end <= self._records.now:
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
        return {"seat_id": row.seat.id, "balances": sums, "commits": [], "credits": shown}


def _reach(query: Query, rows: Sequence[Json]) -> int:
    """Return how many seats may be shown until they have shown enough credits."""
    shown = 0
    for place, row in enumerate(rows):
        if shown >= SHOWN_AT_ONCE and query.has("include_credits_and_commits", True):
            return place
        shown += len(row["credits"])
    return len(rows)


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


def within(balance: Balance, query: Query) -> bool:
    """Return whether a balance can be used at the requested times."""
    day, since, before = (query.get(name) for name in _BOUNDS)
    return (
        (day is None or balance.covers(day))
        and (since is None or any(one.end > since for one in balance.segments))
        and (before is None or any(one.start < before for one in balance.segments))
    )
