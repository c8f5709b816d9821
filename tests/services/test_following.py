"""What a permit declares of its decision and of what follows it: two persons, parts, renewals."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine

from cases import actions, letters, partial, periods
from cases.linked import opening
from cases.models import Case, RegisterEntry
from common import outbox
from common.actor import Actor
from common.errors import NotAllowed
from forms import drafts
from forms.models import Draft
from identity.models import Role
from tests.factories import cases as make
from tests.factories import people
from tests.services.test_course import begun, sent
from tests.services.walks import TODAY

pytestmark = pytest.mark.usefixtures("town")


def permit(key: str, variant: str, upload: Any) -> Case:
    case = begun(sent(key, variant, upload))
    case = actions.claim_case(case=case, by=people.caseworker(at=case.department))
    decision = make.decision_on(make.opinions_on(case))
    assert outbox.drain().failed == 0
    decision.refresh_from_db()
    if decision.fee is not None:
        actions.mark_fee_paid(fee_id=decision.fee.pk)
        assert outbox.drain().failed == 0
    return Case.objects.get(pk=case.pk)


def begin(case: Case, link: str) -> Draft:
    way = opening.way(case, link, case.resident)
    return opening.begin(way, claims=case.resident.eid.claims, by=case.resident)


def asked_anew(draft: Draft) -> set[str]:
    return {problem.field for problem in drafts.review(draft).problems}


def test_advertisement_is_renewed_with_its_inspection_report(upload: Any) -> None:
    with time_machine.travel(TODAY, tick=False):
        case = permit("outdoor_advertisement", "least", upload)
    with time_machine.travel("2029-08-15T00:00:00+00:00", tick=False):
        draft = begin(case, "renewal")
        assert draft.answers["kind"] == "renewal"
        assert draft.answers["use_from"] == "2029-10-01"
        assert draft.answers["prev_permit_no"] == case.decision.number
        assert draft.answers["content"] == case.answers["content"]
        assert asked_anew(draft) == {"use_to-year", "inspection_report", "colour_photo", "agreed"}


@pytest.mark.parametrize(
    ("key", "anew"),
    [
        ("outdoor_advertisement", {"work_start-year", "work_finish-year", "agreed"}),
        ("road_occupancy", {"work_from-year", "work_to-year", "agreed"}),
    ],
)
def test_permit_is_changed_in_the_middle_of_its_period(
    key: str, anew: set[str], upload: Any
) -> None:
    with time_machine.travel(TODAY, tick=False):
        case = permit(key, "least", upload)
    with time_machine.travel("2027-02-01T00:00:00+00:00", tick=False):
        draft = begin(case, "amendment")
        assert (draft.answers["kind"], draft.answers["use_from"]) == ("change", "2026-10-01")
        assert asked_anew(draft) == anew


@time_machine.travel(TODAY, tick=False)
def test_park_is_granted_while_the_road_is_refused(upload: Any) -> None:
    case = sent("event", "everything", upload)
    case = actions.claim_case(case=case, by=people.caseworker(at=case.department))
    assert [part.key for part in partial.parts_of(case)] == ["park", "road", "stalls"]
    decision = make.decision_on(make.opinions_on(case), refused={"road": "う回路がないため。"})
    assert outbox.drain().failed == 0
    decision.refresh_from_db()
    assert decision.fee is not None
    assert decision.fee.amount == 12_960  # the show in the park, without the tents on the road
    actions.mark_fee_paid(fee_id=decision.fee.pk)
    assert outbox.drain().failed == 0
    decision.refresh_from_db()
    words = letters.compose(decision, None).html
    assert "う回路がないため。" in words
    assert "芝生" in words
    assert "市道港町1号線" not in words
    assert RegisterEntry.objects.filter(decision=decision).exists()


@pytest.mark.parametrize(
    ("key", "variant"), [("outdoor_advertisement", "tall"), ("road_occupancy", "costly")]
)
@time_machine.travel(TODAY, tick=False)
def test_large_permit_is_not_one_persons_to_grant(key: str, variant: str, upload: Any) -> None:
    case = begun(sent(key, variant, upload))
    case = actions.claim_case(case=case, by=people.caseworker(at=case.department))
    case = make.opinions_on(case)
    with pytest.raises(NotAllowed) as alone:
        make.decision_on(case)
    assert alone.value.code == "four_eyes"
    make.decision_on(case, "refused")  # to refuse, one is enough


@pytest.mark.parametrize("key", ["park_use", "dog_registration", "street_stalls"])
@time_machine.travel(TODAY, tick=False)
def test_what_was_withdrawn_by_mistake_is_taken_up_again(key: str, upload: Any) -> None:
    case = sent(key, "least", upload)
    actions.withdraw(case=case, by=Actor.of(case.resident))
    case = Case.objects.get(pk=case.pk)
    lead = people.staff(Role.LEAD, at=case.department)
    assert periods.reopen(case=case, reason="誤って取り下げたため。", by=lead).stage == "review"
