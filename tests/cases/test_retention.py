"""Cases are kept as long as the rules say; then they are really gone, and the ledger proves it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.db.models import CASCADE
from psycopg import sql

from audit import export, verify
from audit.models import LedgerEntry
from billing.models import FeeDue
from cases import actions, bulk, case_keys, desk_actions, fees, represented, tasks
from cases.desk import InboxFilter
from cases.models import (
    Application,
    Case,
    CaseKey,
    Decision,
    FeeWaiver,
    IssuedLetter,
    Receipt,
    RegisterEntry,
    Replacement,
    Revocation,
    TimelineEntry,
)
from cases.retention import deletion, plan, runs
from cases.retention.models import DisposalItem
from catalogue.template import Retention
from common import outbox
from common.actor import Actor
from common.errors import Conflict, InvalidInput, NotAllowed
from common.models import OutboxRow
from documents.models import Document
from forms import profile
from forms.models import Attachment, Draft, ProfileFact
from identity.models import User
from notifications import notices
from notifications.actions import send
from notifications.models import Message
from tenants.files import PrivateStorage
from tests.factories import behalf, guests, people
from tests.factories import cases as make
from workflow.definition import Outcome

Travel = Callable[[date], None]


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.outbox._wake_worker", lambda: None)


@pytest.fixture
def on() -> Iterator[Travel]:
    """``on(day)``: ten in the morning of that day, in the town and in the database's clients."""
    trips: list[Any] = []

    def travel(day: date) -> None:
        while trips:
            trips.pop().stop()
        moment = datetime(day.year, day.month, day.day, 10, tzinfo=ZoneInfo("Asia/Tokyo"))
        trips.append(time_machine.travel(moment, tick=False))
        trips[-1].start()

    yield travel
    while trips:
        trips.pop().stop()


def _withdrawn() -> Case:
    case = make.submitted_case()
    return actions.withdraw(case=case, by=Actor.of(case.resident))


def _refused() -> Case:
    case = make.claimed_case()
    make.decision_on(case, "refused")
    return Case.objects.get(pk=case.pk)


def _slug(case: Case) -> str:
    return str(case.offering.slug)


@pytest.mark.parametrize(
    ("closed", "years", "first_day"),
    [
        # The day before and after the fiscal year turns.
        (date(2026, 3, 31), 1, date(2027, 4, 1)),
        (date(2026, 4, 1), 1, date(2028, 4, 1)),
        (date(2026, 12, 31), 5, date(2032, 4, 1)),
        (date(2027, 1, 1), 5, date(2032, 4, 1)),
        (date(2028, 2, 29), 3, date(2031, 4, 1)),
        (date(2024, 3, 31), 30, date(2054, 4, 1)),
    ],
)
def test_years_are_counted_from_the_next_first_of_april(
    closed: date, years: int, first_day: date
) -> None:
    assert plan.deletable_on(closed, years) == first_day
    assert closed < plan.closed_before(first_day, years)
    before = date.fromordinal(first_day.toordinal() - 1)
    assert closed >= plan.closed_before(before, years)


def test_nothing_is_due_before_its_time_and_everything_after(town: Any, on: Travel) -> None:
    on(date(2026, 5, 11))
    case = _withdrawn()
    on(date(2028, 3, 31))
    assert plan.plan() == []
    on(date(2028, 4, 1))
    (line,) = plan.plan()
    assert (line.service, line.outcome, line.years) == (_slug(case), "withdrawn", 1)
    assert (line.due, line.held, line.unpaid, line.oldest) == (1, 0, 0, date(2026, 5, 11))


def test_each_outcome_has_its_own_years(town: Any, on: Travel) -> None:
    on(date(2026, 5, 11))
    _withdrawn()
    refused = _refused()
    make.claimed_case()  # still open: never due
    on(date(2031, 5, 11))
    assert {line.outcome: line.due for line in plan.plan()} == {"withdrawn": 1}
    on(date(2032, 4, 1))
    assert {line.outcome: line.due for line in plan.plan()} == {"withdrawn": 1, "refused": 1}
    runs.set_years(offering=refused.offering, years={"refused": 10}, by=people.admin())
    assert {line.outcome: line.due for line in plan.plan()} == {"withdrawn": 1}


