"""Taking a decision back (取消し): grounds, letter, notice; the register entry closes."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from audit import ledger
from cases import numbers, policies, timeline
from cases.models import Case, Decision, RegisterEntry, Revocation
from cases.steps import locked_decision
from common import outbox
from common.actor import Actor
from common.errors import Conflict, InvalidInput, NotAllowed
from documents import actions as documents
from identity.models import User

LONGEST_GROUNDS = 8000


def check_may_revoke(case: Case, decision: Decision | None, user: User) -> None:
    """Whether `user` may take this decision back now. Raises `NotAllowed`."""
    if not policies.may_process(case, user):
        raise NotAllowed(_("This is for the department of the case."), code="role")
    allowed = set(case.offering.template.service.revocation.roles)
    if not policies.roles_on(case, user) & allowed:
        raise NotAllowed(
            _("Your role does not allow to revoke a decision of this service."), code="role"
        )
    if decision is None or decision.outcome != Decision.Outcome.APPROVED:
        raise NotAllowed(_("Only an approval can be revoked."), code="outcome")
    if decision.letter is None:
        raise NotAllowed(_("There is no letter yet."), code="no_letter")
    if decision.letter.revoked_at is not None:
        raise NotAllowed(_("This decision has been revoked already."), code="revoked")


@transaction.atomic
def revoke_decision(
    *, case: Case, grounds: str, effective_on: date | None, by: User, lock: int | None = None
) -> Revocation:
    """Take the decision back; letter and notice follow by the outbox.

    `effective_on`: the first day on which it does not hold any more; today when left out. The
    paper's code answers "revoked" at once. Raises `NotFound`, `NotAllowed`, `Conflict`,
    `InvalidInput`.
    """
    decision = locked_decision(case, lock)
    check_may_revoke(case, decision, by)
    if decision.replacements.filter(letter=None).exists():
        raise Conflict(
            _("The letter is being issued anew at this moment. Please try again in a minute."),
            code="being_replaced",
        )
    today = timezone.localdate()
    day = effective_on or today
    wrong: dict[str, list[str]] = {}
    if not grounds.strip():
        wrong["grounds"] = [_("A revocation needs its grounds in words.")]
    if len(grounds) > LONGEST_GROUNDS:
        wrong["grounds"] = [_("This text is too long.")]
    if day < timezone.localdate(decision.decided_at) or (day - today).days > 0:
        wrong["effective_on"] = [
            _("Give a day from the day of the decision to today: the code answers at once.")
        ]
    if wrong:
        raise InvalidInput(wrong)
    rule = case.offering.template.service.register_entry
    revocation = Revocation.objects.create(
        decision=decision,
        number=numbers.next_number(rule.number_prefix if rule else "", today),
        grounds=grounds.strip(),
        effective_on=day,
        revoked_by=by,
    )
    RegisterEntry.objects.filter(decision=decision).update(closed_on=day)
    actor = Actor.of(by)
    # Every edition: whoever still holds an earlier one is told, too.
    papers = set(decision.issued_letters.values_list("document_id", flat=True))
    if decision.letter_id is not None:
        papers.add(decision.letter_id)
    for paper in sorted(papers):
        documents.revoke(document_id=paper, by=actor, about=str(case.resident_id))
    Case.objects.filter(pk=case.pk).update(lock=F("lock") + 1)
    timeline.add(case, "revoked")
    ledger.record(
        event="decision.revoked",
        by=actor,
        about=str(case.resident_id),
        object_kind="case",
        object_id=str(case.pk),
        purpose="processing",
        data={"number": revocation.number, "decision": decision.number},
    )
    outbox.enqueue("cases.revoked", str(revocation.pk), {"revocation_id": str(revocation.pk)})
    return revocation
