"""Work for the finance desk: made-up people whose fees are open, overdue, paid, or paid twice."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from billing import actions as payments
from billing.models import FeeDue
from cases import actions, fees, tasks, waivers
from cases.models import Case
from catalogue.models import Offering
from common.actor import SYSTEM, Actor
from forms import drafts
from identity.models import User
from tenants import context
from tenants.models import Municipality

#: The town and the service (nothing has to be attached there) that has them.
TOWN, SERVICE = "shiomi", "dog_registration"
_HEADINGS = ("日付", "摘要", "入金", "出金")


def seed() -> None:
    """Make them, once: not in a town that has a fee already, nor where the service is missing."""
    with context.public():
        town = Municipality.objects.filter(schema_name=TOWN).first()
    if town is None:
        return
    with context.municipality(town), transaction.atomic():
        offering = Offering.objects.filter(template_key=SERVICE).first()
        worker = User.objects.filter(username="yamamoto").first()
        if offering is None or worker is None or FeeDue.objects.exists():
            return
        for name, kana, happened in _PEOPLE:
            case = _approved(offering, worker, name, kana)
            happened(case, fees.part_of_case(case))


def _approved(offering: Offering, worker: User, name: str, kana: str) -> Case:
    resident = User.objects.create_resident(name=name, name_kana=kana, email="", language="ja")
    draft = drafts.open_draft(
        resident=resident, version=offering.form_version, subject=offering.slug, claims={}
    )
    known = draft.form.questions_by_id
    draft.answers = {key: value for key, value in _answers(name, kana).items() if key in known}
    draft.steps_done = [step.id for step in draft.form.steps]
    draft.save(update_fields=["answers", "steps_done"])
    case = actions.submit_application(draft=draft, by=Actor.of(resident), language="ja")
    case = actions.claim_case(case=case, by=worker)
    decision = actions.decide(case=case, outcome="approved", conditions=(), reason="", by=worker)
    tasks.after_decision({"decision_id": str(decision.pk)})  # the worker finds it done
    return Case.objects.get(pk=case.pk)


def _answers(name: str, kana: str) -> dict[str, Any]:
    today = timezone.localdate()
    return {
        "name": name,
        "name_kana": kana,
        "birth_date": "1980-05-01",
        "address": {
            "postalCode": "1000001",
            "prefecture": "東京都",
            "city": "汐見市",
            "streetAddress": "港町1-1",
        },
        "phone": "090-1234-5678",
        "email": "example@example.test",
        "kept_at_home": True,
        "procedures": ["register"],
        "dog_name": "ハチ",
        "breed": "柴犬",
        "birth_known": True,
        "born": (today - timedelta(days=120)).isoformat(),
        "acquired_on": (today - timedelta(days=10)).isoformat(),
        "dog_sex": "male",
        "colour": "茶",
        "microchip": "none",
        "agreed": True,
    }


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