def test_what_lapsed_has_years_of_its_own_and_is_deleted(town: Any, on: Travel) -> None:
    on(date(2026, 5, 11))
    case = make.due_case()
    fee = case.decision.fee
    assert fee is not None
    fees.lapse(fee_id=fee.pk)
    # What was saved before there was such an outcome names none: the template's counts.
    earlier = ("approved", "refused", "acknowledged", "withdrawn")
    case.offering.settings["retention"] = dict.fromkeys(earlier, 1)
    case.offering.save(update_fields=["settings"])
    on(date(2032, 3, 31))
    assert plan.plan() == []
    on(date(2032, 4, 1))
    (line,) = plan.plan()
    assert (line.outcome, line.years, line.due, line.unpaid) == ("lapsed", 5, 1, 0)
    runs.set_years(offering=case.offering, years={"lapsed": 6}, by=people.admin())
    assert plan.plan() == []
    runs.set_years(offering=case.offering, years={"lapsed": 3}, by=people.admin())
    runs.confirm(expected=1, typed="1", by=people.admin())
    assert outbox.drain().failed == 0
    assert not Case.objects.filter(pk=case.pk).exists()
    proof = LedgerEntry.objects.get(event="case.deleted")
    assert (proof.data["outcome"], proof.data["years"]) == ("lapsed", 3)


def test_every_outcome_has_years() -> None:
    """Of the workflow, in the template and in the order of the page."""
    assert {outcome.value for outcome in Outcome} == set(Retention.model_fields)
    assert {outcome.value for outcome in plan.OUTCOMES} == set(Retention.model_fields)


def test_a_permit_is_kept_from_its_last_day(town: Any, on: Travel) -> None:
    on(date(2026, 5, 11))
    case = make.claimed_case(answers={"fee_waiver": True, "waiver_reason": "community"})
    decision = make.decision_on(case, waive_fee=True)
    RegisterEntry.objects.create(
        decision=decision,
        offering=case.offering,
        holder=case.resident,
        number="公-1",
        valid_from=date(2026, 6, 1),
        valid_until=date(2029, 3, 31),
    )
    on(date(2032, 4, 1))
    assert plan.plan() == []
    on(date(2034, 4, 1))
    assert [line.due for line in plan.plan()] == [1]


def test_an_unpaid_fee_and_a_hold_keep_a_case(town: Any, on: Travel) -> None:
    on(date(2026, 5, 11))
    held = _refused()
    decision = Decision.objects.get(case=_refused())
    decision.fee = FeeDue.objects.create(reference="R-1", title="fee", amount=500)
    decision.save()
    runs.place_hold(case=held, reason="取消訴訟が係属中", by=people.admin())
    on(date(2033, 4, 1))
    (line,) = plan.plan()
    assert (line.due, line.held, line.unpaid) == (0, 1, 1)
    runs.release_hold(case=held, by=people.admin())
    (line,) = plan.plan()
    assert (line.due, line.held, line.unpaid) == (1, 0, 1)
    events = LedgerEntry.objects.filter(event__startswith="hold.").order_by("id")
    assert [entry.event for entry in events] == ["hold.placed", "hold.released"]


def _files() -> set[Path]:
    return {path for path in Path(PrivateStorage().location).rglob("*") if path.is_file()}


def _dispose(count: int) -> None:
    runs.confirm(expected=count, typed=str(count), by=people.admin())
    OutboxRow.objects.exclude(kind=runs.DISPOSE).delete()
    drained = outbox.drain()
    assert drained.failed == 0


