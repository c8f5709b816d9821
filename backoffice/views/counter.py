"""Help at the counter: who stands there, which form, and what was sent. The form itself is the
resident's (`portal`), opened in the session that begins here."""

from __future__ import annotations

import uuid
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backoffice.counter.pages import NEW, CounterPage, page_of
from backoffice.views.inbox import frame
from backoffice.views.reader import reader_of
from cases import entering, mailing, policies
from cases.models import Case
from catalogue import queries as catalogue
from common.actor import Actor
from common.errors import DomainError, InvalidInput, NotFound
from forms import attachments, display
from identity.access import staff_required
from identity.counter import actions, codes, queries
from identity.models import CounterCode, Helping, Role
from identity.representation import queries as representations

at_the_counter = staff_required(Role.COUNTER)


@require_safe
@at_the_counter
def counter(request: HttpRequest) -> HttpResponse:
    """Whom I help and with what; or how to begin."""
    helper = reader_of(request)
    helping = queries.open_of(helper)
    context = {
        **frame(request, "counter"),
        "helping": helping,
        "services": [
            offering
            for offering in catalogue.published()
            if policies.may_help(offering, helper)
            and not offering.template.service.only_from_a_case
        ]
        if helping
        else [],
        "drafts": entering.drafts_of(helping) if helping else [],
    }
    return render(request, "backoffice/counter.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@at_the_counter
def with_code(request: HttpRequest) -> HttpResponse:
    """The resident shows a code of their account."""
    page = page_of(request, "code")
    if page.asked.done:
        try:
            begun = actions.begin_with_code(
                helper=reader_of(request),
                code=page.answers["code"],
                birth_date=page.birth_date,
                recognised=page.recognised,
            )
        except InvalidInput as refusal:
            page.refuse(refusal)
        except DomainError as refusal:
            page.problem = str(refusal)
        else:
            if begun is not None:
                return _begun(request)
            unknown = _("There is no such code, or it was used or has run out. Ask for a new one.")
            page.asked.refuse({"code": [unknown]})
    return _form(request, page)


@require_http_methods(["GET", "HEAD", "POST"])
@at_the_counter
def in_person(request: HttpRequest) -> HttpResponse:
    """The resident has no account: who they are, as their papers say."""
    page = page_of(request, "person")
    if page.asked.done:
        try:
            page.candidates = actions.look_up(helper=reader_of(request), person=page.person)
            typed = request.POST.get("same_as", "")
            same_as = next((each for each in page.candidates if str(each.pk) == typed), None)
            if same_as is not None or typed == NEW or not page.candidates:
                actions.begin_in_person(
                    helper=reader_of(request),
                    person=page.person,
                    recognised=page.recognised,
                    same_as=same_as,
                )
                return _begun(request)
        except InvalidInput as refusal:
            page.refuse(refusal)
        except DomainError as refusal:
            page.problem = str(refusal)
    return _form(request, page)


def _begun(request: HttpRequest) -> HttpResponse:
    queries.forget(reader_of(request))
    return redirect("desk:counter")


def _form(request: HttpRequest, page: CounterPage) -> HttpResponse:
    context = {**frame(request, "counter"), "page": page}
    status = 422 if page.wrong or page.candidates else 200
    return render(request, "backoffice/counter_form.html", context, status=status)


@require_POST
@at_the_counter
def begin(request: HttpRequest) -> HttpResponse:
    """Open the form of a service with the resident."""
    helping = queries.open_of(reader_of(request))
    offering = catalogue.published_one(request.POST.get("service", "")[:60])
    if helping is None or offering is None or offering.template.service.only_from_a_case:
        messages.error(
            request,
            _("The help has ended. Please begin anew.")
            if helping is None
            else _("Choose a service."),
        )
        return redirect("desk:counter")
    if request.POST.get("whom") == "other":
        return redirect("desk:counter_whom", slug=offering.slug)
    try:
        draft = entering.open_draft(helping=helping, offering=offering)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("desk:counter")
    return redirect("portal:draft", draft_id=draft.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@at_the_counter
def whom(request: HttpRequest, slug: str) -> HttpResponse:
    """The person acts for somebody else: for whom, and then the form."""
    helping = queries.open_of(reader_of(request))
    offering = catalogue.published_one(slug)
    if offering is None:
        raise Http404
    if helping is None:
        messages.error(request, _("The help has ended. Please begin anew."))
        return redirect("desk:counter")
    chosen, problem = request.POST.get("whom", ""), ""
    if request.method == "POST":
        try:
            if not chosen:
                raise InvalidInput({"whom": []}, _("Choose for whom the application is."))
            on_behalf = None
            if chosen != "myself":
                on_behalf = representations.own(helping.resident, chosen)
            draft = entering.open_draft(helping=helping, offering=offering, on_behalf=on_behalf)
        except NotFound as missing:
            raise Http404 from missing
        except DomainError as refusal:
            problem = str(refusal)
        else:
            return redirect("portal:draft", draft_id=draft.pk)
    context = {
        **frame(request, "counter"),
        "helping": helping,
        "offering": offering,
        "choices": entering.whom(helping, offering),
        "chosen": chosen,
        "problem": problem,
        "add": f"{reverse('portal:representation_add')}?{urlencode({'service': offering.slug})}",
    }
    return render(request, "backoffice/counter_whom.html", context, status=422 if problem else 200)


@require_POST
@at_the_counter
def end(request: HttpRequest) -> HttpResponse:
    """End it before anything was sent. Idempotent."""
    helper = reader_of(request)
    actions.end_all_of(helper, Helping.Ending.HELPER)
    messages.success(request, _("The help has ended. What was entered and not sent is kept."))
    return redirect("desk:counter")


@require_http_methods(["GET", "HEAD", "POST"])
@at_the_counter
def done(request: HttpRequest, case_id: uuid.UUID) -> HttpResponse:
    """The receipt and what was entered, to print for the resident; for an hour.

    Posted: a code with which somebody without an eID can join it with one later.
    """
    helper = reader_of(request)
    try:
        case: Case = entering.just_sent(helper, case_id)
    except NotFound as missing:
        raise Http404 from missing
    code = None
    has_account = hasattr(case.resident, "eid")
    if request.method == "POST" and not has_account:
        code, _row = codes.make(
            resident=case.resident,
            purpose=CounterCode.Purpose.JOIN,
            by=Actor.of(helper),
        )
    form, answers = case.application.version.form, case.answers
    ids = attachments.referenced(case.application.version.prepared, answers)
    context = {
        **frame(request, "counter"),
        "case": case,
        "application": case.application,
        "helped": case.application.helped,
        "has_account": has_account,
        "join_code": code,
        "mailing": mailing.of_case(case),
        "fee": case.application.computed_fee,
        "steps": display.rows(
            form, answers, case.provenance, get_language() or "ja", attachments.by_ids(ids)
        ),
    }
    return render(request, "backoffice/counter_done.html", context)
