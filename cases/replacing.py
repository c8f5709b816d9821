"""Issuing a letter anew: it was lost (再交付), or something in it was wrong (訂正)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from audit import ledger
from cases import policies
from cases.models import Case, Decision, Replacement
from cases.steps import locked_decision
from common import outbox
from common.actor import Actor
from common.errors import InvalidInput, NotAllowed
from identity.models import User

LONGEST_NOTE = 500
LONGEST_REASON = 8000


def check_may_replace(case: Case, decision: Decision | None, user: User) -> None:
    """Whether `user` may have the letter issued anew now. Raises `NotAllowed`."""
    if not policies.may_process(case, user):
        raise NotAllowed(_("This is for the department of the case."), code="role")
    if decision is None or decision.letter is None:
        raise NotAllowed(_("There is no letter yet."), code="no_letter")
    if decision.letter.revoked_at is not None:
        raise NotAllowed(_("This decision has been revoked already."), code="revoked")


@transaction.atomic
def replace_letter(
    *,
    case: Case,
    kind: str,
    note: str,
    by: User,
    conditions: Sequence[str] | None = None,
    reason: str | None = None,
    lock: int | None = None,
) -> Replacement:
    """Have the letter issued anew, with a new code; the old one's answers "replaced".

    A correction says in `note` what was wrong and gives `conditions` (of an approval) or `reason`
    (of a refusal) as they should be. The decision itself stays what it was.
    Raises `NotFound`, `NotAllowed`, `Conflict`, `InvalidInput`.
    """
    decision = locked_decision(case, lock)
    check_may_replace(case, decision, by)
    made = list(decision.replacements.all())
    if any(one.letter_id is None for one in made):
        raise NotAllowed(_("The letter is being issued anew already."), code="being_replaced")
    correction = kind == Replacement.Kind.CORRECTION
    _check(decision, kind, note, reason)
    before = _correct(decision, conditions, reason) if correction else {}
    replacement = Replacement.objects.create(
        decision=decision,
        kind=kind,
        edition=len(made) + 2,
        note=note.strip(),
        before=before,
        asked_by=by,
    )
    Case.objects.filter(pk=case.pk).update(lock=F("lock") + 1)
    ledger.record(
        event="letter.replaced",
        by=Actor.of(by),
        about=str(case.resident_id),
        object_kind="case",
        object_id=str(case.pk),
        purpose="processing",
        data={"kind": kind, "edition": replacement.edition, "changed": sorted(before)},
    )
    outbox.enqueue("cases.replaced", str(replacement.pk), {"replacement_id": str(replacement.pk)})
    return replacement


def _check(decision: Decision, kind: str, note: str, reason: str | None) -> None:
    wrong: dict[str, list[str]] = {}
    correction = kind == Replacement.Kind.CORRECTION
    if kind not in Replacement.Kind.values:
        wrong["kind"] = [_("Choose why the letter is issued anew.")]
    if correction and not note.strip():
        wrong["note"] = [_("Say what was corrected. It is printed on the letter.")]
    if len(note) > LONGEST_NOTE:
        wrong["note"] = [_("This text is too long.")]
    if correction and reason is not None and decision.outcome == Decision.Outcome.REFUSED:
        if not reason.strip():
            wrong["reason"] = [_("A refusal needs its reason in words.")]
        elif len(reason) > LONGEST_REASON:
            wrong["reason"] = [_("This text is too long.")]
    if wrong:
        raise InvalidInput(wrong)


def _correct(
    decision: Decision, conditions: Sequence[str] | None, reason: str | None
) -> dict[str, Any]:
    """Put the corrected texts in place; gives what stood there before."""
    wanted: dict[str, Any] = {}
    if decision.outcome == Decision.Outcome.APPROVED and conditions is not None:
        wanted["conditions"] = [line.strip() for line in conditions if line.strip()]
    if decision.outcome == Decision.Outcome.REFUSED and reason is not None:
        wanted["reason"] = reason.strip()
    changed = {name: value for name, value in wanted.items() if getattr(decision, name) != value}
    before = {name: getattr(decision, name) for name in changed}
    for name, value in changed.items():
        setattr(decision, name, value)
    if changed:
        decision.save(update_fields=list(changed))
    return before