def test_what_is_deleted_is_gone_everywhere(town: Any, on: Travel) -> None:
    before = _files()
    on(date(2026, 5, 11))
    case = make.claimed_case()
    correction = make.correction_of(case, question_ids=("site_plan", "purpose"))
    assert correction.draft is not None
    replaced = str(make.attachment(correction.draft, "site_plan", filename="新しい図.pdf").pk)
    case = make.answered_correction(correction, site_plan=[replaced], purpose="夏祭り")
    make.decision_on(Case.objects.get(pk=case.pk), "refused")
    outbox.drain()
    OutboxRow.objects.update(next_at=datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC")))
    outbox.drain()
    application = case.application
    decision = Decision.objects.select_related("letter").get(case=case)
    assert decision.letter is not None
    files = [row.file.name for row in Attachment.objects.filter(owner=case.resident_id)]
    papers = [decision.letter.file.name, Document.objects.get(pk=application.pk).file.name]
    storage = PrivateStorage()
    assert len(files) == 2
    assert all(storage.exists(name) for name in (*files, *papers))
    assert Message.objects.filter(recipient=case.resident_id).exists()

    on(date(2032, 4, 1))
    _dispose(1)

    for model in (Application, Case, Decision, TimelineEntry, Attachment, Document, Draft):
        assert not model.objects.exists(), model
    assert not Message.objects.filter(recipient=case.resident_id).exists()
    outbox.drain()
    assert not any(storage.exists(name) for name in (*files, *papers))
    assert _files() == before
    # The person and the proof stay.
    entry = LedgerEntry.objects.get(event="case.deleted")
    assert (entry.about, entry.object_id) == (case.resident_id, str(case.pk))
    assert entry.data["receipt_number"] == application.receipt_number
    assert entry.data["files"] == 4
    assert LedgerEntry.objects.filter(object_id=str(case.pk), event="case.refused").exists()


def _rows_that_say(*words: str) -> set[str]:
    """Tables of the town with a row in which one of the words stands, in whatever column."""
    found = set()
    with connection.cursor() as cursor:
        of_the_town = connection.introspection.table_names(cursor)
        for model in apps.get_models():
            table = model._meta.db_table
            if model._meta.proxy or table not in of_the_town:
                continue
            for word in words:
                cursor.execute(
                    sql.SQL("SELECT EXISTS (SELECT FROM {} AS one WHERE one::text LIKE %s)").format(
                        sql.Identifier(table)
                    ),
                    [f"%{word}%"],
                )
                if cursor.fetchone() == (True,):
                    found.add(model._meta.label)
    return found


def test_no_row_says_a_word_of_what_is_deleted(town: Any, on: Travel) -> None:
    """Whatever was written about the case, and wherever: by anybody, in notices, at the desk."""
    on(date(2026, 5, 11))
    word = "かなりあ"
    worker = people.caseworker()
    consultation = make.consulted_case(
        by=worker, answers={"purpose": word}, resident=people.resident(name="山田 花子")
    )
    case = consultation.case
    make.guest_token(case)
    signature, _token = behalf.asked_to_sign(Draft.objects.get(pk=case.application.idempotency_key))
    send(
        notices.CosignaturesComplete,
        resident=case.resident,
        context={"service": case.offering.title, "path": "/"},
        key=f"cosignature:{signature.pk}",
    )
    tasks.after_waiting_for_an_opinion({"consultation_id": str(consultation.pk)})
    make.opinions_on(case, text=word)
    correction = make.correction_of(case, by=worker)
    case = make.answered_correction(correction, purpose=f"{word} 二")
    case = Case.objects.get(pk=case.pk)
    desk_actions.write_note(case=case, text=word, by=worker)
    desk_actions.tag_case(case=case, name=word, by=worker)
    run = bulk.choose(by=worker, chosen=InboxFilter(), ids=[case.pk], query=word)
    decision = make.decision_on(case, "refused", reason=word, by=worker)
    outbox.drain()
    ids = (str(case.pk), str(case.application_id), str(decision.pk), str(consultation.pk))
    assert len(_rows_that_say(word)) > 6
    assert len(_rows_that_say(*ids, str(signature.pk))) > 10

    bulk.forget_old()
    on(date(2032, 4, 1))
    bulk.forget_old()
    _dispose(1)

    assert not type(run).objects.filter(pk=run.pk).exists()
    assert _rows_that_say(word) == set()
    # The proof of what was done, and of its deletion: ids, no words.
    proof = {"audit.LedgerEntry", "cases.DisposalItem", "common.OutboxRow"}
    assert _rows_that_say(*ids, str(signature.pk)) <= proof


def test_a_file_kept_for_the_next_application_goes_with_what_kept_it(
    town: Any, on: Travel, django_capture_on_commit_callbacks: Any
) -> None:
    on(date(2026, 5, 11))
    case = _withdrawn()
    other = _withdrawn()  # not due yet: its file stays, though no fact names it
    Case.objects.filter(pk=other.pk).update(closed_at=datetime(2028, 3, 1, tzinfo=ZoneInfo("UTC")))
    file = Attachment.objects.get(owner=case.resident_id)
    fact = ProfileFact.objects.create(
        resident=case.resident,
        concept="document.sitePlan",
        question={"type": "file"},
        value=[str(file.pk)],
        subject="park-use",
        expires_at=datetime(2029, 1, 1, tzinfo=ZoneInfo("UTC")),
    )
    on(date(2028, 4, 1))
    _dispose(1)
    profile.forget_expired()
    assert Attachment.objects.filter(pk=file.pk).exists()
    fact.delete()
    with django_capture_on_commit_callbacks(execute=True):
        profile.forget_expired()
    assert list(Attachment.objects.values_list("owner", flat=True)) == [other.resident_id]
    assert not PrivateStorage().exists(file.file.name)


def test_accounts_are_kept_without_the_payer(town: Any, on: Travel) -> None:
    on(date(2026, 5, 11))
    before = _files()
    paid = make.paid_case()
    make.waiver_of(paid, by=people.caseworker())
    OutboxRow.objects.update(next_at=datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC")))
    outbox.drain()
    fee = paid.decision.fee
    assert fee is not None
    fee.refresh_from_db()
    receipt = Receipt.objects.get(fee=fee)
    assert fee.payer_name
    assert receipt.document is not None
    on(date(2033, 4, 1))
    _dispose(1)
    fee.refresh_from_db()
    receipt.refresh_from_db()
    assert (fee.state, fee.payer_name, fee.payer_kana) == ("paid", "", "")
    assert (fee.payments.count(), receipt.document) == (1, None)
    assert not FeeWaiver.objects.exists()
    assert not Document.objects.exists()
    outbox.drain()
    assert _files() == before


def test_other_cases_of_the_resident_stay(town: Any, on: Travel) -> None:
    on(date(2026, 5, 11))
    old = _withdrawn()
    on(date(2028, 4, 1))
    new = make.submitted_case(resident=old.resident)
    _dispose(1)
    assert list(Case.objects.all()) == [new]
    assert Application.objects.get().pk == new.application_id
    assert Attachment.objects.filter(draft=new.application.idempotency_key).exists()


def test_a_document_kept_for_the_next_application_stays(town: Any, on: Travel) -> None:
    on(date(2026, 5, 11))
    case = _withdrawn()
    file = Attachment.objects.get(owner=case.resident_id)
    ProfileFact.objects.create(
        resident=case.resident,
        concept="document.sitePlan",
        question={"type": "file"},
        value=[str(file.pk)],
        subject="park-use",
        expires_at=datetime(2030, 1, 1, tzinfo=ZoneInfo("UTC")),
    )
    on(date(2028, 4, 1))
    _dispose(1)
    assert not Application.objects.exists()
    kept = Attachment.objects.get()
    assert kept.pk == file.pk
    assert PrivateStorage().exists(kept.file.name)


def test_a_hold_placed_meanwhile_is_heeded(town: Any, on: Travel) -> None:
    on(date(2026, 5, 11))
    case = _withdrawn()
    on(date(2028, 4, 1))
    runs.confirm(expected=1, typed="1", by=people.admin())
    runs.place_hold(case=case, reason="開示請求", by=people.admin())
    outbox.drain()
    assert Case.objects.filter(pk=case.pk).exists()
    assert DisposalItem.objects.get().state == "kept"
    (run,) = runs.recent()
    assert (run.waiting, run.deleted, run.kept) == (0, 0, 1)


def test_a_run_is_confirmed_with_its_number_by_an_administrator(town: Any, on: Travel) -> None:
    on(date(2026, 5, 11))
    _withdrawn()
    on(date(2028, 4, 1))
    with pytest.raises(NotAllowed):
        runs.confirm(expected=1, typed="1", by=people.caseworker())
    with pytest.raises(Conflict):
        runs.confirm(expected=2, typed="2", by=people.admin())
    with pytest.raises(InvalidInput):
        runs.confirm(expected=1, typed="yes", by=people.admin())
    assert not DisposalItem.objects.exists()
    runs.confirm(expected=1, typed=" 1 ", by=people.admin())
    with pytest.raises(Conflict):
        runs.confirm(expected=1, typed="1", by=people.admin())
    outbox.drain()
    with pytest.raises(Conflict):
        runs.confirm(expected=0, typed="0", by=people.admin())


def test_portions_go_on_after_a_killed_worker(
    town: Any, on: Travel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "PORTION", 2)
    on(date(2026, 5, 11))
    cases = [_withdrawn() for _number in range(5)]
    on(date(2028, 4, 1))
    runs.confirm(expected=5, typed="5", by=people.admin())
    delete, seen = deletion.delete, []

    def killed(case: Case, **how: Any) -> None:
        seen.append(case.pk)
        if len(seen) == 4:
            raise KeyboardInterrupt
        delete(case, **how)

    monkeypatch.setattr(deletion, "delete", killed)
    with pytest.raises(KeyboardInterrupt):
        outbox.drain()
    # Whole portions only: the second was undone with the case that was being deleted.
    assert Case.objects.count() == 3
    assert DisposalItem.objects.filter(state="deleted").count() == 2
    OutboxRow.objects.filter(kind=runs.DISPOSE).update(leased_until=None)  # as it runs out
    outbox.drain()
    assert not Case.objects.exists()
    deleted = LedgerEntry.objects.filter(event="case.deleted")
    assert sorted(entry.object_id for entry in deleted) == sorted(str(case.pk) for case in cases)


def test_only_a_confirmed_run_removes_an_application(town: Any, on: Travel) -> None:
    on(date(2026, 5, 11))
    application = _withdrawn().application
    forget = "SELECT cases_application_forget(%s)"
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(forget, [application.pk])
    with pytest.raises(DatabaseError), transaction.atomic():
        application.delete()
    # What the function does by itself, said by the town's own role.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('madoguchi.forgets', 'cases_application'::regclass::oid::text, true)"
        )
    with pytest.raises(DatabaseError), transaction.atomic():
        application.delete()
    on(date(2028, 4, 1))
    runs.confirm(expected=1, typed="1", by=people.admin())
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(forget, [application.pk])  # its case is still there
    assert Application.objects.filter(pk=application.pk).exists()


def test_wrong_years_are_refused(town: Any) -> None:
    offering = make.offering()
    for years in ({"approved": 0}, {"approved": 31}, {"nothing": 5}):
        with pytest.raises(InvalidInput):
            runs.set_years(offering=offering, years=years, by=people.admin())
    with pytest.raises(NotAllowed):
        runs.set_years(offering=offering, years={"approved": 5}, by=people.caseworker())
    runs.set_years(offering=offering, years={"approved": 10}, by=people.admin())
    offering.refresh_from_db()
    assert plan.rules_of(offering) == Retention(approved=10)


def test_a_newer_template_keeps_the_years_of_the_municipality(town: Any) -> None:
    from catalogue import offerings
    from common.actor import SYSTEM

    offering = make.offering()
    runs.set_years(offering=offering, years={"approved": 10}, by=people.admin())
    again = offerings.adopt("park_use", by=SYSTEM, department=offering.department)
    assert plan.rules_of(again).approved == 10


def test_files_of_print_runs_go_after_a_month(town: Any, on: Travel) -> None:
    from cases import printing
    from cases.models import PrintRun

    before = _files()
    on(date(2026, 5, 11))
    case = _refused()
    outbox.drain()
    letter = IssuedLetter.objects.get(decision__case=case)
    run = printing.print_letters(
        department=case.department,
        day=date(2026, 5, 11),
        letter_ids=[str(letter.pk)],
        by=people.caseworker(),
    )
    outbox.drain()
    deletion.forget_print_runs()
    run.refresh_from_db()
    assert run.document is not None
    name = run.document.file.name
    on(date(2026, 6, 12))
    deletion.forget_print_runs()
    outbox.drain()
    run = PrintRun.objects.get()
    assert (run.document, run.letters.count()) == (None, 1)
    assert run.pages
    assert not PrivateStorage().exists(name)
    assert len(_files() - before) >= 1  # the letter itself stays


#: What refers to a case or to its decision and does not go with it by itself: deleted by name.
BY_NAME = {
    "cases.Decision.case", "cases.FeeWaiver.case", "cases.RegisterEntry.decision",
    "cases.IssuedLetter.decision", "cases.Revocation.decision", "cases.Replacement.decision",
    "cases.PrintedLetter.letter",
}  # fmt: skip


def test_everything_that_hangs_on_a_case_goes_with_it() -> None:
    hanging = {
        f"{relation.related_model._meta.label}.{relation.field.name}"
        for model in (Case, Decision, Application, IssuedLetter, Revocation, Replacement)
        for relation in model._meta.related_objects
        if relation.on_delete is not CASCADE
    }
    # What came of a case outlives it; it forgets of which.
    assert hanging - {"cases.Case.application", "cases.Case.origin"} == BY_NAME


def test_of_whoever_had_no_account_nothing_is_left(town: Any, on: Travel) -> None:
    on(date(2026, 5, 11))
    case = guests.sent_case()
    record = case.resident
    guests.case_link(case)
    actions.withdraw(case=case, by=case_keys.actor_of(record))
    outbox.drain()
    assert Message.objects.filter(recipient=record).exists()
    on(date(2028, 4, 1))
    runs.confirm(expected=1, typed="1", by=people.admin())
    outbox.drain()
    assert not Application.objects.exists()
    assert not User.objects.filter(pk=record.pk).exists()
    assert not CaseKey.objects.exists()
    assert not Message.objects.filter(kind="application_received").exists()


def test_what_was_sent_for_somebody_goes_from_their_page_too(town: Any, on: Travel) -> None:
    on(date(2026, 5, 11))
    person = people.resident()
    acting = behalf.attorney_for(person)
    worker = people.caseworker()
    case = make.claimed_case(acts_for=acting, by=worker)
    represented.end(representation=acting, by=Actor.of(person))
    outbox.drain()
    actions.decide(case=case, outcome="refused", conditions=(), reason="x", by=worker)
    on(date(2032, 4, 1))
    runs.confirm(expected=1, typed="1", by=people.admin())
    outbox.drain()
    assert not represented.sent_for(person).exists()
    assert not Message.objects.filter(kind="applicant_ended_representation").exists()
    deleted = LedgerEntry.objects.filter(event="case.deleted")
    assert {entry.about for entry in deleted} == {person.pk, acting.owner_id}


def test_the_chain_of_the_ledger_stays_whole(own_database: str, on: Travel) -> None:
    from tenants import context

    with context.municipality("shiomi"):
        on(date(2026, 5, 11))
        _withdrawn()
        on(date(2028, 4, 1))
        runs.confirm(expected=1, typed="1", by=people.admin())
        outbox.drain()
    with context.municipality("shiomi"):
        assert not Case.objects.exists()
        head, rows = export.ledger()
        assert verify.verify(rows, head).faults == []
