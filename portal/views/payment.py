"""Paying a fee, and coming back from the payment provider."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from billing import actions, numbers, providers
from billing.errors import PaymentsUnavailable, UntrustedAnswer
from billing.models import FeeDue, FinanceSettings, Payment
from billing.queries import last_try
from cases import fees, waivers
from common.errors import Conflict, DomainError, NotFound
from portal.http import refused, resident_page
from portal.views.case import own_case
from tenants.links import absolute


@require_http_methods(["GET", "HEAD", "POST"])
@resident_page
def pay(request: HttpRequest, case_id: uuid.UUID, fee_id: uuid.UUID | None = None) -> HttpResponse:
    """A fee, or a part of one, and how it comes about; then to the provider, or by transfer."""
    case = own_case(request, case_id)
    fee = fees.part_of_case(case, fee_id)
    if fee.state != FeeDue.State.DUE:
        return redirect("portal:case", case_id=case.pk)
    provider, closed = None, ""
    try:
        provider = providers.current()
    except PaymentsUnavailable as refusal:
        closed = str(refusal)
    if request.method == "POST" and provider is not None:
        back = absolute(reverse("portal:pay_return", args=[case.pk]))
        try:
            return redirect(
                actions.start(fee=fee, return_url=back, language=get_language() or "ja")
            )
        except PaymentsUnavailable as refusal:
            closed = str(refusal)
        except Conflict as refusal:
            return refused(request, refusal, back=reverse("portal:case", args=[case.pk]))
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
        },
    )
    if provider is not None:
        # The form is sent here and answered with a redirect: browsers check both addresses.
        # This is how django-csp is told from inside a view.
        response._csp_update = {"form-action": provider.origins()}  # type: ignore[attr-defined]  # noqa: SLF001
    return response


@require_safe
@never_cache
def back(request: HttpRequest, case_id: uuid.UUID) -> HttpResponse:
    """The provider's signed answer. Needs no sign-in: money that came must be entered."""
    here = reverse("portal:case", args=[case_id])
    try:
        result = providers.current().verify_return(request)
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
        messages.success(request, _("Thank you. We have your payment."))
    elif payment.outcome == Payment.Outcome.SURPLUS:
        messages.warning(
            request, _("This fee had been paid before. We will give the second payment back.")
        )
    else:
        messages.warning(request, _("Nothing was paid. You can try again whenever you like."))
        here = reverse("portal:pay", args=[case_id])
    return redirect(here)
