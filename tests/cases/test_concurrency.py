"""Several connections at once, on a database in which transactions really commit."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from cases import actions, numbers
from cases.models import Application, Case, Decision, IssuedLetter, NumberSeries
from cases.prepared_letters import answering, lists
from common import outbox
from common.actor import Actor
from common.errors import Conflict, InvalidInput, NotAllowed
from common.models import OutboxRow
from documents import files
from documents.models import Document
from forms.models import Draft
from notifications.models import Message
from tenants.context import by_schema, municipality
from tests.cases import test_once as once
from tests.factories import cases as make
from tests.factories import people, prepared

TOWN = "shiomi"


def _at_once(work: Callable[[int], Any], times: int) -> list[Any]:
    """What each thread gave back or raised. All start together, each with its own connection."""
    results: list[Any] = [None] * times
    gate = threading.Barrier(times)

    def run(number: int) -> None:
        try:
            gate.wait(30)
            results[number] = work(number)
        except Exception as error:  # noqa: BLE001  handed to the test
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def test_double_click_is_one_application(own_database: str) -> None:
    with municipality(TOWN):
        draft_id = make.draft_ready_to_send().pk

    def send(number: int) -> Any:
        with municipality(TOWN):
            draft = Draft.objects.select_related("resident").get(pk=draft_id)
            case = actions.submit_application(
                draft=draft, by=Actor.of(draft.resident), language="ja"
            )
            return case.pk

    results = _at_once(send, 4)
    assert len(set(results)) == 1, results
    with municipality(TOWN):
        assert Application.objects.filter(idempotency_key=draft_id).count() == 1
        assert Case.objects.filter(application__idempotency_key=draft_id).count() == 1
        assert OutboxRow.objects.filter(kind="cases.submitted", key=str(results[0])).count() == 1


def test_different_drafts_of_one_service_do_not_wait_for_each_other(own_database: str) -> None:
    with municipality(TOWN):
        first = make.draft_ready_to_send()
        second = make.draft_ready_to_send(resident=people.resident(name="佐藤 次郎"))
    done = threading.Event()

    def send_second() -> None:
        try:
            with municipality(TOWN):
                draft = Draft.objects.select_related("resident").get(pk=second.pk)
                actions.submit_application(draft=draft, by=Actor.of(draft.resident), language="ja")
            done.set()
        finally:
            connection.close()

    with municipality(TOWN):
        draft = Draft.objects.select_related("resident").get(pk=first.pk)
        actions.submit_application(draft=draft, by=Actor.of(draft.resident), language="ja")
        # Ours is not committed yet; the other one gets through all the same.
        thread = threading.Thread(target=send_second)
        thread.start()
        assert done.wait(20)
    thread.join(20)


def test_second_application_of_what_is_granted_once_waits_for_the_first(own_database: str) -> None:
    """As from the counter and from home at the same moment: two drafts, one application."""
    with municipality(TOWN):
        benefit, me = make.offering("tax_exempt_household"), people.resident()
        first = once.a_draft(benefit, me)
        Draft.objects.filter(pk=first.pk).update(state="sent")
        drafts = [first.pk, once.a_draft(benefit, me).pk]
        # Open again beside the second; its kind keeps the two apart.
        Draft.objects.filter(pk=first.pk).update(state="open", origin_kind="amendment")
    assert len(set(drafts)) == 2

    def send(number: int) -> Any:
        with municipality(TOWN):
            return once.send(Draft.objects.select_related("resident").get(pk=drafts[number])).pk

    results = _at_once(send, 2)
    refused = [result for result in results if isinstance(result, NotAllowed)]
    assert [refusal.code for refusal in refused] == ["once"], results
    with municipality(TOWN):
        assert Application.objects.filter(idempotency_key__in=drafts).count() == 1


def test_two_who_answer_one_letter_at_once_are_one_answer(own_database: str) -> None:
    """A couple, each with their own account and the same letter on the table."""
    number = {"confirmation_no": "A-0001"}
    with municipality(TOWN):
        letter = prepared.letter()
        of = letter.offering
        people_ = [people.resident(), people.resident(name="山田 太郎")]
        drafts = [once.a_draft(of, each, answers=number).pk for each in people_]

    def send(place: int) -> Any:
        with municipality(TOWN):
            return once.send(Draft.objects.select_related("resident").get(pk=drafts[place])).pk

    results = _at_once(send, 2)
    (refused,) = [result for result in results if isinstance(result, InvalidInput)]
    assert list(refused.errors) == ["confirmation_no"]
    with municipality(TOWN):
        letter.refresh_from_db()
        assert Application.objects.filter(idempotency_key__in=drafts).count() == 1
        assert letter.case_id in results


def test_list_that_is_taken_does_not_stand_against_who_answers_just_then(
    own_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list waits for the letter, and whoever has it in hand does not wait for the list."""
    with municipality(TOWN):
        letter = prepared.letter()
        waiting = prepared.upload(letter.offering, prepared.row(氏名="山田 花"))
        admin = waiting.uploaded_by
        draft = once.a_draft(letter.offering, answers={"confirmation_no": "A-0001"}).pk
    answered, takes = threading.Event(), threading.Event()
    check, named = answering.check, lists._named

    def checked(*args: Any, **options: Any) -> Any:
        found = check(*args, **options)
        answered.set()
        assert takes.wait(20)
        return found

    def asked(*args: Any) -> Any:
        takes.set()
        return named(*args)

    monkeypatch.setattr(answering, "check", checked)
    monkeypatch.setattr(lists, "_named", asked)

    def work(place: int) -> Any:
        with municipality(TOWN):
            if place == 0:
                return once.send(Draft.objects.select_related("resident").get(pk=draft)).pk
            assert answered.wait(20)
            return lists.take(list_id=waiting.pk, by=admin)

    sent, taken = _at_once(work, 2)
    with municipality(TOWN):
        letter.refresh_from_db()
    assert letter.case_id == sent
    assert isinstance(taken, Conflict)  # what is answered is not changed


