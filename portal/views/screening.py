"""What the answers say about who may apply: told once they are there, never the decision."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from catalogue import queries as catalogue
from forms import eligibility
from forms.models import Draft
from portal import queries
from portal.http import applicant_of, applicant_page, later_url
from portal.ways import way_on


@require_safe
@applicant_page
def screening(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponse:
    """“You probably cannot apply”, with the answers behind it, the office, and the way on."""
    draft = queries.own_draft(applicant_of(request), draft_id)
    context = context_of(draft) if draft.is_open and draft.only is None else {}
    if not context:
        return redirect(way_on(draft))
    context |= {"draft": draft, "go_on_url": way_on(draft), "later_url": later_url(request, draft)}
    return render(request, "portal/screening.html", context)


def context_of(draft: Draft, *, complete: bool = False) -> dict[str, object]:
    """What ``portal/_screening.html`` shows; empty while nothing speaks against applying."""
    findings = eligibility.of_draft(draft, complete=complete)
    against = eligibility.not_met(findings)
    if not against:
        return {}
    offering = catalogue.offered(draft.subject)
    return {
        "told": [
            (told, reverse("portal:step", args=[draft.pk, told.step_id]) if told.step_id else "")
            for told in eligibility.in_words(draft.prepared, against)
        ],
        "stops": any(each.severity == "stop" for each in against),
        "may_send": eligibility.may_send(draft.prepared, findings),
        "office": offering.department.name if offering else "",
    }


def is_told_after(draft: Draft, step_id: str) -> bool:
    """Whether an answer of the step just saved speaks against applying."""
    against = eligibility.not_met(eligibility.of_draft(draft))
    return bool(against) and eligibility.concerns(draft.prepared, against, step_id)
