"""One application: its receipt, its course, what was sent, taking it back."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from cases import actions, checked, copies, mailing, queries, threads
from cases.linked import offers, reading
from cases.models import Case
from common import marks
from common.errors import Conflict, NotAllowed
from forms import attachments, display
from portal import by_link, guests, wording
from portal.http import actor_of, case_page, refused, resident_of
from portal.progress import steps


def own_case(request: HttpRequest, case_id: uuid.UUID) -> Case:
    """The case of a `case_page`'s resident. Raises `NotFound`."""
    return queries.case_for_resident(resident_of(request), case_id)


@require_safe
@case_page
def receipt(request: HttpRequest, case_id: uuid.UUID) -> HttpResponse:
    """The receipt number, and what happens now."""
    case = own_case(request, case_id)
    context = {
        "case": case,
        "application": case.application,
        "fee": case.application.computed_fee,
        "clock": queries.clock(case),
        "period": wording.period_of(case.workflow.clock),
        "mailing": mailing.of_case(case),
    }
    return render(request, "portal/receipt.html", context)


@require_safe
@case_page
def progress(request: HttpRequest, case_id: uuid.UUID) -> HttpResponse:
    """Time line, whose turn it is, the clock in words, and what the resident can do."""
    case = own_case(request, case_id)
    course = queries.progress(case)
    links = offers.links_of(case)
    context = {
        "offers": offers.offers(case, links),
        "related": reading.related(case, links),
        "case": case,
        "application": case.application,
        "progress": course,
        "stage": course.stage,
        "tone": "ok" if course.settled else wording.tone_of(course.stage),
        "turn": wording.whose_turn(course),
        "clock_words": wording.clock_in_words(course.clock, notified=case.offering.is_notification),
        "steps": steps(course),
        "copy": copies.document_of(case.application),
        "doubt": queries.open_doubt(case),
        "unread": threads.unread_of_resident(case),
        "by_link": by_link.shown_with(case) if guests.record_here(request) else None,
    }
    return render(request, "portal/case.html", context)


@require_safe
@case_page
def sent(request: HttpRequest, case_id: uuid.UUID) -> HttpResponse:
    """The answers as they stand, corrections in place; made to be printed."""
    case = own_case(request, case_id)
    version = case.application.version
    form = version.form
    files = attachments.by_ids(attachments.referenced(version.prepared, case.answers))
    files = {key: item for key, item in files.items() if item.owner_id == case.resident_id}
    context = {
        "case": case,
        "application": case.application,
        "fee": case.application.computed_fee,
        "steps": display.rows(form, case.answers, case.provenance, get_language() or "ja", files),
    }
    return render(request, "portal/sent.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@case_page
def withdraw(request: HttpRequest, case_id: uuid.UUID) -> HttpResponse:
    """Ask once, then take the application back."""
    case = own_case(request, case_id)
    back = reverse("portal:case", args=[case.pk])
    changed: Sequence[str] = ()
    if request.method == "POST":
        try:
            actions.withdraw(
                case=case, by=actor_of(request), mark=request.POST.get(marks.FIELD, "")
            )
        except marks.Changed as refusal:
            changed = refusal.labels
        except (NotAllowed, Conflict) as refusal:
            return refused(request, refusal, back=back)
        else:
            messages.success(request, _("You have withdrawn the application."))
            return redirect(back)
    if not queries.progress(case).can_withdraw:
        return redirect(back)
    context = {
        "case": case,
        "application": case.application,
        "mark": marks.mark_of(checked.withdrawal(case.fee)),
        "changed": changed,
    }
    return render(request, "portal/withdraw.html", context, status=409 if changed else 200)
