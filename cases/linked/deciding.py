"""What a case that came of another asks of whoever decides it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from cases.models import Case, Decision
from common.errors import NotAllowed
from identity.models import User


def check_decider(case: Case, user: User) -> None:
    """Nobody rules on an appeal against their own decision, nor does the office that made it.

    One statement for an appeal, none for anything else. Raises `NotAllowed`.
    """
    if case.origin_kind != Case.Origin.APPEAL or case.origin_id is None:
        return
    first = Decision.objects.select_related("case").filter(case=case.origin_id).first()
    if first is None:
        return
    if first.decided_by_id == user.pk:
        raise NotAllowed(
            _("You made the decision that is contested. Somebody else has to rule on it."),
            code="own_decision",
        )
    if first.case.department_id == case.department_id:
        raise NotAllowed(
            _("Your department made the decision that is contested. Another has to rule on it."),
            code="same_office",
        )


def check_stands(case: Case) -> None:
    """What is changed, renewed or contested must still hold when that is granted.

    One statement for what came of another case, none for anything else. Raises `NotAllowed`.
    """
    about = {Case.Origin.AMENDMENT, Case.Origin.RENEWAL, Case.Origin.APPEAL}
    if case.origin_kind not in about or case.origin_id is None:
        return
    first = Decision.objects.select_related("letter", "entry").filter(case=case.origin_id).first()
    if first is None and case.origin_kind == Case.Origin.APPEAL:
        return  # against silence: nothing was decided, so nothing can have ceased to hold
    entry = getattr(first, "entry", None)
    gone = first is None or first.letter is None or first.letter.revoked_at is not None
    if gone or (entry is not None and entry.closed_on is not None):
        raise NotAllowed(
            _("The earlier decision does not hold any more, so this cannot be granted."),
            code="origin_gone",
        )