def test_two_caseworkers_decide_at_once_and_one_is_told(own_database: str) -> None:
    with municipality(TOWN):
        case = make.claimed_case()
        lock, by_id = case.lock, case.assigned_to_id

    def decide(number: int) -> Any:
        with municipality(TOWN):
            found = Case.objects.select_related("assigned_to").get(pk=case.pk)
            assert found.assigned_to is not None
            return actions.decide(
                case=found,
                outcome="refused",
                conditions=[],
                reason=f"理由 {number}",
                by=found.assigned_to,
                lock=lock,
            ).pk

    results = _at_once(decide, 3)
    assert sum(isinstance(result, Conflict) for result in results) == 2, results
    with municipality(TOWN):
        assert Decision.objects.filter(case_id=case.pk, decided_by_id=by_id).count() == 1


def test_numbers_have_no_gap_after_a_rollback(own_database: str) -> None:
    today = timezone.localdate()

    def take(number: int) -> Any:
        try:
            with municipality(TOWN):
                given = numbers.next_number("試", today)
                if number % 3 == 0:
                    raise RuntimeError("rolled back")
                return given
        except RuntimeError:
            return None

    results = [given for given in _at_once(take, 9) if given is not None]
    ends = sorted(int(given.rsplit("-", 1)[1]) for given in results)
    assert ends == [1, 2, 3, 4, 5, 6]
    with municipality(TOWN):
        assert NumberSeries.objects.get(prefix="試").last == 6


def test_numbers_have_no_gap_and_no_double_when_some_roll_back(own_database: str) -> None:
    def decide(number: int) -> Any:
        with municipality(TOWN):
            given = numbers.next_number("競", timezone.localdate())
            if number % 3 == 0:
                raise RuntimeError("rolled back")
            return given

    results = [one for one in _at_once(decide, 12) if isinstance(one, str)]
    year = results[0].split("-")[0]
    assert sorted(results, key=lambda one: int(one.split("-")[1])) == [
        f"{year}-{number}" for number in range(1, 9)
    ]


class _Killed(BaseException):
    """What a worker that is killed leaves behind: nothing of its transaction, and the lease."""


def test_worker_killed_between_letter_and_notice_each_exists_once(
    own_database: str, monkeypatch: Any
) -> None:
    with municipality(TOWN):
        decision = make.decision_on(make.claimed_case(), "refused")

    def killed(*_args: Any, **_kwargs: Any) -> None:
        raise _Killed

    with monkeypatch.context() as patch:
        patch.setattr("cases.tasks.tell_resident", killed)
        with pytest.raises(_Killed):
            _drain_as_worker()
    with municipality(TOWN):
        # The file is there, the letter is not: the row was rolled back with it.
        assert Document.objects.filter(pk=decision.pk).count() == 0
    with time_machine.travel(timezone.now() + outbox.LEASE * 2, tick=False):
        for _ in range(3):
            _drain_as_worker()
    with municipality(TOWN):
        assert Document.objects.filter(pk=decision.pk).count() == 1
        assert IssuedLetter.objects.filter(decision=decision).count() == 1
        kept = Document.objects.get(pk=decision.pk)
        assert files.read(kept).startswith(b"%PDF")
        told = Message.objects.filter(recipient=decision.case.resident, kind="decision_made")
        assert told.count() == 1


def _drain_as_worker() -> None:
    """As the worker does: each row in transactions of its own, in the town."""
    before = connection.tenant
    connection.set_tenant(by_schema(TOWN))
    try:
        outbox.drain()
    finally:
        connection.set_tenant(before)
