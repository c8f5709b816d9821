"""Reading fees, for the payer and for the finance office."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import jaconv
from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncDate
from django.utils import timezone

from billing import numbers, surplus
from billing.models import Attempt, BankLine, BankStatement, FeeDue, Payment, Refund

VIEWS = ("open", "overdue", "paid", "surplus", "refunds", "ended", "all")


def last_try(fee_id: uuid.UUID) -> Payment | None:
    """What the provider answered last, to be shown on the fee's page: declined, cancelled, …"""
    return Payment.objects.filter(fee=fee_id).order_by("-created_at").first()


def parts_of(fee: FeeDue) -> QuerySet[FeeDue]:
    """All parts of the fee that this one is a part of, in order; itself where there is one."""
    same = Q(pk=fee.pk) | Q(series=fee.series) if fee.series else Q(pk=fee.pk)
    return FeeDue.objects.filter(same).order_by("part")


def fees(view: str = "open", words: str = "") -> QuerySet[FeeDue]:
    """What the finance office sees, the most urgent first."""
    found = FeeDue.objects.filter(_in_view(view))
    for word in unicodedata.normalize("NFKC", words).split():
        found = found.filter(_fits(word))
    if view == "surplus":
        found = surplus.with_left(found)
    if view in ("open", "overdue"):
        return found.order_by("due_on", "created_at")
    return found.order_by("-created_at", "pk")


def counts() -> dict[str, int]:
    """How many fees each view holds. One statement for those that are looked at daily."""
    names = [view for view in VIEWS if view != "all"]
    return FeeDue.objects.aggregate(
        **{f"in_{view}": Count("pk", filter=_in_view(view), distinct=True) for view in names}
    )


def _in_view(view: str) -> Q:
    due = Q(state=FeeDue.State.DUE)
    if view == "open":
        return due
    if view == "overdue":
        return due & Q(due_on__lt=timezone.localdate())
    if view == "paid":
        return Q(state=FeeDue.State.PAID)
    if view == "surplus":
        unclear = Attempt.objects.filter(state=Attempt.State.UNCLEAR).values("fee")
        return Q(pk__in=surplus.fees_with_too_much()) | Q(pk__in=unclear)
    if view == "refunds":
        return Q(pk__in=Refund.objects.values("fee"))
    if view == "ended":
        return Q(state__in=[FeeDue.State.CANCELLED, FeeDue.State.WAIVED, FeeDue.State.EXPIRED])
    return Q()


def _fits(word: str) -> Q:
    """By receipt number, number of the fee, amount, name or kana."""
    fits = Q(reference__icontains=word) | Q(payer_name__icontains=word)
    fits |= Q(payer_kana__icontains=jaconv.hira2kata(word))
    plain = word.replace(",", "").strip("¥円")
    if plain.isascii() and plain.isdigit() and int(plain) < 2**31:
        fits |= Q(amount=int(plain))
    for number in numbers.found_in(word):
        fits |= Q(number=number)
    return fits


@dataclass(frozen=True, slots=True)
class Share:
    """Some lines of a file: how many, and how much as far as it could be read."""

    state: str
    count: int
    yen: int


@dataclass(frozen=True, slots=True)
class Sums:
    """A file in figures. What came in is what was booked, and what was not; nothing is left out."""

    shares: tuple[Share, ...]
    stated_count: int | None
    stated_total: int | None

    @property
    def lines(self) -> int:
        return sum(share.count for share in self.shares)

    def count(self, *states: str) -> int:
        return sum(share.count for share in self.shares if share.state in states)

    def yen(self, *states: str) -> int:
        return sum(share.yen for share in self.shares if share.state in states)

    @property
    def incoming(self) -> int:
        """Yen of every readable line of money that came in."""
        return sum(s.yen for s in self.shares if s.state not in ("broken", "outgoing"))

    @property
    def missing(self) -> int | None:
        """Yen that the file says came in and no readable line has: they are in broken lines."""
        return None if self.stated_total is None else self.stated_total - self.incoming


def sums_of(statement: BankStatement) -> Sums:
    """The figures of a file, one statement."""
    rows = (
        BankLine.objects.filter(statement=statement)
        .order_by()
        .values("state")
        .annotate(count=Count("pk"), yen=Sum("amount"))
    )
    order = {state: place for place, state in enumerate(BankLine.State.values)}
    shares = sorted(
        (Share(row["state"], row["count"], row["yen"] or 0) for row in rows),
        key=lambda share: order[share.state],
    )
    return Sums(tuple(shares), statement.stated_count, statement.stated_total)


def open_lines() -> QuerySet[BankLine]:
    """Lines of booked files that somebody still has to look at, the oldest first."""
    return (
        BankLine.objects.filter(
            statement__state=BankStatement.State.APPLIED, state__in=BankLine.OPEN
        )
        .select_related("fee", "statement")
        .order_by("booked_on", "pk")
    )


@dataclass(frozen=True, slots=True)
class Day:
    """What one day brought, in yen. `counted` + `surplus` is everything that was entered."""

    on: date
    by_source: tuple[tuple[str, int], ...]
    surplus: int
    refunded: int
    unmatched: int

    @property
    def counted(self) -> int:
        return sum(yen for _source, yen in self.by_source)

    @property
    def came(self) -> int:
        """All money of the day: entered for fees, too much, and not matched to anything yet."""
        return self.counted + self.surplus + self.unmatched


def report(first: date, last: date) -> list[Day]:
    """Each day of the period on which something happened, newest first. Three statements.

    A day is the bank's for what came by the bank, else the day when it was entered. What was put
    to another fee comes out of what was too much, and is counted there: no money came.
    """
    found: dict[date, dict[str, int]] = {}

    def add(rows: QuerySet[Any, Any], what: Callable[[dict[str, Any]], str]) -> None:
        for row in rows.order_by().filter(on__range=(first, last)).annotate(yen=Sum("amount")):
            day = found.setdefault(row["on"], {})
            sign = -1 if row.get("outcome") == Payment.Outcome.MOVED else 1
            day[what(row)] = day.get(what(row), 0) + sign * (row["yen"] or 0)

    too_much = (Payment.Outcome.SURPLUS, Payment.Outcome.MOVED)
    entered = Payment.objects.filter(outcome__in=[*Payment.MONEY, Payment.Outcome.MOVED])
    add(
        entered.annotate(on=Coalesce("received_on", TruncDate("created_at"))).values(
            "on", "outcome", "provider"
        ),
        lambda row: "surplus" if row["outcome"] in too_much else f"from {row['provider']}",
    )
    gone = Refund.objects.filter(state=Refund.State.DONE, done_on__isnull=False)
    add(gone.values(on=F("done_on")), lambda row: "refunded")
    unbooked = BankLine.objects.filter(
        statement__state__in=[BankStatement.State.APPLYING, BankStatement.State.APPLIED],
        state__in=[*BankLine.OPEN, BankLine.State.MATCHED, BankLine.State.RETURNED],
        booked_on__isnull=False,
    )
    add(unbooked.values(on=F("booked_on")), lambda row: "unmatched")
    return [
        Day(
            on,
            tuple(
                (what.removeprefix("from "), yen)
                for what, yen in sorted(day.items())
                if what.startswith("from ")
            ),
            day.get("surplus", 0),
            day.get("refunded", 0),
            day.get("unmatched", 0),
        )
        for on, day in sorted(found.items(), reverse=True)
    ]
