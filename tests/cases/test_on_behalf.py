"""Applications for somebody else: who may send them, what is kept, what the office does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import Error, transaction
from django.utils import timezone

from audit.models import LedgerEntry
from cases import actions, desk, letters, policies, queries, search
from cases.desk import InboxFilter
from cases.models import Application, Case, RegisterEntry
from common import outbox
from common.actor import Actor
from common.errors import Conflict, InvalidInput, NotAllowed, NotFound
from forms.models import Draft
from identity.models import Representation, User
from identity.representation import actions as representing
from notifications.models import Message
from tests.factories import behalf, people
from tests.factories import cases as make
from workflow.definition import Verb


@pytest.fixture
def resident(town: Any) -> User:
    return people.resident()


@pytest.fixture
def attorney(resident: User) -> Representation:
    return behalf.attorney_of(resident)


def _send(draft: Draft) -> Case:
    return actions.submit_application(draft=draft, by=Actor.of(draft.resident), language="ja")


def _code(draft: Draft) -> str:
    with pytest.raises(NotAllowed) as refused:
        _send(draft)
    assert str(refused.value)
    assert Application.objects.filter(idempotency_key=draft.pk).count() == 0
    return refused.value.code


class TestFilling:
    def test_person_is_the_represented_and_nothing_is_verified(
        self, attorney: Representation
    ) -> None:
        draft = make.draft_ready_to_send(acts_for=attorney)
        assert draft.answers["name"] == "鈴木 ハル"
        assert draft.answers["birth_date"] == str(attorney.birth_date)
        assert draft.answers["address"]["city"] == "中野区"
        assert draft.answers["email"] == "hanako@example.jp"
        assert not any(entry.get("verified") for entry in draft.provenance.values())

    def test_organisation_fills_its_own_questions(self, resident: User) -> None:
        draft = make.draft_ready_to_send(
            acts_for=behalf.employee_of(resident), answers={"organisation_role": "制作"}
        )
        draft = Draft.objects.get(pk=draft.pk)
        assert draft.answers["organisation_name"] == "株式会社みなと映像"
        assert draft.answers["for_organisation"] is True
        assert draft.answers["name"] == resident.name

    def test_each_has_a_draft_of_its_own(self, resident: User, attorney: Representation) -> None:
        own = make.draft_ready_to_send(resident=resident)
        first = make.draft_ready_to_send(acts_for=attorney)
        again = make.draft_ready_to_send(acts_for=attorney)
        other = make.draft_ready_to_send(acts_for=behalf.attorney_of(resident, name="高橋 実"))
        assert first.pk == again.pk
        assert len({own.pk, first.pk, other.pk}) == 3
        assert make.draft_ready_to_send(resident=resident).pk == own.pk

    def test_nothing_is_kept_or_offered_between_persons(
        self, resident: User, attorney: Representation
    ) -> None:
        from forms import profile

        own = make.draft_ready_to_send(resident=resident, answers={"phone": "03-1111-1111"})
        profile.keep(own, by=Actor.of(resident))
        draft = make.draft_ready_to_send(acts_for=attorney)
        del draft.answers["purpose"]
        assert profile.offers(draft) == []
        assert profile.keepable(draft) == []

    def test_whether_for_an_organisation_is_not_kept(self, resident: User) -> None:
        from forms import profile

        profile.keep(make.draft_ready_to_send(resident=resident), by=Actor.of(resident))
        assert "organisation.isApplicant" not in {
            fact.concept for fact in profile.facts_of(resident)
        }


class TestSending:
    def test_application_keeps_who_acted_for_whom(self, attorney: Representation) -> None:
        case = _send(make.draft_ready_to_send(acts_for=attorney))
        application = Application.objects.get(pk=case.application_id)
        assert application.representation == attorney
        assert application.represented == attorney.record
        assert (application.applicant_name, case.applicant_name) == ("鈴木 ハル", "鈴木 ハル")
        assert case.resident == attorney.owner

    def test_copy_never_changes(self, attorney: Representation) -> None:
        case = _send(make.draft_ready_to_send(acts_for=attorney))
        representing.revoke(representation=attorney, by=Actor.of(attorney.owner))
        application = Application.objects.get(pk=case.application_id)
        assert application.represented is not None
        assert application.represented.state == "claimed"
        with pytest.raises(Error), transaction.atomic():
            Application.objects.filter(pk=application.pk).update(represented_then=None)

    def test_ledger_names_both_by_id(self, attorney: Representation) -> None:
        case = _send(make.draft_ready_to_send(acts_for=attorney))
        entry = LedgerEntry.objects.get(event="application.submitted", object_id=str(case.pk))
        assert entry.actor_id == str(attorney.owner_id)
        assert entry.data["representation"] == str(attorney.pk)
        assert "鈴木" not in str(entry.data)
        make_own = make.submitted_case()
        own = LedgerEntry.objects.get(event="application.submitted", object_id=str(make_own.pk))
        assert "representation" not in own.data

    def test_own_application_keeps_nothing(self, town: Any) -> None:
        application = make.submitted_case().application
        assert (application.representation_id, application.represented_then) == (None, None)
        assert application.represented is None

    def test_revoked(self, attorney: Representation) -> None:
        draft = make.draft_ready_to_send(acts_for=attorney)
        representing.revoke(representation=attorney, by=Actor.of(attorney.owner))
        assert _code(draft) == "revoked"

    def test_expired(self, attorney: Representation) -> None:
        draft = make.draft_ready_to_send(acts_for=attorney)
        yesterday = timezone.localdate() - timedelta(days=1)
        Representation.objects.update(valid_from=yesterday, valid_until=yesterday)
        assert _code(draft) == "expired"

    def test_not_begun(self, resident: User) -> None:
        later = timezone.localdate() + timedelta(days=2)
        draft = make.draft_ready_to_send(acts_for=behalf.attorney_of(resident, valid_from=later))
        assert _code(draft) == "not_yet"

    def test_limited_to_another_service(self, resident: User) -> None:
        limited = behalf.attorney_of(resident, services=["child-allowance"])
        assert _code(make.draft_ready_to_send(acts_for=limited)) == "limited"

    def test_limited_to_this_service(self, resident: User) -> None:
        limited = behalf.attorney_of(resident, services=["park-use"])
        assert _send(make.draft_ready_to_send(acts_for=limited)).represented is not None

    def test_kind_that_the_service_does_not_take(self, resident: User) -> None:
        child = behalf.guardian_of_a_child(resident)
        assert _code(make.draft_ready_to_send(acts_for=child)) == "kind"

    def test_representation_of_somebody_else(self, resident: User) -> None:
        other = behalf.attorney_of(people.resident(name="別の 人"))
        draft = make.draft_ready_to_send(resident=resident)
        Draft.objects.filter(pk=draft.pk).update(representation=other)
        assert _code(draft) == "not_yours"

    def test_second_send_answers_with_the_first_even_after_a_revocation(
        self, attorney: Representation
    ) -> None:
        draft = make.draft_ready_to_send(acts_for=attorney)
        case = _send(draft)
        representing.revoke(representation=attorney, by=Actor.of(attorney.owner))
        assert _send(draft).pk == case.pk


class TestOffice:
    def _case(self, attorney: Representation) -> tuple[Case, User]:
        worker = people.caseworker()
        return make.claimed_case(acts_for=attorney, by=worker), worker

    def test_approval_needs_the_ground_confirmed(self, attorney: Representation) -> None:
        case, worker = self._case(attorney)
        with pytest.raises(NotAllowed) as refused:
            make.decision_on(case)
        assert refused.value.code == "not_confirmed"
        option = next(o for o in policies.options(case, worker) if o.verb is Verb.APPROVE)
        assert (option.allowed, option.reason) == (False, str(refused.value))
        actions.check_representation(case=case, verdict="confirmed", reason="", by=worker)
        assert make.decision_on(case).outcome == "approved"

    def test_refusal_needs_no_confirmation(self, attorney: Representation) -> None:
        case, _worker = self._case(attorney)
        assert make.decision_on(case, "refused").outcome == "refused"

    def test_confirmation_counts_for_the_next_application(self, attorney: Representation) -> None:
        case, worker = self._case(attorney)
        actions.check_representation(case=case, verdict="confirmed", reason="", by=worker)
        later = make.claimed_case(acts_for=Representation.objects.get(pk=attorney.pk), by=worker)
        assert policies.ground(later) == "confirmed"
        assert make.decision_on(later).outcome == "approved"

    def test_doubt_stops_the_approval_and_is_told(self, attorney: Representation) -> None:
        case, worker = self._case(attorney)
        actions.check_representation(case=case, verdict="doubted", reason="印がない", by=worker)
        with pytest.raises(NotAllowed) as refused:
            make.decision_on(case)
        assert refused.value.code == "doubted"
        assert queries.open_doubt(Case.objects.get(pk=case.pk)) == "印がない"
        outbox.drain()
        message = Message.objects.get(recipient=case.resident, kind="representation_doubted")
        assert "印がない" not in str(message.body)
        actions.check_representation(case=case, verdict="confirmed", reason="", by=worker)
        assert queries.open_doubt(Case.objects.get(pk=case.pk)) == ""
        assert make.decision_on(case).outcome == "approved"

    def test_doubt_needs_a_reason_and_a_verdict_is_one_of_two(
        self, attorney: Representation
    ) -> None:
        case, worker = self._case(attorney)
        for verdict in ("doubted", "", "approved"):
            with pytest.raises(InvalidInput):
                actions.check_representation(case=case, verdict=verdict, reason="", by=worker)

    def test_another_department_does_not_check_it(self, attorney: Representation) -> None:
        case, _worker = self._case(attorney)
        for user in (people.caseworker(at="parks"), people.consultee(), attorney.owner):
            with pytest.raises(NotAllowed):
                actions.check_representation(case=case, verdict="confirmed", reason="", by=user)

    def test_own_application_has_nothing_to_check(self, town: Any) -> None:
        worker = people.caseworker()
        case = make.claimed_case(by=worker)
        with pytest.raises(NotFound):
            actions.check_representation(case=case, verdict="confirmed", reason="", by=worker)
        assert policies.ground(case) == ""

    def test_page_of_before_is_told(self, attorney: Representation) -> None:
        case, worker = self._case(attorney)
        with pytest.raises(Conflict):
            actions.check_representation(
                case=case, verdict="confirmed", reason="", by=worker, lock=case.lock - 1
            )

    def test_closed_case_is_not_checked(self, attorney: Representation) -> None:
        case, worker = self._case(attorney)
        make.decision_on(case, "refused")
        with pytest.raises(NotAllowed) as refused:
            actions.check_representation(case=case, verdict="confirmed", reason="", by=worker)
        assert refused.value.code == "closed"

    def test_revoked_one_can_only_be_refused(self, attorney: Representation) -> None:
        case, worker = self._case(attorney)
        representing.revoke(representation=attorney, by=Actor.of(attorney.owner))
        with pytest.raises(NotAllowed):
            actions.check_representation(case=case, verdict="confirmed", reason="", by=worker)
        assert make.decision_on(case, "refused").outcome == "refused"

    @pytest.mark.parametrize("word", ["鈴木", "すずき", "スズキ"])
    def test_inbox_finds_the_represented(self, attorney: Representation, word: str) -> None:
        case, worker = self._case(attorney)
        search.put(case)
        assert case in desk.inbox(worker, InboxFilter(text=word))
        assert case not in desk.inbox(people.consultee(at="permits"), InboxFilter(text=word))


class TestAfterwards:
    def test_letter_goes_to_the_represented_care_of_the_agent(
        self, attorney: Representation
    ) -> None:
        worker = people.caseworker()
        case = make.claimed_case(acts_for=attorney, by=worker)
        actions.check_representation(case=case, verdict="confirmed", reason="", by=worker)
        composed = letters.compose(make.decision_on(case), None)
        addressee = composed.html.split('class="addressee"')[1].split("</div>")[0]
        assert "鈴木 ハル" in addressee
        assert "中野区新井1-2-3" in addressee
        assert attorney.owner.name in addressee.split("care-of")[1]

    def test_letter_to_an_organisation_is_addressed_as_one(self, resident: User) -> None:
        worker = people.caseworker()
        case = make.claimed_case(
            acts_for=behalf.employee_of(resident),
            by=worker,
            answers={"for_organisation": True, "organisation_name": "株式会社みなと映像",
                     "organisation_role": "制作"},
        )  # fmt: skip
        actions.check_representation(case=case, verdict="confirmed", reason="", by=worker)
        html = letters.compose(make.decision_on(case), None).html
        assert '株式会社みなと映像 <span class="honorific">御中</span>' in html

    def test_own_letter_names_nobody_else(self, town: Any) -> None:
        case = make.claimed_case()
        assert "care-of" not in letters.compose(make.decision_on(case), None).html

    def test_register_says_who_holds_it(self, attorney: Representation) -> None:
        worker = people.caseworker()
        case = make.claimed_case(acts_for=attorney, by=worker)
        actions.check_representation(case=case, verdict="confirmed", reason="", by=worker)
        assert RegisterEntry(decision=make.decision_on(case)).holder_name == "鈴木 ハル"
        own = make.decision_on(make.claimed_case(resident=attorney.owner, by=worker))
        assert RegisterEntry(decision=own, holder=attorney.owner).holder_name == "山田 花子"

    def test_whoever_acts_no_more_neither_corrects_nor_withdraws(
        self, attorney: Representation
    ) -> None:
        case = make.claimed_case(acts_for=attorney)
        correction = make.correction_of(case)
        assert correction.draft is not None
        assert correction.draft.representation_id == attorney.pk
        representing.revoke(representation=attorney, by=Actor.of(attorney.owner))
        with pytest.raises(NotAllowed) as refused:
            make.answered_correction(correction, purpose="別の目的")
        assert refused.value.code == "revoked"
        with pytest.raises(NotAllowed):
            actions.withdraw(case=Case.objects.get(pk=case.pk), by=Actor.of(attorney.owner))

    def test_whoever_acts_corrects_and_withdraws(self, attorney: Representation) -> None:
        case = make.claimed_case(acts_for=attorney)
        make.answered_correction(make.correction_of(case), purpose="別の目的")
        case = actions.withdraw(case=Case.objects.get(pk=case.pk), by=Actor.of(attorney.owner))
        entry = LedgerEntry.objects.get(event="case.withdrawn", object_id=str(case.pk))
        assert entry.data["representation"] == str(attorney.pk)
