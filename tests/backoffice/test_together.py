"""Cases that were applied for together: seen beside each other, decided in one go or not at all."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from audit.models import LedgerEntry
from cases import actions, proposals, together
from cases.models import Case, Consultation, Decision, IssuedLetter, Proposal
from cases.together import NotTogether, Wish
from common import outbox
from common.errors import InvalidInput, NotFound
from common.models import OutboxRow
from identity.models import User
from notifications.models import Message
from tenants.context import municipality
from tests.cases.test_looking import with_four_eyes
from tests.documents.test_pdf import text_of
from tests.factories import cases as make
from tests.factories import people

Desk = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.outbox._wake_worker", lambda: None)


def family(by: User, *, of: str = "park_use", count: int = 2) -> list[Case]:
    """Cases of one resident under review by `by`, the later ones added to the first."""
    resident = people.resident()
    offering = make.offering(of)
    cases = [make.claimed_case(by=by, of=offering, resident=resident) for _ in range(count)]
    first = cases[0]
    Case.objects.exclude(pk=first.pk).filter(resident=resident).update(
        origin=first, origin_kind="addition"
    )
    return [Case.objects.get(pk=case.pk) for case in cases]


def elsewhere(first: Case) -> Case:
    """One more of the family, of the fire department."""
    case = make.submitted_case(of=make.offering("street_stalls"), resident=first.resident)
    Case.objects.filter(pk=case.pk).update(
        origin=first, origin_kind="addition", department=people.department("fire")
    )
    return Case.objects.get(pk=case.pk)


def wish(case: Case, outcome: str = "approved", **more: Any) -> Wish:
    reason = "場所が重なるため。" if outcome == "refused" else ""
    return Wish(case.pk, outcome, case.lock, **{"reason": reason, **more})


def url(case: Case) -> str:
    with translation.override("en"):
        return reverse("desk:together", args=[case.pk])


def posted(*choices: tuple[Case, str], **more: str) -> dict[str, Any]:
    data: dict[str, Any] = dict(more)
    for case, do in choices:
        data |= {f"{case.pk}-do": do, f"{case.pk}-lock": case.lock}
    return data


def test_the_sisters_are_seen_and_other_departments_named(town: Any, desk: Desk) -> None:
    worker = people.caseworker()
    first, second = family(worker)
    stalls = elsewhere(first)
    browser = desk(worker)
    with translation.override("en"):
        page = browser.get(reverse("desk:case", args=[second.pk])).content.decode()
    assert "What belongs to it" in page
    assert first.application.receipt_number in page
    assert "Decide together" in page
    text = browser.get(url(second)).content.decode()
    for case in (first, second, stalls):
        assert case.application.receipt_number in text
    assert "Of other departments" in text
    assert f"{stalls.pk}-do" not in text
    assert f"{first.pk}-do" in text


def test_all_are_decided_with_own_letters_and_one_notice(town: Any, desk: Desk) -> None:
    worker = people.caseworker()
    first, second = family(worker)
    browser = desk(worker)
    data = posted((first, "approve"), (second, "refuse"))
    data |= {f"{first.pk}-own": "火気厳禁", f"{second.pk}-reason": "場所が重なるため。"}
    preview = browser.post(url(first), data)
    assert preview.status_code == 200
    text = preview.content.decode()
    assert "Decide all of this?" in text
    assert "火気厳禁" in text
    assert not Decision.objects.exists()
    done = browser.post(url(first), {**data, "confirmed": "1"})
    assert done.status_code == 302
    outcomes = dict(Decision.objects.values_list("case_id", "outcome"))
    assert outcomes == {first.pk: "approved", second.pk: "refused"}
    assert Decision.objects.get(case=first).conditions == ["火気厳禁"]
    assert outbox.drain().failed == 0
    # The refusal has its letter; the approval its fee, and the letter after it.
    assert IssuedLetter.objects.filter(decision__case=second).count() == 1
    assert Decision.objects.get(case=first).fee_id is not None
    notices = Message.objects.filter(recipient=first.resident).values_list("kind", flat=True)
    about = [kind for kind in notices if kind not in {"application_received"}]
    assert about == ["decided_together"]
    for case, event in ((first, "case.approved"), (second, "case.refused")):
        entry = LedgerEntry.objects.get(event=event, object_id=str(case.pk))
        assert entry.data["together"] == 2


def test_a_part_is_refused_with_its_preview(town: Any, desk: Desk) -> None:
    worker = people.caseworker()
    first, second = family(worker)
    browser = desk(worker)
    day = first.answers["use_to"]
    text = browser.get(url(first)).content.decode()
    assert f'name="{first.pk}-parts" value="{day}"' in text
    data = posted((first, "approve"), (second, "approve")) | {f"{first.pk}-parts": [day]}
    without = browser.post(url(first), data)
    assert without.status_code == 422
    assert "A refusal needs its reason in words." in without.content.decode()
    assert f'value="{day}" checked' in without.content.decode()
    data[f"{first.pk}-part_grounds"] = "清掃のため。"
    text = browser.post(url(first), data).content.decode()
    assert "What is not granted" in text
    assert "清掃のため。" in text
    with translation.override("en"):
        path = reverse("desk:letter_preview", args=[first.pk, "approve"])
    assert f'formaction="{path}?together=1"' in text
    letter = browser.post(f"{path}?together=1", data)
    assert letter["Content-Type"] == "application/pdf"
    said = "".join(text_of(b"".join(letter.streaming_content)).split())  # type: ignore[attr-defined]
    assert "清掃のため。" in said
    assert browser.post(url(first), {**data, "confirmed": "1"}).status_code == 302
    parts = {one.case_id: one.refused_parts for one in Decision.objects.all()}
    assert [part["key"] for part in parts[first.pk]] == [day]
    assert parts[second.pk] == []


def test_what_needs_a_second_person_is_proposed_with_the_rest(town: Any, desk: Desk) -> None:
    worker = people.caseworker()
    make.offering_with(with_four_eyes())
    first, second, third = family(worker, count=3)
    browser = desk(worker)
    data = posted((first, "refuse"), (second, "approve"))
    data |= {f"{first.pk}-reason": "場所が重なるため。"}
    text = browser.post(url(first), data).content.decode()
    assert text.count("A second person has to confirm it") == 1
    # All or nothing: one that has changed meanwhile stops the proposal, too.
    late = {**data, f"{third.pk}-do": "approve", f"{third.pk}-lock": "0", "confirmed": "1"}
    assert browser.post(url(first), late).status_code == 409
    assert not Proposal.objects.exists()
    done = browser.post(url(first), {**data, "confirmed": "1"}, follow=True).content.decode()
    assert f"1 case was decided: {second.application.receipt_number}." in done
    assert f"1 decision is proposed: {first.application.receipt_number}." in done
    assert Decision.objects.get().case_id == second.pk
    made = Proposal.objects.get()
    assert (made.case_id, made.state, made.proposed_by) == (first.pk, "waiting", worker)
    kinds = OutboxRow.objects.filter(kind__startswith="cases.decided").values_list(
        "kind", flat=True
    )
    assert list(kinds) == ["cases.decided"]
    other = people.caseworker(name="小川 春")
    proposals.confirm(case=first, proposal_id=made.pk, by=other)
    assert Decision.objects.get(case=first).reason == "場所が重なるため。"


def test_conditions_of_offices_that_were_asked_are_in_the_field(town: Any, desk: Desk) -> None:
    worker = people.caseworker()
    first, second = family(worker)
    actions.request_consultation(
        case=second, department=people.department("parks"), question="支障は？", by=worker
    )
    second = make.opinions_on(second, "with_conditions", "芝生を避けること。\n夜間は不可。")
    text = desk(worker).get(url(first)).content.decode()
    assert f'name="{second.pk}-own"' in text
    field = text.partition(f'name="{second.pk}-own"')[2].partition("</textarea>")[0]
    assert field.endswith("芝生を避けること。\n夜間は不可。")
    assert text.count("The conditions of the offices that were asked are entered already.") == 1


def test_one_that_is_not_possible_stops_all(town: Any, desk: Desk) -> None:
    worker = people.caseworker()
    first, second, third = family(worker, count=3)
    actions.request_consultation(
        case=second, department=people.department("parks"), question="支障は？", by=worker
    )
    first, second = (Case.objects.get(pk=case.pk) for case in (first, second))
    browser = desk(worker)
    page = browser.get(url(first)).content.decode()
    assert f'name="{second.pk}-do"' not in page  # … and why:
    assert "<li>Approve: " in page
    # Posted all the same, by an older page.
    data = posted((first, "approve"), (second, "approve"))
    assert browser.post(url(first), data).status_code == 422
    answer = browser.post(url(first), {**data, "confirmed": "1"})
    assert answer.status_code == 422
    assert "Nothing was decided" in answer.content.decode()
    assert not Decision.objects.exists()
    assert {Case.objects.get(pk=one.pk).stage for one in (first, third)} == {"review"}


def test_what_is_typed_is_kept_and_a_refusal_needs_its_reason(town: Any, desk: Desk) -> None:
    worker = people.caseworker()
    first, second = family(worker)
    browser = desk(worker)
    data = posted((first, "approve"), (second, "refuse")) | {f"{first.pk}-own": "静かに"}
    answer = browser.post(url(first), data)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "A refusal needs its reason in words" in text
    assert "静かに" in text
    assert browser.post(url(first), posted((first, "approve"))).status_code == 422
    assert browser.post(url(first), {**data, "change": "1"}).status_code == 200


def test_somebody_who_was_slower_is_told(town: Any, desk: Desk) -> None:
    worker = people.caseworker()
    first, second = family(worker)
    data = posted((first, "approve"), (second, "approve"), confirmed="1")
    make.decision_on(second, "refused", by=worker)
    answer = desk(worker).post(url(first), data)
    assert answer.status_code == 409
    assert "Somebody else changed this case" in answer.content.decode()
    assert not Decision.objects.filter(case=first).exists()


def test_forged_forms_decide_nothing_else(town: Any, desk: Desk) -> None:
    worker = people.caseworker()
    first, second = family(worker)
    stalls, stranger = elsewhere(first), make.claimed_case(by=worker)
    browser = desk(worker)
    # Of another department, of no family: not read.
    for other in (stalls, stranger):
        data = posted((first, "approve"), (other, "acknowledge"), confirmed="1")
        assert browser.post(url(first), data).status_code == 422
    wrong = posted((first, "approve"), (second, "pay"), confirmed="1")
    assert browser.post(url(first), wrong).status_code == 422
    without = posted((first, "approve"), (second, "approve"), confirmed="1")
    without.pop(f"{second.pk}-lock")
    assert browser.post(url(first), without).status_code == 409
    assert not Decision.objects.exists()
    for wishes, refusal in (
        ([wish(first), wish(stranger)], NotFound),
        ([wish(first), wish(first)], NotFound),
        ([wish(first)], InvalidInput),
        ([wish(first), wish(stalls, "acknowledged")], NotTogether),
        ([wish(first), Wish(uuid.uuid4(), "approved", 1)], NotFound),
    ):
        with pytest.raises(refusal):
            together.decide_together(case=first, wishes=wishes, by=worker)
    assert not Decision.objects.exists()


def test_others_may_not(town: Any, desk: Desk) -> None:
    worker = people.caseworker()
    first, second = family(worker)
    Consultation.objects.create(
        case=first, department=people.department("parks"), question="?", asked_by=worker
    )
    data = posted((first, "approve"), (second, "approve"), confirmed="1")
    for other in (people.consultee(), people.caseworker(at="child_welfare", name="他課 職員")):
        browser = desk(other)
        assert browser.get(url(first)).status_code == 404
        assert browser.post(url(first), data).status_code == 404
    alone = make.claimed_case(by=worker)
    assert desk(worker).get(url(alone)).status_code == 404
    assert not Decision.objects.exists()


def test_statements_do_not_grow_with_the_family(town: Any, desk: Desk) -> None:
    worker = people.caseworker()
    few, many = family(worker, count=2), family(worker, count=5)
    browser = desk(worker)
    counts = []
    for cases in (few, few, many):
        with CaptureQueriesContext(connection) as statements:
            browser.get(url(cases[0]))
        with CaptureQueriesContext(connection) as on_the_case, translation.override("en"):
            browser.get(reverse("desk:case", args=[cases[0].pk]))
        counts.append((len(statements), len(on_the_case)))
    assert counts[1] == counts[2]


def test_a_change_shows_what_is_different_and_is_marked_in_the_list(town: Any, desk: Desk) -> None:
    worker = people.caseworker()
    permit = make.paid_case(by=worker)
    case = make.claimed_case(by=worker, resident=permit.resident, answers={"area_m2": 35})
    Case.objects.filter(pk=case.pk).update(origin=permit, origin_kind="amendment")
    browser = desk(worker)
    with translation.override("en"):
        page = browser.get(reverse("desk:case", args=[case.pk])).content.decode()
        earlier = browser.get(reverse("desk:case", args=[permit.pk])).content.decode()
        listed = browser.get(reverse("desk:inbox")).content.decode()
    table = page.partition("What is different from the earlier application")[2]
    assert "<del>20" in table
    assert "<ins>35" in table
    assert "Filming" not in table.partition("</table>")[0]
    assert permit.application.receipt_number in page
    assert case.application.receipt_number in earlier
    assert '<span class="badge">Change</span>' in listed


def test_two_at_once_one_wins(own_database: str) -> None:
    with municipality("shiomi"):
        worker = people.caseworker()
        first, second = family(worker)
    results: list[str] = []
    start = threading.Barrier(2)

    def decide(outcome: str, order: list[Case]) -> None:
        try:
            with municipality("shiomi"):
                start.wait(timeout=20)
                wishes = [wish(case, outcome) for case in order]
                together.decide_together(case=first, wishes=wishes, by=worker)
                results.append("decided")
        except NotTogether as refusal:
            results.extend({type(one).__name__ for one in refusal.problems.values()})
        finally:
            connection.close()

    threads = [
        threading.Thread(target=decide, args=("approved", [first, second])),
        threading.Thread(target=decide, args=("refused", [second, first])),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(results) == ["Conflict", "decided"]
    with municipality("shiomi"):
        outcomes = set(
            Decision.objects.filter(case__in=[first, second]).values_list("outcome", flat=True)
        )
        assert len(outcomes) == 1
