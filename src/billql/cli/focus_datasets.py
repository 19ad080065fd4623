"""The datasets of FOCUS: which columns of a view a version has, and the SELECT that writes them.

The specification (https://focus.finops.org) names for each column the version that added or removed
it, and whether it may be NULL. A conditional column that may not is in a file only if what is read
states it; what stands in for it where one part of several does not state it, is named here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from billql.errors import InterfaceError
from billql.sql.tokenizer import quote

VERSIONS = ("1.2", "1.3", "1.4")
"""The versions of FOCUS, the newest last."""

PERIOD = "BillingPeriodStart"
"""The column that a file of a month is chosen by."""

OWN = "x_"
"""How the names of columns begin that FOCUS does not have."""


class Dataset(NamedTuple):
    """A dataset of FOCUS."""

    since: str
    """The first version that has it."""
    added: Mapping[str, frozenset[str]] = {}
    """By version, the columns that it has added later."""
    removed: Mapping[str, frozenset[str]] = {}
    """By version, the columns that it has removed."""
    conditional: Mapping[str, str | None] = {}
    """The columns that are not in every file, and never NULL; and the column whose value stands in
    where another part of the view states it, None if nothing does."""
    required: Mapping[str, frozenset[str]] = {}
    """By version, the columns that it has made mandatory and never NULL, of those that not every
    provider states."""
    has_periods: bool = True
    """Whether each row belongs to a billing period."""

    def columns(self, names: Sequence[str], version: str) -> list[str]:
        """Return the columns of a view that a version has, with billql's own at the end."""
        known = VERSIONS[: VERSIONS.index(version) + 1]
        later = {name for one, added in self.added.items() if one not in known for name in added}
        gone = {name for one, removed in self.removed.items() if one in known for name in removed}
        remaining = [name for name in names if name not in later | gone]
        return sorted(remaining, key=lambda name: name.startswith(OWN))

    def stated(self, names: Sequence[str], parts: Sequence[Collection[str]]) -> list[str]:
        """Return the columns of a file; `parts` are the columns that each part of the view states.

        A conditional column is left out if no part states it, or if one part does not and nothing
        can stand in for it.
        """

        def is_in_file(name: str) -> bool:
            if name not in self.conditional:
                return True
            needed = all if self.conditional[name] is None else any
            return bool(parts) and needed(name in part for part in parts)

        return [name for name in names if is_in_file(name)]

    def unstated(self, version: str, stated: Collection[str]) -> list[str]:
        """Return the columns that a version requires of a part, and that the part does not state.

        A part without them has no row in a file of that version.
        """
        known = VERSIONS[: VERSIONS.index(version) + 1]
        needed = {name for one, names in self.required.items() if one in known for name in names}
        return sorted(needed - set(stated))


_COSTS = Dataset(
    since="1.2",
    added={
        "1.3": frozenset(
            (
                "AllocatedMethodDetails",
                "AllocatedMethodId",
                "AllocatedResourceId",
                "AllocatedResourceName",
                "AllocatedTags",
                "ContractApplied",
                "HostProviderName",
                "ServiceProviderName",
            )
        ),
        "1.4": frozenset(("CommitmentProgramEligibilityDetails", "InvoiceDetailId")),
    },
    removed={"1.4": frozenset(("ProviderName", "PublisherName"))},
    conditional={
        "BillingAccountType": None,
        "PricingCurrency": "BillingCurrency",
        "PricingCurrencyEffectiveCost": "EffectiveCost",
    },
)

_OF_COMMITMENTS = frozenset(
    (
        "ContractCommitmentApplicability",
        "ContractCommitmentBenefitCategory",
        "ContractCommitmentCreated",
        "ContractCommitmentDurationType",
        "ContractCommitmentFulfillmentInterval",
        "ContractCommitmentLastUpdated",
        "ContractCommitmentLifecycleStatus",
        "ContractCommitmentModel",
        "ContractCommitmentOfferCategory",
        "ContractCommitmentPaymentInterval",
        "ContractCommitmentPaymentModel",
        "InvoiceIssuerName",
        "ServiceProviderName",
    )
)
"""What 1.4 requires of a commitment, and 1.3 does not have."""

_COMMITMENTS = Dataset(
    since="1.3",
    added={
        "1.4": _OF_COMMITMENTS
        | {
            "ContractCommitmentDiscountPercentage",
            "ContractCommitmentPaymentUpfrontPercentage",
            "PricingCurrency",
            "PricingCurrencyContractCommitmentCost",
        }
    },
    required={"1.4": _OF_COMMITMENTS},
    conditional={
        "ContractCommitmentPaymentUpfrontPercentage": None,
        "PricingCurrency": "BillingCurrency",
    },
    has_periods=False,
)

DATASETS: Mapping[str, Dataset] = {
    "cost_and_usage": _COSTS,
    "revenue": _COSTS,
    "daily_estimates": _COSTS,
    "contract_commitments": _COMMITMENTS,
    "invoice_details": Dataset(
        since="1.4",
        conditional={
            "PaymentCurrency": "BillingCurrency",
            "PaymentCurrencyBilledCost": "BilledCost",
            "PaymentCurrencyInvoiceDetailId": "InvoiceDetailId",
        },
    ),
    "billing_periods": Dataset(since="1.4"),
}
"""By the name of its view, each dataset."""


def check(view: str, version: str, *, by_period: bool) -> Dataset:
    """Return the dataset of a view.

    Raise InterfaceError if a version has none, or if billing periods are chosen or make the files
    and the dataset has none.
    """
    dataset = DATASETS[view]
    if VERSIONS.index(version) < VERSIONS.index(dataset.since):
        raise InterfaceError(
            f"FOCUS {version} has no dataset for {view}",
            hint=f"Use --version {dataset.since}, the first that has it, or a later one.",
        )
    if by_period and not dataset.has_periods:
        raise InterfaceError(
            f"The rows of {view} have no billing period",
            hint="Omit --since and --until, and name a file, such as --output file.parquet.",
        )
    return dataset


def select(
    view: str,
    columns: Mapping[str, str],
    conditional: Mapping[str, str | None],
    bounds: Mapping[str, str | None],
    required: Collection[str] = (),
    *,
    in_order: bool,
) -> tuple[str, list[str]]:
    """Return the SELECT of a view's columns, and its parameters.

    view         the last part of its name
    columns      each column, with its type
    conditional  what stands in for a column that is NULL; see `Dataset`
    bounds       by operator, a month that the billing period is compared with; None: with nothing
    required     the columns that are NULL in no row
    in_order     whether the billing periods come one after the other

    A text is cast, because a declared type binds no expression: an API may send an identifier as a
    number, and a file's column has one type.
    """

    def expression(name: str, kind: str) -> str:
        source = quote(name)
        if (instead := conditional.get(name)) is not None:
            return f"coalesce({source}, {quote(instead)}) AS {source}"
        return f"CAST({source} AS TEXT) AS {source}" if kind in ("text", "json") else source

    listed = ", ".join(expression(name, kind) for name, kind in columns.items())
    bounded = {operator: month for operator, month in bounds.items() if month}
    conditions = [f"{PERIOD} {operator} ?" for operator in bounded]
    conditions += [f"{quote(name)} IS NOT NULL" for name in required]
    where = " AND ".join(["TRUE", *conditions])
    order = f" ORDER BY {PERIOD}" if in_order else ""
    sql = f"SELECT {listed} FROM billql.focus.{view} WHERE {where}{order}"
    return sql, list(bounded.values())
