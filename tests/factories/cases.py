"""Drafts, applications and cases, each brought about by the actions themselves."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone

from billing import actions as payments
from billing import banking
from cases import actions, checking, checklist, declared, fee_papers, links, writing
from cases.links import Purpose
from cases.models import (
    Case,
    Consultation,
    ConsultedBody,
    CorrectionRequest,
    Decision,
    FeeWaiver,
    Thread,
    ThreadMessage,
)
from catalogue import offerings
from catalogue.models import Offering, WorkflowVersion
from common import outbox
from common.actor import SYSTEM, Actor
from common.text import Text
from forms import drafts
from forms.models import Attachment, Draft
from identity.models import Department, Representation, User
from identity.representation import queries as representations
from tests.factories import people
from workflow import definition as workflow_definition

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def offering(template_key: str = "park_use", *, department: Department | None = None) -> Offering:
    """The offering of a template; adopted when it is not offered yet."""
    found = Offering.objects.filter(template_key=template_key).first()
    default = "child_welfare" if template_key == "child_allowance" else "permits"
    return found or offerings.adopt(
        template_key, by=SYSTEM, department=department or people.department(default)
    )


def park_use_answers(of: Offering) -> dict[str, Any]:
    """Everything the park use form asks for beyond the eID: two cameras, two days."""
    parks = of.form_version.form.questions_by_id["park"].choices  # each town has its own
    today = timezone.localdate()
    return {
        "for_organisation": False,
        "park": parks[0].value,
        "place_detail": {"description": "噴水の北側の芝生", "coordinates": ""},
        "area_m2": 20,
        "use_from": (today + timedelta(days=30)).isoformat(),
        "use_to": (today + timedelta(days=31)).isoformat(),
        "hours": "9時から17時まで",
        "act_type": "photography",
        "purpose": "地域の紹介番組の撮影",
        "crew": 6,
        "cameras": 2,
        "fee_waiver": False,
        "agreed": True,
    }


def child_allowance_answers(of: Offering) -> dict[str, Any]:
    """One child at home, paid into the registered public account, no attachment."""
    return {
        "claim_reason": "other",
        "public_servant": False,
        "pension_type": "national",
        "has_spouse": False,
        "children": [
            {
                "child_name": "山田 空",
                "child_kana": "ヤマダ ソラ",
                "child_birth_date": (timezone.localdate() - timedelta(days=2500)).isoformat(),
                "relation": "child",
                "lives_together": True,
                "livelihood": "shared",
                "custody": True,
            }
        ],
        "account_kind": "registered",
        "abroad_on_january_first": False,
        "consent_tax": True,
        "agreed": True,
    }


def street_stalls_answers(of: Offering) -> dict[str, Any]:
    """A notification of twelve stalls that cook with gas, in a month."""
    day = (timezone.localdate() + timedelta(days=30)).isoformat()
    return {
        "for_organisation": False,
        "event_name": "港まつり",
        "place": {"description": "港町商店街", "coordinates": ""},
        "stalls": 12,
        "use_from": day,
        "use_to": day,
        "hours": "10時から21時まで",
        "appliances": [{"appliance_kind": "stove", "fuel": "lp_gas", "appliance_count": 12}],
        "extinguishers": 12,
        "self_check_plan": "開店前にガスホースと消火器を点検する",
        "agreed": True,
    }


_ANSWERS = {
    "park_use": park_use_answers,
    "child_allowance": child_allowance_answers,
    "street_stalls": street_stalls_answers,
}
_FILES = {"park_use": ("site_plan",), "street_stalls": ("layout_map",)}


def attachment(
    draft: Draft, question_id: str, *, filename: str = "位置図.pdf", content: bytes = PDF
) -> Attachment:
    """A file as the examination leaves it."""
    made = Attachment(
        owner_id=draft.resident_id,
        draft=draft,
        question_id=question_id,
        filename=filename,
        content_type="application/pdf",
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    made.file.save(filename, ContentFile(content), save=False)
    made.save(force_insert=True)
    return made


def draft_ready_to_send(
    *,
    of: Offering | None = None,
    resident: User | None = None,
    answers: dict[str, Any] | None = None,
    files: bool = True,
    acts_for: Representation | None = None,
) -> Draft:
    """A complete draft: eID claims, answers, files. `answers` are changes to the usual ones.

    `acts_for`: for whom the resident, who declared it, fills it in.
    """
    of = of or offering()
    resident = resident or (acts_for.owner if acts_for else people.resident())
    claims = resident.eid.claims
    draft = drafts.open_draft(
        resident=resident,
        version=of.form_version,
        subject=of.slug,
        claims=representations.claims(acts_for, claims) if acts_for else claims,
        representation=acts_for,
    )
    usual = _ANSWERS[of.template_key](of) if of.template_key in _ANSWERS else {}
    draft.answers = {**usual, **draft.answers, **(answers or {})}
    for question_id in _FILES.get(of.template_key, ()) if files else ():
        draft.answers[question_id] = [str(attachment(draft, question_id).pk)]
    draft.steps_done = [step.id for step in draft.form.steps]
    draft.save(update_fields=["answers", "steps_done"])
    return draft


def submitted_case(**of_draft: Any) -> Case:
    """A case as it arrives at the office. Keywords are those of `draft_ready_to_send`."""
    draft = draft_ready_to_send(**of_draft)
    return actions.submit_application(
        draft=draft, by=Actor.of(draft.resident), language=draft.resident.language
    )


def offering_with(change: Callable[[dict[str, Any]], Any]) -> Offering:
    """The park use permit with another workflow: `change` gets its declaration."""
    of = offering()
    data = of.template.workflow.as_json()
    change(data)
    definition = workflow_definition.load(data)
    of.workflow_version, _made = WorkflowVersion.objects.get_or_create(
        key=of.template_key,
        digest=definition.digest,
        defaults={"definition": definition.as_json()},
    )
    of.save(update_fields=["workflow_version"])
    return of


def claimed_case(*, by: User | None = None, **of_draft: Any) -> Case:
    """A case under review, on the desk of `by`."""
    case = submitted_case(**of_draft)
    return actions.claim_case(case=case, by=by or people.caseworker(at=case.department))


def consulted_case(
    *, by: User | None = None, asked: Department | None = None, **of_draft: Any
) -> Consultation:
    """A case under review on which another department is asked; gives the consultation."""
    case = claimed_case(by=by, **of_draft)
    return actions.request_consultation(
        case=case,
        department=asked or people.department("parks"),
        question="通行に支障はありませんか。",
        by=_worker(case),
    )


def guest_token(case: Case) -> str:
    """The token of a link by which a body outside the town is asked about a case."""
    body, _new = ConsultedBody.objects.get_or_create(
        key="police", defaults={"name": Text("警察署"), "email": "police@example.jp"}
    )
    asked, _new = Consultation.objects.get_or_create(
        case=case, body=body, defaults={"question": "支障はありませんか。"}
    )
    link = declared.new_link(asked)
    return links.token_of(Purpose.CONSULT, link.pk, link.token_hash)


def opinions_on(case: Case, opinion: str = "no_objection", text: str = "") -> Case:
    """Every open consultation answered; those of bodies by the office, as if on paper."""
    for consultation in case.consultations.filter(answered_at__isnull=True):
        office = consultation.department
        actions.answer_consultation(
            consultation=consultation,
            opinion=opinion,
            text=text,
            by=people.consultee(at=office) if office else _worker(case),
        )
    return Case.objects.get(pk=case.pk)


def correction_of(
    case: Case, *, question_ids: tuple[str, ...] = ("purpose",), by: User | None = None
) -> CorrectionRequest:
    """A correction request on a claimed case."""
    return actions.request_correction(
        case=case,
        question_ids=question_ids,
        message="目的をくわしく書いてください。",
        by=by or _worker(case),
    )


def answered_correction(correction: CorrectionRequest, **answers: Any) -> Case:
    """The resident's answer to a correction."""
    draft = correction.draft
    assert draft is not None
    draft.answers = {**draft.answers, **answers}
    draft.save(update_fields=["answers"])
    return actions.answer_correction(correction=correction, by=Actor.of(correction.case.resident))


