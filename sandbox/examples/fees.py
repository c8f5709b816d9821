"""Work for the finance desk: made-up people whose fees are open, overdue, paid, or paid twice."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date, timedelta

from django.utils import timezone

from billing import actions as payments
from billing.models import FeeDue
from cases import actions, fees, tasks, waivers
from cases.models import Case
from catalogue.models import Offering
from common.actor import SYSTEM, Actor
from identity.models import User
from sandbox.examples.applying import sent
from tenants import context
from tenants.models import Municipality

_HEADINGS = ("日付", "摘要", "入金", "出金")


def seed(offering: Offering, worker: User) -> None:
    """Make them, once: not in a town that has a fee already."""
    if FeeDue.objects.exists():
        return
    for name, kana, happened in _PEOPLE:
        case = _approved(offering, worker, name, kana)
        happened(case, fees.part_of_case(case))


def _approved(offering: Offering, worker: User, name: str, kana: str) -> Case:
    case = actions.claim_case(case=sent(offering, name, kana), by=worker)
    decision = actions.decide(case=case, outcome="approved", conditions=(), reason="", by=worker)
    tasks.after_decision({"decision_id": str(decision.pk)})  # the worker finds it done
    return Case.objects.get(pk=case.pk)


def _open(_case: Case, _fee: FeeDue) -> None:
    pass


def _overdue(_case: Case, fee: FeeDue) -> None:
    FeeDue.objects.filter(pk=fee.pk).update(due_on=timezone.localdate() - timedelta(days=12))


def _paid(_case: Case, fee: FeeDue) -> None:
    _at_the_counter(fee, "first")


def _paid_twice(_case: Case, fee: FeeDue) -> None:
    _at_the_counter(fee, "first")
    _at_the_counter(fee, "second")


def _asks_to_be_let_off(case: Case, fee: FeeDue) -> None:
    waivers.ask(case=case, fee=fee, reason="生活保護を受けているため。", by=Actor.of(case.resident))


def _at_the_counter(fee: FeeDue, key: str) -> None:
    payments.receive(
        fee_id=fee.pk,
        source="counter",
        key=f"counter:{fee.pk}:{key}",
        amount=fee.amount,
        received_on=timezone.localdate(),
        by=SYSTEM,
    )


_PEOPLE: tuple[tuple[str, str, Callable[[Case, FeeDue], None]], ...] = (
    ("田中 実", "タナカ ミノル", _open),
    ("渡辺 幸子", "ワタナベ サチコ", _open),
    ("中村 大輔", "ナカムラ ダイスケ", _overdue),
    ("加藤 由美", "カトウ ユミ", _paid),
    ("吉田 誠", "ヨシダ マコト", _paid_twice),
    ("松本 久美子", "マツモト クミコ", _asks_to_be_let_off),
)


def bank_file(town: Municipality) -> str:
    """A bank's table (CSV) about the fees that are due now: one transfer that fits wholly, one
    without the number, one of too little, and one of somebody unknown."""
    with context.municipality(town):
        due = list(FeeDue.objects.filter(state=FeeDue.State.DUE).order_by("created_at")[:3])
        yesterday = timezone.localdate() - timedelta(days=1)
    paid = [
        (f"{fee.number} {fee.payer_kana}", fee.amount)
        if place == 0
        else (fee.payer_kana, fee.amount)
        if place == 1
        else (f"{fee.number} {fee.payer_kana}", max(fee.amount - 500, 1))
        for place, fee in enumerate(due)
    ]
    return _table(yesterday, [*paid, ("スズキ タロウ", 4321)])


def _table(on: date, transfers: list[tuple[str, int]]) -> str:
    out = io.StringIO(newline="")
    rows = csv.writer(out)
    rows.writerow(_HEADINGS)
    rows.writerows((on.isoformat(), text, yen, "") for text, yen in transfers)
    return out.getvalue()
