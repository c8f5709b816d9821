"""Services that are applied for once: a second is refused, others' are nobody's business."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases import actions, once
from cases.models import Application, Case, Decision, NamedPerson
from catalogue.models import Offering
from catalogue.template import TemplateError
from common import outbox
from common.actor import Actor
from common.errors import NotAllowed
from forms.models import Draft
from identity.models import User
from tests.catalogue.folders import Folder
from tests.factories import cases as make
from tests.factories import people
from tests.factories.behalf import attorney_of

pytestmark = pytest.mark.usefixtures("town")

MEMBER = {"member_name": "山田 太郎", "member_kana": "ヤマダ タロウ", "member_born": "1983-02-01",
          "dependant": False}  # fmt: skip
ANSWERS: dict[str, Any] = {
    "phone": "03-1234-5678", "email": "a@example.jp", "answer": "receive", "by_proxy": False,
    "members": [MEMBER], "basis": "tax_exempt", "received_elsewhere": False,
    "account_choice": "new_account", "consent_tax": True, "agreed": True,
    "account": {"bankCode": "0001", "branchCode": "001", "accountType": "ordinary",
                "number": "0012345", "holder": "ヤマダ　ハナコ"},
}  # fmt: skip
AID: dict[str, Any] = {
    "phone": "03-1234-5678", "email": "a@example.jp", "application_reason": "birth",
    "child_name": "山田 空", "child_birth_date": "2026-08-01", "relation": "mother",
    "lives_together": True, "insurance_kind": "employee", "insurer": "全国健康保険協会",
    "symbol_no": "1・2", "insured_person": "山田 花子", "qualified_on": "2026-08-01",
    "account_kind": "registered", "consent_tax": True, "agreed": True,
}  # fmt: skip


@pytest.fixture
def benefit() -> Offering:
    return make.offering("tax_exempt_household")


def a_draft(of: Offering, resident: User | None = None, **options: Any) -> Draft:
    usual = ANSWERS if of.template_key == "tax_exempt_household" else AID
    answers = usual | options.pop("answers", {})
    draft = make.draft_ready_to_send(of=of, resident=resident, answers=answers, **options)
    proof = "account_proof" if usual is ANSWERS else "insurance_proof"
    draft.answers[proof] = [str(make.attachment(draft, proof).pk)]
    draft.save(update_fields=["answers"])
    return draft


def send(draft: Draft) -> Case:
    return actions.submit_application(draft=draft, by=Actor.of(draft.applicant), language="ja")


def decided(case: Case, outcome: str) -> Decision:
    made = actions.claim_case(case=case, by=people.caseworker(at=case.department))
    decision = make.decision_on(made, outcome)
    assert outbox.drain().failed == 0
    return decision


def is_refused(draft: Draft) -> str:
    with pytest.raises(NotAllowed) as refusal:
        send(draft)
    assert refusal.value.code == once.CODE
    draft.refresh_from_db()
    assert draft.is_open
    return str(refusal.value)


def test_second_application_is_refused_while_the_first_is_open(benefit: Offering) -> None:
    me = people.resident()
    first = send(a_draft(benefit, me))
    reason = is_refused(a_draft(benefit, me))
    assert first.application.receipt_number in reason
    assert Application.objects.filter(resident=me).count() == 1


def test_refused_and_withdrawn_ones_do_not_count(benefit: Offering) -> None:
    me = people.resident()
    actions.withdraw(case=send(a_draft(benefit, me)), by=Actor.of(me))
    second = send(a_draft(benefit, me))
    Case.objects.filter(pk=second.pk).update(stage="refused", closed_at=datetime.now(UTC))
    assert send(a_draft(benefit, me)).pk


@time_machine.travel("2026-09-01T00:00:00+00:00", tick=False)
def test_granted_one_counts_until_the_fiscal_year_ends(benefit: Offering) -> None:
    me = people.resident()
    decided(send(a_draft(benefit, me)), "approved")
    for day in ("2026-09-02", "2027-03-31"):
        with time_machine.travel(f"{day}T00:00:00+00:00", tick=False):
            is_refused(a_draft(benefit, me))
    with time_machine.travel("2027-04-01T03:00:00+00:00", tick=False):
        assert send(a_draft(benefit, me)).pk


def test_somebody_else_applies_for_themselves(benefit: Offering) -> None:
    """Also with the same name and birth date: people share them."""
    send(a_draft(benefit, people.resident()))
    assert send(a_draft(benefit, people.resident())).pk


def test_whoever_acts_for_another_has_not_applied_themselves(benefit: Offering) -> None:
    me = people.resident()
    send(a_draft(benefit, me))
    acts = attorney_of(me)
    for_another = a_draft(benefit, acts_for=acts)
    assert send(for_another).represented is not None
    is_refused(a_draft(benefit, acts_for=acts))


def test_child_counts_by_name_and_birth_date() -> None:
    aid = make.offering("child_medical_aid")
    me = people.resident()
    first = send(a_draft(aid, me))
    is_refused(a_draft(aid, me, answers={"child_name": "山田　空"}))
    assert send(a_draft(aid, me, answers={"child_name": "山田 海"})).pk
    # The insurance may change after it was granted.
    decided(first, "approved")
    assert send(a_draft(aid, me)).pk


def test_office_sees_where_the_same_person_stands(benefit: Offering) -> None:
    first = send(a_draft(benefit, people.resident()))
    other = people.resident(name="山田 太郎", name_kana="ﾔﾏﾀﾞ ﾀﾛｳ", born="1983-02-01")
    second = send(a_draft(benefit, other, answers={"members": [MEMBER | {"member_kana": ""}]}))
    (found,) = once.namesakes(second)
    assert (found.case, found.names) == (first, ["山田 太郎"])
    assert [one.case for one in once.namesakes(first)] == [second]
    assert not NamedPerson.objects.filter(key__contains="山田").exists()


def test_same_name_with_another_birth_date_is_nobody(benefit: Offering) -> None:
    send(a_draft(benefit, people.resident()))
    other = people.resident(born="1985-04-13")
    case = send(
        a_draft(benefit, other, answers={"members": [MEMBER | {"member_born": "1984-02-01"}]})
    )
    assert once.namesakes(case) == []


def test_correction_changes_whom_a_case_names(benefit: Offering) -> None:
    send(a_draft(benefit, people.resident(born="1980-01-01")))
    wrong = [MEMBER | {"member_born": "1983-02-02"}]
    case = send(a_draft(benefit, people.resident(), answers={"members": wrong}))
    case = actions.claim_case(case=case, by=people.caseworker(at=case.department))
    assert once.namesakes(case) == []
    correction = make.correction_of(case, question_ids=("members",))
    case = make.answered_correction(correction, members=[MEMBER])
    assert [one.names for one in once.namesakes(case)] == [["山田 太郎"]]


def test_refused_ones_are_no_finding(benefit: Offering) -> None:
    first = send(a_draft(benefit, people.resident()))
    second = send(a_draft(benefit, people.resident()))
    actions.withdraw(case=first, by=Actor.of(first.resident))
    assert once.namesakes(second) == []


def test_other_services_pay_no_statement() -> None:
    case = make.submitted_case()
    draft = make.draft_ready_to_send()
    with CaptureQueriesContext(connection) as asked:
        assert once.namesakes(case) == []
        assert once.earlier(draft, case.offering, {}) is None
        once.check(draft, case.offering, {})
        once.put(case)
    assert len(asked) == 0


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("{per: applicant, within: open, same: [nothing]}", "once: same: no question 'nothing'"),
        ("{per: household, within: ever}", "once: per: the form asks for no household"),
        ("{per: town, within: ever}", "once.per"),
    ],
)
def test_rule_that_cannot_work_is_refused(tmp_path: Any, rule: str, reason: str) -> None:
    folder = Folder(tmp_path)
    folder.replace("service.yaml", "department:", f"once: {rule}\ndepartment:")
    with pytest.raises(TemplateError, match=reason):
        folder.load()
