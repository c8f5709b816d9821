"""Taking a decision back, issuing a letter anew, and what its code says then."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.models import LedgerEntry
from cases import actions, after_issue, replacing, revocation
from cases.models import Case, Decision, IssuedLetter, RegisterEntry, Replacement, Revocation
from common import outbox
from common.errors import Conflict, InvalidInput, NotAllowed
from documents import files, queries
from identity.models import Role
from notifications.models import Message
from tests.documents.test_pdf import text_of
from tests.factories import cases as make
from tests.factories import people


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.outbox._wake_worker", lambda: None)


def drain() -> None:
    assert outbox.drain().failed == 0


def granted() -> Decision:
    """An approval without a fee, with its letter."""
    decision = make.decision_on(make.claimed_case(of=make.offering("child_allowance")))
    drain()
    return fresh(decision)


def fresh(decision: Decision) -> Decision:
    return Decision.objects.select_related("letter", "case__department").get(pk=decision.pk)


def lead(decision: Decision) -> Any:
    return people.staff(Role.LEAD, at=decision.case.department, name="課長 一")


def case_of(decision: Decision) -> Case:
    return Case.objects.get(pk=decision.case_id)


def revoke(decision: Decision, **changes: Any) -> Revocation:
    given = {"grounds": "受給資格がないことが判明したため。", "effective_on": None}
    by = changes.pop("by", None) or lead(decision)
    return revocation.revoke_decision(case=case_of(decision), by=by, **{**given, **changes})


def replace(decision: Decision, **changes: Any) -> Replacement:
    given = {"kind": "reissue", "note": "", "by": changes.pop("by", None) or lead(decision)}
    return replacing.replace_letter(case=case_of(decision), **{**given, **changes})


def flat(document: Any) -> str:
    return "".join(text_of(files.read(document)).split())


def test_a_revocation_closes_everything_and_says_why(town: Any) -> None:
    decision = granted()
    letter = decision.letter
    assert letter is not None
    made = revoke(decision)
    assert queries.by_code(letter.code).state == "revoked"  # at once
    drain()
    made.refresh_from_db()
    assert made.letter is not None
    said = flat(made.letter)
    assert "受給資格がないことが判明したため。" in said
    assert f"{decision.number}号の「{letter.title}」による決定は" in said
    assert "3か月以内に" in said
    assert "6か月以内に" in said
    assert RegisterEntry.objects.get(decision=decision).closed_on == timezone.localdate()
    kinds = Message.objects.filter(recipient=decision.case.resident).values_list("kind", flat=True)
    assert "decision_revoked" in set(kinds)
    assert case_of(decision).timeline.filter(code="revoked").count() == 1
    assert LedgerEntry.objects.filter(event="decision.revoked").count() == 1
    assert made.number != decision.number


def test_the_letter_of_a_revocation_follows_once(town: Any) -> None:
    made = revoke(granted())
    drain()
    after_issue.after_revocation({"revocation_id": str(made.pk)})
    assert IssuedLetter.objects.filter(kind="revocation").count() == 1
    assert Message.objects.filter(kind="decision_revoked").count() == 1


@pytest.mark.parametrize(
    ("grounds", "days", "field"),
    [
        (" ", 0, "grounds"),
        ("あ" * 8001, 0, "grounds"),
        ("理由", 1, "effective_on"),
        ("理由", -1, "effective_on"),
    ],
)
def test_a_revocation_without_what_it_needs(town: Any, grounds: str, days: int, field: str) -> None:
    decision = granted()
    day = timezone.localdate() + timedelta(days=days)
    with pytest.raises(InvalidInput) as refusal:
        revoke(decision, grounds=grounds, effective_on=day)
    assert set(refusal.value.errors) == {field}
    assert not Revocation.objects.exists()


def test_only_the_declared_role_revokes(town: Any) -> None:
    decision = granted()
    for by in (
        people.caseworker(at=decision.case.department),
        people.staff(Role.LEAD, at=people.department("parks"), name="別の 課長"),
        decision.case.resident,
    ):
        with pytest.raises(NotAllowed):
            revoke(decision, by=by)
    assert not Revocation.objects.exists()


def test_a_refusal_and_a_letter_that_does_not_exist_cannot_be_revoked(town: Any) -> None:
    case = make.claimed_case(of=make.offering("child_allowance"))
    decision = make.decision_on(case)
    with pytest.raises(NotAllowed):
        revoke(decision)
    refused = make.decision_on(make.claimed_case(), "refused")
    drain()
    with pytest.raises(NotAllowed):
        revoke(refused)


def test_it_is_revoked_once_and_on_the_page_that_was_seen(town: Any) -> None:
    decision = granted()
    with pytest.raises(Conflict):
        revoke(decision, lock=1)
    revoke(decision)
    with pytest.raises(NotAllowed):
        revoke(decision)


# --- Issued anew ------------------------------------------------------------------------------


def test_a_letter_issued_again_has_a_new_code_and_the_old_says_replaced(town: Any) -> None:
    decision = granted()
    old = decision.letter
    assert old is not None
    made = replace(decision)
    assert queries.by_code(old.code).state == "valid"  # until the new one is there
    drain()
    decision = fresh(decision)
    new = decision.letter
    assert new is not None
    assert (new.pk, new.code != old.code) == (made.pk, True)
    answer = queries.by_code(old.code)
    assert (answer.state, answer.replaced_on) == ("replaced", timezone.localdate())
    assert queries.by_code(new.code).state == "valid"
    said = flat(new)
    assert "再交付（第2版）" in said
    assert f"{decision.number}号" in said  # the decision is the same
    assert Decision.objects.count() == 1


def test_a_correction_says_what_was_wrong_and_keeps_what_stood_there(town: Any) -> None:
    decision = make.decision_on(make.claimed_case(), "refused")
    drain()
    decision = fresh(decision)
    made = replace(decision, kind="correction", note="理由の誤記を訂正", reason="正しい理由です。")
    drain()
    decision = fresh(decision)
    assert decision.letter is not None
    said = flat(decision.letter)
    assert "正しい理由です。" in said
    assert "訂正した箇所" in said or "理由の誤記を訂正" in said
    assert made.before == {"reason": "場所がほかの行事と重なるため。"}
    old = IssuedLetter.objects.get(decision=decision, edition=1)
    assert "場所がほかの行事と重なるため。" in flat(old.document)  # reprinted exactly as it was


def test_a_reissue_changes_no_word(town: Any) -> None:
    decision = granted()
    replace(decision, conditions=["別の条件"])
    assert fresh(decision).conditions == decision.conditions


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "correction", "note": " "}, "note"),
        ({"kind": "nonsense"}, "kind"),
        ({"note": "あ" * 501}, "note"),
    ],
)
def test_a_replacement_without_what_it_needs(town: Any, changes: Any, field: str) -> None:
    decision = granted()
    with pytest.raises(InvalidInput) as refusal:
        replace(decision, **changes)
    assert field in refusal.value.errors


def test_twice_at_once_is_once_and_each_follows_once(town: Any) -> None:
    decision = granted()
    made = replace(decision)
    with pytest.raises(NotAllowed):
        replace(decision)
    drain()
    after_issue.after_replacement({"replacement_id": str(made.pk)})
    assert IssuedLetter.objects.filter(decision=decision).count() == 2
    replace(decision)
    drain()
    editions = IssuedLetter.objects.filter(decision=decision).values_list("edition", flat=True)
    assert sorted(editions) == [1, 2, 3]


def test_a_revoked_decision_revokes_what_was_replaced_before(town: Any) -> None:
    decision = granted()
    old = decision.letter
    assert old is not None
    replace(decision)
    with pytest.raises(Conflict):
        revoke(decision)  # the new letter is still being made
    drain()
    revoke(fresh(decision))
    assert queries.by_code(old.code).state == "revoked"
    with pytest.raises(NotAllowed):
        replace(fresh(decision))


def test_the_office_of_another_department_replaces_nothing(town: Any) -> None:
    decision = granted()
    with pytest.raises(NotAllowed):
        replace(decision, by=people.caseworker(at=people.department("parks")))


def test_opening_by_staff_is_no_delivery(town: Any) -> None:
    from common.actor import Actor

    decision = granted()
    actions.open_letter(case=case_of(decision), by=Actor.of(lead(decision)))
    assert fresh(decision).letter.opened_at is None  # type: ignore[union-attr]
