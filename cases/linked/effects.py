"""What an approval does to the case that it came of, once its letter is issued.

Part of the outbox's step that issues the letter: done once, with it or not at all.
"""

from __future__ import annotations

import uuid
from datetime import date

from django.utils import timezone

from audit import ledger
from cases import charging, clocks, copies, numbers, once, timeline
from cases.linked.offers import rules_of
from cases.models import Application, Case, Decision, RegisterEntry
from catalogue.linked import Granted, LinkKind
from common.actor import SYSTEM
from documents import actions as documents

#: Of the application that an appeal brings back, made of the ruling: once.
_ANEW = uuid.UUID("6f0c2c5e-7f8f-4a39-9d0e-0d6f5a1f8a11")


def follow(decision: Decision, entry: RegisterEntry | None) -> Case | None:
    """Replace, renew or set aside. The case that is decided anew, where there is one."""
    case = decision.case
    if case.origin_id is None or decision.outcome != Decision.Outcome.APPROVED:
        return None
    origin = Case.objects.select_for_update().get(pk=case.origin_id)
    first = Decision.objects.select_related("letter", "entry").filter(case=origin).first()
    if first is None:
        if case.origin_kind == Case.Origin.APPEAL:
            _order(origin, decision)
        return None
    if case.origin_kind == Case.Origin.RENEWAL:
        timeline.add(origin, "renewed", number=decision.number)
    elif case.origin_kind == Case.Origin.AMENDMENT and entry is not None:
        _replace(origin, first, decision, _from_day(first, entry), "replaced")
    elif case.origin_kind == Case.Origin.APPEAL:
        return _grant(origin, first, decision)
    return None


def _from_day(first: Decision, entry: RegisterEntry) -> date:
    """From when a changed permit counts: from its own first day where that lies within the earlier
    one's time; else it takes the place of the whole, so at once."""
    old, today = getattr(first, "entry", None), timezone.localdate()
    if old is None:
        return today
    within = old.valid_from < entry.valid_from and (
        old.valid_until is None or entry.valid_from <= old.valid_until
    )
    return max(today, entry.valid_from) if within else today


def _replace(origin: Case, first: Decision, by: Decision, day: date, said: str) -> None:
    """From `day` on `by` counts instead of `first`; the code of its paper says so."""
    RegisterEntry.objects.filter(decision=first, closed_on=None).update(closed_on=day)
    for paper in _papers(first):
        documents.end_on(document_id=paper, day=day)
    timeline.add(origin, said, number=by.number)
    ledger.record(
        event="decision.replaced",
        by=SYSTEM,
        about=str(origin.resident_id),
        object_kind="case",
        object_id=str(origin.pk),
        purpose="processing",
        data={"number": first.number, "by": by.number, "from": day.isoformat()},
    )


def _grant(origin: Case, first: Decision, ruling: Decision) -> Case | None:
    rule = next((rule for rule in rules_of(origin) if rule.kind is LinkKind.APPEAL), None)
    if rule is not None and rule.granted is Granted.REPLACES:
        _replace(origin, first, ruling, timezone.localdate(), "ruled")
        return None
    RegisterEntry.objects.filter(decision=first, closed_on=None).update(
        closed_on=timezone.localdate()
    )
    for paper in _papers(first):
        documents.revoke(document_id=paper, by=SYSTEM, about=str(origin.resident_id))
    timeline.add(origin, "set_aside", number=ruling.number)
    ledger.record(
        event="decision.set_aside",
        by=SYSTEM,
        about=str(origin.resident_id),
        object_kind="case",
        object_id=str(origin.pk),
        purpose="processing",
        data={"number": first.number, "by": ruling.number},
    )
    return _anew(origin, ruling)


def _order(origin: Case, ruling: Decision) -> None:
    """Silence was contested: the office that has the application has to decide it now."""
    timeline.add(origin, "ordered", number=ruling.number)
    ledger.record(
        event="decision.ordered",
        by=SYSTEM,
        about=str(origin.resident_id),
        object_kind="case",
        object_id=str(origin.pk),
        purpose="processing",
        data={"by": ruling.number},
    )


def _papers(decision: Decision) -> list[uuid.UUID]:
    """Every edition of its letter: whoever still holds an earlier one is told, too."""
    papers = set(decision.issued_letters.values_list("document_id", flat=True))
    if decision.letter_id is not None:
        papers.add(decision.letter_id)
    return sorted(papers)


def _anew(origin: Case, ruling: Decision) -> Case:
    """The same application once more, with its corrections, for the office that had it."""
    sent = origin.application
    key = uuid.uuid5(_ANEW, str(ruling.pk))
    today = timezone.localdate()
    application = Application.objects.create(
        idempotency_key=key,
        receipt_number=numbers.receipt_number(key, today, 0),
        offering=sent.offering,
        version=sent.version,
        resident=sent.resident,
        language=sent.language,
        answers=origin.answers,
        provenance=origin.provenance,
        fee=sent.fee,
        screening=sent.screening,
        representation=sent.representation,
        represented_then=sent.represented_then,
        cosigned=sent.cosigned,
    )
    case = Case(
        application=application,
        offering=origin.offering,
        workflow_version_id=origin.offering.workflow_version_id,
        department=origin.department,
        resident=origin.resident,
        origin=origin,
        origin_kind=Case.Origin.ANEW,
        stage=origin.offering.workflow.initial,
        received_on=today,
    )
    clocks.begin(case)
    case.save(force_insert=True)
    timeline.add(case, "taken_up_anew", number=ruling.number)
    # What was paid for the first decision is not paid twice.
    charging.go_past(case)
    once.put(case)
    ledger.record(
        event="case.taken_up_anew",
        by=SYSTEM,
        about=str(case.resident_id),
        object_kind="case",
        object_id=str(case.pk),
        purpose="processing",
        data={
            "stage": case.stage,
            "receipt_number": application.receipt_number,
            "ruling": ruling.number,
        },
    )
    copies.request(application, after_the_notice=True)
    return case
