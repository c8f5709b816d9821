"""Beginning with a letter that the town had prepared: offered by the eID, or by its number."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cases.prepared_letters import answering, matching
from cases.prepared_letters.matching import rule_of
from cases.prepared_letters.models import PreparedLetter
from catalogue import queries as catalogue
from catalogue.models import Offering
from common import marks
from common.errors import InvalidInput, NotAllowed, listed
from forms import from_letter, normalise
from forms.errors import DraftClosed
from forms.models import Draft
from forms.normalise import Unreadable
from portal import guests, prepared, queries
from portal.http import actor_of, applicant_of, applicant_page, too_often
from portal.ways import way_on, way_with_reuse


@require_http_methods(["GET", "HEAD", "POST"])
@applicant_page
def prepared_letter(request: HttpRequest, draft_id: uuid.UUID) -> HttpResponseBase:
    """Fill in the form from a letter; nothing is taken over that is not sent from here."""
    draft = queries.own_draft(applicant_of(request), draft_id)
    offering = catalogue.offered(draft.subject)
    if offering is None or rule_of(offering) is None or not draft.is_open or draft.only is not None:
        return redirect(way_on(draft))
    if request.method != "POST":
        return _page(request, draft, offering)
    try:
        if request.POST.get("what") == "take_back":
            from_letter.take_back(draft)
            messages.success(request, _("What came from the letter was taken out again."))
            return redirect(request.path)
        if request.POST.get("what") == "fill":
            letter = prepared.offered(draft, offering)
            if letter is None:  # answered in another window, or the sign-in is too long ago
                return redirect(request.path)
            marks.check(request.POST.get(marks.FIELD, ""), prepared.shown(letter, offering))
        else:
            number, born = _typed(request)
            if not prepared.may_try(request, number):
                return too_often(request, request.path)
            letter = _found(offering, number, born)
        answering.use(draft=draft, letter=letter, offering=offering, by=actor_of(request))
    except marks.Changed as refusal:  # the town uploaded its list anew
        return _page(request, draft, offering, changed=refusal.labels)
    except InvalidInput as refusal:
        return _page(request, draft, offering, refusal.errors)
    except NotAllowed as refusal:
        return _page(request, draft, offering, {"number": [str(refusal)]})
    except DraftClosed:  # saved or sent in another window meanwhile
        return redirect(way_on(draft))
    messages.success(request, _("Filled in from the letter. Please check that it is still right."))
    return redirect(way_with_reuse(draft))


def _typed(request: HttpRequest) -> tuple[str, str]:
    """Number and date of birth. Raises `InvalidInput`."""
    number, errors, born = request.POST.get("number", "").strip()[:100], {}, ""
    if not number:
        errors["number"] = [_("Write the number that is printed on it.")]
    try:
        born = normalise.date(request.POST.get("born", "")[:100]) or ""
        if not born:
            errors["born"] = [_("Write the date of birth.")]
    except Unreadable as wrong:
        errors["born"] = [str(wrong)]
    if errors:
        raise InvalidInput(errors)
    return number, born


def _found(offering: Offering, number: str, born: str) -> PreparedLetter:
    """Raises `InvalidInput`, which says not which of the two is wrong."""
    letter = matching.of_holder(offering, number, born)
    if letter is None:
        message = _(
            "We have no letter with this number for this date of birth. Please look at both once "
            "more."
        )
        raise InvalidInput({"number": [message]})
    return letter


def _page(
    request: HttpRequest,
    draft: Draft,
    offering: Offering,
    errors: dict[str, list[str]] | None = None,
    changed: Sequence[str] = (),
) -> HttpResponse:
    errors = errors or {}
    rule = offering.template.service.prepared_letters
    used = matching.of_draft(draft, offering)
    letter = prepared.offered(draft, offering) if used is None else None
    shown = used or letter
    context = {
        "draft": draft,
        "name": rule.name if rule else "",
        "used": used is not None,
        "panel": prepared.panel_of(draft, offering, shown),
        "rows": prepared.rows_of(draft.form, offering, shown) if shown else [],
        "mark": marks.mark_of(prepared.shown(letter, offering)) if letter else "",
        "changed": changed,
        "guest": guests.notice_of(draft),
        "next": way_on(draft),
        "typed": {name: request.POST.get(name, "")[:100] for name in ("number", "born")},
        "errors": errors,
        "error_list": listed(errors),
    }
    status = 409 if changed else 422 if errors else 200
    return render(request, "portal/prepared_letter.html", context, status=status)