def message_about(
    case: Case,
    *,
    by: User,
    text: str = "図面を送ります。",
    subject: str = "図面について",
    thread: Thread | None = None,
    files: int = 0,
) -> ThreadMessage:
    """A message by the resident or a member of the office, in a thread of its own by default."""
    draft = writing.draft_of(case=case, thread=thread, by=by)
    draft.answers = {"text": text} if thread else {"subject": subject, "text": text}
    if files:
        kept = [attachment(draft, "files", filename=f"{n}.pdf") for n in range(files)]
        draft.answers["files"] = [str(each.pk) for each in kept]
    draft.save(update_fields=["answers"])
    return writing.send(draft=draft, case=case, thread=thread, by=by)


def decision_on(case: Case, outcome: str = "approved", **changes: Any) -> Decision:
    """A decision by the caseworker of a claimed case."""
    given: dict[str, Any] = {
        "conditions": ["使用後は原状に回復すること。"],
        "reason": "場所がほかの行事と重なるため。" if outcome == "refused" else "",
        "by": changes.pop("by", None) or _worker(case),
    }
    checked(case, by=given["by"])
    return actions.decide(case=case, outcome=outcome, **{**given, **changes})


def checked(case: Case, *, by: User | None = None) -> None:
    """Every required line of the checklist ticked."""
    for line in checklist.lines(case):
        if line.required and not line.done:
            checking.tick(case=case, key=line.key, by=by or _worker(case))


