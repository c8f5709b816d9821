"""Paying a fee: to the payment provider, back again, and until it has confirmed the payment."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing import actions, numbers, paying, providers
from billing.errors import BeingConfirmed, PaymentsUnavailable, UntrustedAnswer
from billing.models import Attempt, FeeDue, FinanceSettings, Payment
from billing.providers import Returned
from billing.queries import last_try
from cases import fees, waivers
from common import marks
from common.errors import Conflict, DomainError, NotFound
from portal.http import case_page, refused
from portal.views.case import own_case
from tenants.links import absolute

#: Seconds until the page looks again by itself; then it leaves it to the reader.
_LOOKS = (3, 3, 4, 5, 10, 15, 20, 30)


@require_http_methods(["GET", "HEAD", "POST"])
@case_page
def pay(request: HttpRequest, case_id: uuid.UUID, fee_id: uuid.UUID | None = None) -> HttpResponse:
    """A fee, or a part of one, and how it comes about; then to the provider, or by transfer."""
    case = own_case(request, case_id)
    fee = fees.part_of_case(case, fee_id)
    if fee.state != FeeDue.State.DUE:
        return redirect("portal:case", case_id=case.pk)
    if paying.confirming(fee) is not None:
        return redirect("portal:confirming", case.pk, fee.pk)
    provider, closed = None, ""
    changed: Sequence[str] = ()
    try:
        provider = providers.current()
    except PaymentsUnavailable as refusal:
        closed = str(refusal)
    if request.method == "POST" and provider is not None:
        back = absolute(reverse("portal:pay_return", args=[case.pk]))
        try:
            attempt = paying.begin(
                fee=fee,
                return_url=back,
                language=get_language() or "ja",
                mark=request.POST.get(marks.FIELD, ""),
            )
        except PaymentsUnavailable as refusal:
            closed = str(refusal)
        except marks.Changed as refusal:
            changed = refusal.labels
            fee.refresh_from_db()
        except BeingConfirmed:
            return redirect("portal:confirming", case.pk, fee.pk)
        except Conflict as refusal:
            return refused(request, refusal, back=reverse("portal:case", args=[case.pk]))
        else:
            # The try is kept by now, whatever happens on the way to the provider.
            return redirect("portal:pay_go", case.pk, attempt.pk)
    response = render(
        request,
        "portal/pay.html",
        {
            "case": case,
            "application": case.application,
            "fee": fee,
            "closed": closed,
            "last": last_try(fee.pk),
            "transfer": FinanceSettings.current(),
            "number": numbers.grouped(fee.number) if fee.number else "",
            "may_ask": waivers.may_ask(fee),
            "mark": marks.mark_of(paying.shown(fee)),
            "changed": changed,
        },
        status=409 if changed else 200,
    )
    if provider is not None:
        # The form is sent here and answered with a redirect: browsers check both addresses.
        # This is how django-csp is told from inside a view.
        response._csp_update = {"form-action": provider.origins()}  # type: ignore[attr-defined]  # noqa: SLF001
    return response


@require_safe
@never_cache
@case_page
def go(request: HttpRequest, case_id: uuid.UUID, attempt_id: uuid.UUID) -> HttpResponse:
    """On to the provider's page for a try that was begun; always the same page."""
    case, attempt = own_case(request, case_id), _attempt_of(case_id, attempt_id)
    try:
        return redirect(paying.page_of(attempt))
    except PaymentsUnavailable as refusal:
        return refused(
            request, refusal, back=reverse("portal:pay_part", args=[case.pk, attempt.fee_id])
        )
    except Conflict:
        return redirect("portal:pay_part", case.pk, attempt.fee_id)


def _attempt_of(case_id: uuid.UUID, attempt_id: uuid.UUID) -> Attempt:
    attempt = paying.attempt_of(attempt_id)
    if not fees.belongs_to(attempt.fee_id, case_id):
        raise Http404
    return attempt


@require_safe
@never_cache
def back(request: HttpRequest, case_id: uuid.UUID) -> HttpResponse:
    """The payer is back. Needs no sign-in: money that came must be entered."""
    here = reverse("portal:case", args=[case_id])
    try:
        result = providers.current().verify_return(request)
        if isinstance(result, Returned):
            return _await(request, case_id, result)
        fee_id = uuid.UUID(result.fee_id)
        if not fees.belongs_to(fee_id, case_id):
            raise Http404
        payment = actions.settle(fee_id, result)
    except UntrustedAnswer as refusal:
        return refused(request, refusal, back=here)
    except NotFound as missing:
        raise Http404 from missing
    except DomainError as refusal:
        return refused(request, refusal, back=here)
    if payment.outcome == Payment.Outcome.PAID:
        _say_paid(request)
    elif payment.outcome == Payment.Outcome.SURPLUS:
        messages.warning(
            request, _("This fee had been paid before. We will give the second payment back.")
        )
    else:
        _say_not_paid(request)
        here = reverse("portal:pay", args=[case_id])
    return redirect(here)


def _await(request: HttpRequest, case_id: uuid.UUID, returned: Returned) -> HttpResponse:
    """What the payer's return itself says is little: they gave up, or wait for the provider."""
    attempt = _attempt_of(case_id, returned.attempt_id)
    if returned.gave_up:
        _say_not_paid(request)
        return redirect("portal:pay_part", case_id, attempt.fee_id)
    paying.came_back(attempt=attempt)
    return redirect("portal:confirming", case_id, attempt.fee_id)


@require_safe
@never_cache
@case_page
def confirming(request: HttpRequest, case_id: uuid.UUID, fee_id: uuid.UUID) -> HttpResponse:
    """Until the provider has confirmed: looks again by itself, a few times."""
    case = own_case(request, case_id)
    fee = fees.part_of_case(case, fee_id)
    if fee.state != FeeDue.State.DUE:
        if fee.state == FeeDue.State.PAID:
            _say_paid(request)
        return redirect("portal:case", case_id=case.pk)
    attempt = paying.confirming(fee)
    if attempt is None:
        _say_not_paid(request)
        return redirect("portal:pay_part", case.pk, fee.pk)
    given = request.GET.get("look", "0")
    looked = int(given) if given.isascii() and given.isdigit() and len(given) < 3 else 0
    again = looked < len(_LOOKS) and attempt.state == Attempt.State.RETURNED
    here = reverse("portal:confirming", args=[case.pk, fee.pk])
    context = {
        "case": case,
        "application": case.application,
        "fee": fee,
        "amount": attempt.amount,
        "unclear": attempt.state == Attempt.State.UNCLEAR,
        "next_look": f"{here}?look={looked + 1}" if again else "",
        "seconds": _LOOKS[looked] if again else 0,
    }
    return render(request, "portal/confirming.html", context)


@csrf_exempt
@require_POST
def event(request: HttpRequest, provider: str) -> HttpResponse:
    """What a provider's server sends; it is signed, and holds for this town alone."""
    try:
        paying.take_event(provider=provider, request=request)
    except NotFound as missing:
        raise Http404 from missing
    except UntrustedAnswer:
        return HttpResponse(status=400)
    except PaymentsUnavailable:
        return HttpResponse(status=404)  # this town has no account there
    return HttpResponse(status=204)


def _say_paid(request: HttpRequest) -> None:
    messages.success(request, _("Thank you. We have your payment."))


def _say_not_paid(request: HttpRequest) -> None:
    messages.warning(request, _("Nothing was paid. You can try again whenever you like."))
