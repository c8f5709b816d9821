"""Sending an application: one case, or nothing at all."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError
from django.utils import timezone

from audit.models import LedgerEntry
from cases import actions, numbers
from cases.models import Application, Case, TimelineEntry
from common.actor import Actor
from common.errors import InvalidInput, NotAllowed
from forms.errors import TamperedValue
from forms.models import Draft
from tests.factories import cases as make
from tests.factories import people
from workflow import clock


def _send(draft: Draft) -> Case:
    return actions.submit_application(draft=draft, by=Actor.of(draft.resident), language="ja")


def test_submission_keeps_what_was_sent(town: Any) -> None:
    draft = make.draft_ready_to_send()
    case = _send(draft)
    application = Application.objects.get(idempotency_key=draft.pk)
    assert application.pk == case.application_id
    assert application.answers["purpose"] == "地域の紹介番組の撮影"
    assert application.answers["days"] == 2
    assert application.provenance["name"]["source"] == "eid"
    assert application.version_id == draft.version_id
    assert application.computed_fee.total > 0
    assert re.fullmatch(r"\d{6}-[0-9A-HJKMNP-TV-Z]{8}", application.receipt_number)
    draft.refresh_from_db()
    assert draft.state == Draft.State.SENT


def test_submission_opens_the_case_with_its_clock(town: Any) -> None:
    case = make.submitted_case()
    today = timezone.localdate()
    assert (case.stage, case.received_on, case.lock) == ("received", today, 1)
    assert case.due_on == clock.due_on(case.workflow.clock, today)
    assert case.department_id == case.offering.department_id
    assert case.assigned_to is None


def test_submission_writes_ledger_timeline_and_outbox(town: Any, ledger: Any, outbox: Any) -> None:
    case = make.submitted_case()
    assert ledger(case) == ["application.submitted"]
    assert outbox() == ["cases.submitted"]
    assert [entry.code for entry in TimelineEntry.objects.filter(case=case)] == ["submitted"]
    entry = LedgerEntry.objects.get(event="application.submitted", object_id=str(case.pk))
    assert entry.about == case.resident_id
    assert entry.purpose == "service:park-use"
    assert entry.data["attachments"] == 1
    assert "山田" not in str(entry.data)


def test_same_draft_again_is_the_same_case(town: Any, outbox: Any) -> None:
    draft = make.draft_ready_to_send()
    first, second = _send(draft), _send(draft)
    assert first.pk == second.pk
    assert Application.objects.filter(idempotency_key=draft.pk).count() == 1
    assert outbox() == ["cases.submitted"]


def test_somebody_elses_draft_is_not_sent(town: Any) -> None:
    draft = make.draft_ready_to_send()
    stranger = people.resident(name="佐藤 次郎")
    with pytest.raises(NotAllowed) as refusal:
        actions.submit_application(draft=draft, by=Actor.of(stranger), language="ja")
    assert refusal.value.code == "not_yours"
    assert not Case.objects.exists()


def test_missing_answer_is_named_and_nothing_is_kept(town: Any, outbox: Any) -> None:
    draft = make.draft_ready_to_send()
    del draft.answers["purpose"]
    draft.save(update_fields=["answers"])
    with pytest.raises(InvalidInput) as refusal:
        _send(draft)
    assert list(refusal.value.errors) == ["purpose"]
    assert not Case.objects.exists()
    assert outbox() == []
    draft.refresh_from_db()
    assert draft.is_open


def test_service_that_is_not_offered_any_more_keeps_the_draft(town: Any) -> None:
    offering = make.offering()
    draft = make.draft_ready_to_send(of=offering)
    offering.is_published = False
    offering.save(update_fields=["is_published"])
    with pytest.raises(NotAllowed) as refusal:
        _send(draft)
    assert refusal.value.code == "not_offered"
    draft.refresh_from_db()
    assert draft.is_open


def test_tampered_value_is_refused_and_stays_in_the_ledger(town: Any) -> None:
    draft = make.draft_ready_to_send()
    draft.answers["name"] = "別人 太郎"
    draft.save(update_fields=["answers"])
    with pytest.raises(TamperedValue):
        _send(draft)
    assert not Case.objects.exists()
    entry = LedgerEntry.objects.get(event="draft.tampered", object_id=str(draft.pk))
    assert entry.data == {"questions": ["name"]}


def test_receipt_number_follows_from_the_key(town: Any) -> None:
    key, today = uuid.uuid4(), timezone.localdate()
    assert numbers.receipt_number(key, today) == numbers.receipt_number(key, today)
    assert numbers.receipt_number(key, today) != numbers.receipt_number(uuid.uuid4(), today)
    assert numbers.receipt_number(key, today) != numbers.receipt_number(key, today, attempt=1)


def test_taken_receipt_number_is_replaced_by_the_next(
    town: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = make.submitted_case().application.receipt_number
    real = numbers.receipt_number

    def clashing(key: uuid.UUID, day: Any, attempt: int = 0) -> str:
        return taken if attempt == 0 else real(key, day, attempt)

    monkeypatch.setattr(numbers, "receipt_number", clashing)
    case = make.submitted_case(resident=people.resident(name="佐藤 次郎"))
    assert case.application.receipt_number != taken


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cases_application SET answers = '{}'",
        "UPDATE cases_application SET submitted_at = now()",
        "DELETE FROM cases_application",
        "TRUNCATE cases_application CASCADE",
    ],
)
def test_application_cannot_be_changed_in_the_database(town: Any, statement: str) -> None:
    case = make.submitted_case()
    before = Application.objects.get(pk=case.application_id).answers
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert Application.objects.get(pk=case.application_id).answers == before


def test_application_cannot_be_changed_through_the_model(town: Any) -> None:
    application = make.submitted_case().application
    application.answers = {}
    with pytest.raises(DatabaseError), transaction.atomic():
        application.save()


def test_key_counts_once_in_the_database(town: Any) -> None:
    application = make.submitted_case().application
    copy = Application.objects.get(pk=application.pk)
    copy.pk, copy.receipt_number, copy._state.adding = uuid.uuid4(), "261124-00000000", True
    with pytest.raises(IntegrityError), transaction.atomic():
        copy.save(force_insert=True)
