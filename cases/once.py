"""Who has applied before, for services that are applied for once (`catalogue.once`).

A second application of the same applicant is refused; they are led to the first. Of somebody
else's application nobody is told but the office, which sees where the same name and date of birth
stand: two people may share both, so that stops nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from cases.models import Case, NamedPerson
from catalogue.models import Offering
from catalogue.once import OnceRule, Per, Within, people
from common.database import connection
from common.errors import NotAllowed
from forms.models import Draft
from identity.models import Representation
from identity.representation.record import Represented
from workflow.definition import Outcome

#: Of the refusal, for pages that show the way to the earlier application.
CODE = "once"


@dataclass(frozen=True, slots=True)
class Namesake:
    """Another application that names somebody whom this one names, too."""

    case: Case
    names: list[str]


def earlier(draft: Draft, offering: Offering, answers: Mapping[str, Any]) -> Case | None:
    """The applicant's own application that stands in the way of `draft`; no statement for a service
    that can be applied for as often as one likes."""
    rule = offering.template.service.once
    if rule is None or draft.resident_id is None or draft.origin is not None:
        return None
    whom = _whom(draft)
    mine = _counting(rule).filter(offering=offering, resident=draft.resident_id)
    return next(
        (
            case
            for case in mine.order_by("received_on", "pk")
            if _person(case.represented) == whom
            and _stands(case, rule)
            and rule.are_same(case.answers, answers)
        ),
        None,
    )


def check(draft: Draft, offering: Offering, answers: Mapping[str, Any]) -> None:
    """Whether the applicant may send `draft`; whoever sends another one just now is waited for.

    Raises `NotAllowed`.
    """
    if offering.template.service.once is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext(current_schema()), hashtext(%s))",
            [f"once:{offering.pk}:{draft.resident_id}"],
        )
    found = earlier(draft, offering, answers)
    if found is not None:
        raise NotAllowed(refusal(found), code=CODE)


def refusal(case: Case) -> str:
    """Why a second application is not taken, by the first."""
    rule = case.offering.template.service.once
    if case.closed_at is None:
        why = _("You have applied for this already (%(number)s), and we are working on it.")
    elif rule is not None and rule.within is Within.FISCAL_YEAR:
        why = _(
            "You have applied for this already (%(number)s), and it was granted. It can be granted "
            "once in a fiscal year (April to March)."
        )
    else:
        why = _(
            "You have applied for this already (%(number)s), and it was granted. It can be granted "
            "once."
        )
    return why % {"number": case.application.receipt_number}


def put(case: Case) -> None:
    """Note whom the case names as it is now; nothing for most services."""
    rule = case.offering.template.service.once
    if rule is None or rule.per is not Per.HOUSEHOLD:
        return
    keys = people(case.application.version.form, case.answers).keys()
    NamedPerson.objects.filter(case=case).exclude(key__in=keys).delete()
    NamedPerson.objects.bulk_create(
        [NamedPerson(case=case, key=key) for key in sorted(keys)], ignore_conflicts=True
    )


def namesakes(case: Case) -> list[Namesake]:
    """Other applications of the service that count and name the same person. For the office."""
    rule = case.offering.template.service.once
    if rule is None or rule.per is not Per.HOUSEHOLD:
        return []
    names = people(case.application.version.form, case.answers)
    rows = (
        NamedPerson.objects.filter(key__in=names, case__offering=case.offering_id)
        .exclude(case=case.pk)
        .values_list("case_id", "key")
    )
    shared: dict[Any, dict[str, None]] = {}
    for case_id, key in rows:
        shared.setdefault(case_id, {})[names[key]] = None
    if not shared:
        return []
    found = _counting(rule, case).filter(pk__in=shared).order_by("received_on", "pk")
    return [
        Namesake(each, list(shared[each.pk]))
        for each in found
        # What an appeal brought about is the same application once more.
        if _stands(each, rule) and each.pk != case.origin_id and each.origin_id != case.pk
    ]


def _counting(rule: OnceRule, about: Case | None = None) -> QuerySet[Case]:
    """Cases that may count: open ones, and those decided in the time of `about` (else of today)."""
    days = rule.days(about.received_on if about else timezone.localdate())
    counts = Q(closed_at__isnull=True)
    if rule.within is not Within.OPEN:
        counts |= Q(decision__outcome=Outcome.APPROVED, decision__revocation__isnull=True)
    found = Case.objects.filter(counts).select_related("application")
    return found.filter(received_on__range=days) if days else found


def _stands(case: Case, rule: OnceRule) -> bool:
    """Open, or granted and not lapsed since."""
    return case.closed_at is None or (
        rule.within is not Within.OPEN and case.stage_now.outcome is Outcome.APPROVED
    )


def _whom(draft: Draft) -> tuple[str, Any] | None:
    """For whom a draft is, as `_person`."""
    acts = draft.representation
    if acts is not None and acts.kind == Representation.Kind.COUNTER:
        acts = draft.on_behalf
    return _person(acts.record) if acts is not None else None


def _person(whom: Represented | None) -> tuple[str, Any] | None:
    """Somebody who is represented, however often that was declared; None: the resident."""
    return None if whom is None else ("".join(whom.name.split()), whom.birth_date)