def due_case(*, by: User | None = None, **of_draft: Any) -> Case:
    """An approved case whose fee is due."""
    made = claimed_case(by=by, **of_draft)
    decision_on(made)
    outbox.drain()
    return Case.objects.select_related("decision__fee", "resident").get(pk=made.pk)


def paid_case(*, by: User | None = None, **of_draft: Any) -> Case:
    """A case whose fee was paid at the counter, receipt and letter issued."""
    case = due_case(by=by, **of_draft)
    fee = case.decision.fee
    assert fee is not None
    payments.receive(
        fee_id=fee.pk,
        source="counter",
        key=f"counter:{fee.pk}",
        amount=fee.amount,
        received_on=timezone.localdate(),
        by=SYSTEM,
    )
    outbox.drain()
    return Case.objects.select_related("decision__fee", "resident").get(pk=case.pk)


def waiver_of(case: Case, *, by: User, evidence: bool = True) -> FeeWaiver:
    """A request to be let off the fee of `case`, as it is once it is decided: refused."""
    fee = case.decision.fee
    assert fee is not None
    waiver = FeeWaiver(case=case, fee=fee, reason="地域の行事のため", state="asked")
    if evidence:
        waiver.evidence_name, waiver.evidence_type = "証明.pdf", "application/pdf"
        waiver.evidence_sha256 = hashlib.sha256(PDF).hexdigest()
        waiver.evidence.save("証明.pdf", ContentFile(PDF), save=False)
    waiver.number = f"減{uuid.uuid4().hex[:8]}"
    waiver.save(force_insert=True)
    FeeWaiver.objects.filter(pk=waiver.pk).update(state="refused", answer="対象にならないため")
    fee_papers.issue_waiver_letter(waiver.pk)
    FeeWaiver.objects.filter(pk=waiver.pk).update(state="asked")
    return FeeWaiver.objects.get(pk=waiver.pk)


def bank_line(*, by: User) -> dict[str, Any]:
    """A booked file of the bank with a line that fits nothing: its ids, as addresses name them."""
    yesterday = timezone.localdate() - timedelta(days=1)
    content = f"日付,出金,入金,摘要\n{yesterday:%Y/%m/%d},,123,ｽｽﾞｷ ﾊﾙ\n".encode()
    statement = banking.take_in(content=content, name="bank.csv", by=by)
    banking.apply(statement_id=statement.pk, by=by)
    outbox.drain()
    return {"statement_id": statement.pk, "line_number": statement.lines.get().number}


def _worker(case: Case) -> User:
    fresh = Case.objects.select_related("assigned_to").get(pk=case.pk)
    assert fresh.assigned_to is not None
    return fresh.assigned_to


def somebody_elses_id() -> uuid.UUID:
    """An id that belongs to nothing."""
    return uuid.uuid4()
