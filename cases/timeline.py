"""What the resident reads about the course of a case. Wording by code, values beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from cases.models import Case, TimelineEntry
from common.lookup import Lookup
from common.text import Text

WORDINGS = {
    "submitted": _("We received your application"),
    "entered": _("A member of staff entered this for you at the counter"),
    "claimed": _("A caseworker started to check your application"),
    "consultation_requested": _("We asked another department: %(department)s"),
    "consultation_answered": _("%(department)s gave its opinion"),
    "correction_requested": _("We asked you for a correction. The clock is stopped"),
    "correction_answered": _("You sent the correction. The clock runs again"),
    "approved": _("We decided: approved"),
    "approved_in_part": _("We decided: approved in part"),
    "refused": _("We decided: refused"),
    "acknowledged": _("We acknowledged your notification: it is complete"),
    "fee_due": _("A fee is due: ¥%(amount)s"),
    "paid": _("You paid the fee"),
    "part_paid": _("You paid part %(part)s of %(parts)s of the fee"),
    "fee_waived": _("You do not have to pay the fee"),
    "waiver_asked": _("You asked to be let off the fee"),
    "waiver_granted": _("We decided: you do not have to pay the fee"),
    "waiver_reduced": _("We decided: the fee is ¥%(amount)s less"),
    "waiver_refused": _("We decided: the fee stays as it is"),
    "fee_demanded": _("The fee was not paid in time. We sent you a demand for payment"),
    "lapsed": _("The fee was not paid in time. Your permit was not issued"),
    "not_examined": _("The fee was not paid in time. Your application was not examined"),
    "refunded": _("We paid back ¥%(amount)s"),
    "document_issued": _("Your document is ready: %(title)s"),
    "document_replaced": _("Your document was issued anew: %(title)s"),
    "revoked": _("The decision was revoked"),
    "amendment_sent": _("You applied for a change: %(number)s"),
    "renewal_sent": _("You applied for the renewal: %(number)s"),
    "addition_sent": _("You applied for one more permit: %(number)s"),
    "appeal_sent": _("You appealed against the decision: %(number)s"),
    "replaced": _("The changed permit takes the place of this one: %(number)s"),
    "renewed": _("Renewed by a new permit: %(number)s"),
    "ruled": _("Your appeal was granted. The ruling takes the place of the decision: %(number)s"),
    "set_aside": _("Your appeal was granted. The decision was set aside: %(number)s"),
    "ordered": _("Your appeal was granted: we have to decide now (%(number)s)"),
    "taken_up_anew": _("Your appeal was granted: your application is decided anew (%(number)s)"),
    "withdrawn": _("You withdrew the application"),
    "confirmed_complete": _("Everything we need is here"),
    "extended": _("We need more time: %(days)s days. The reason: %(reason)s"),
    "due_later": _("A newer version of this procedure applies now, and our period became longer"),
    "deemed_refusal": _(
        "The period is over without a decision. You may treat the application as refused and appeal"
    ),
    "reopened": _("We took the application up again. The reason: %(reason)s"),
    "mail_came_back": _("A notice by e-mail did not arrive. It can be read here"),
    "told_by_phone": _("We told you by telephone what did not arrive by e-mail"),
    "told_by_post": _("We sent you by post what did not arrive by e-mail"),
    "told_by_person": _("We told you in person what did not arrive by e-mail"),
    "into_account": _("You put the application into your account. Your eID confirmed your name"),
    "representation_confirmed": _("We confirmed that you may act for the applicant"),
    "representation_doubted": _("We asked for proof that you may act for the applicant"),
    "representation_ended": _("The applicant ended that you act for them"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the time line, worded in the active language."""

    at: datetime
    code: str
    text: str


def add(case: Case, code: str, **values: Any) -> None:
    """Add a step. Raises `KeyError` for a code without wording."""
    _ = WORDINGS[code]
    stored = {
        name: value.as_dict() if isinstance(value, Text) else value
        for name, value in values.items()
    }
    TimelineEntry.objects.create(case=case, code=code, values=stored)


_of_case: Lookup[TimelineEntry] = Lookup(
    lambda case: TimelineEntry.objects.filter(case=case), case=UUID
)


def entries(case: Case) -> list[Entry]:
    """The steps of a case, oldest first."""
    return [Entry(row.at, row.code, _worded(row)) for row in _of_case.all(case=case.pk)]


def _worded(row: TimelineEntry) -> str:
    values = {
        name: str(Text(value)) if isinstance(value, dict) else _number(value)
        for name, value in row.values.items()
    }
    return str(WORDINGS[row.code]) % values if values else str(WORDINGS[row.code])


def _number(value: Any) -> Any:
    return f"{value:,}" if isinstance(value, int) else value
