"""A resident's fee: its parts, what was paid, receipts, and asking to be let off it."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from billing import paying
from billing.models import FeeDue, Payment, Refund
from cases import fees, mailing, waivers
from cases.models import Receipt
from common.errors import Conflict, InvalidInput, NotAllowed, NotFound, listed
from documents import files as documents
from documents.errors import DamagedFile
from documents.models import Document
from forms.errors import FileRefused
from forms.uploads.examine import SafeFile
from portal.http import actor_of, case_page, refused
from portal.representing import examined
from portal.views.case import own_case

EVIDENCE = "evidence"


@require_safe
@case_page
def overview(request: HttpRequest, case_id: uuid.UUID) -> HttpResponse:
    """Every part of the fee with its day, what came, receipts, refunds and requests."""
    case = own_case(request, case_id)
    parts = fees.of_case(case)
    if not parts:
        raise NotFound(_("There is no fee to pay."), code="no_fee")
    ids = [part.pk for part in parts]
    receipts = {each.fee_id: each for each in Receipt.objects.filter(fee__in=ids)}
    context = {
        "case": case,
        "application": case.application,
        "parts": [(part, receipts.get(part.pk)) for part in parts],
        "confirming": paying.being_confirmed(ids),
        "payments": Payment.objects.filter(
            fee__in=ids, outcome__in=[*Payment.MONEY, Payment.Outcome.MOVED]
        ),
        "refunds": Refund.objects.filter(fee__in=ids, state=Refund.State.DONE),
        "waivers": case.waivers.select_related("letter"),
    }
    return render(request, "portal/fee.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@case_page
def waiver(request: HttpRequest, case_id: uuid.UUID, fee_id: uuid.UUID) -> HttpResponse:
    """Ask to be let off a fee (減免申請)."""
    case = own_case(request, case_id)
    fee = fees.part_of_case(case, fee_id)
    back = reverse("portal:fee", args=[case.pk])
    errors: dict[str, list[str]] = {}
    reason = request.POST.get("reason", "")
    if request.method == "POST":
        evidence: SafeFile | None = None
        upload = request.FILES.get(EVIDENCE)
        try:
            if isinstance(upload, UploadedFile):
                evidence = examined(upload)
            waivers.ask(case=case, fee=fee, reason=reason, by=actor_of(request), evidence=evidence)
        except FileRefused as refusal:
            errors[EVIDENCE] = [str(refusal)]
        except InvalidInput as refusal:
            errors |= refusal.errors
        except (Conflict, NotAllowed) as refusal:
            return refused(request, refusal, back=back)
        else:
            messages.success(
                request, _("We have your request. You need not pay until we have decided about it.")
            )
            return redirect(back)
    elif not waivers.may_ask(fee):
        return redirect(back)
    context = {
        "case": case,
        "application": case.application,
        "fee": fee,
        "reason": reason,
        "mailing": mailing.of_case(case),
        "errors": errors,
        "error_list": listed(errors),
        "again": bool(errors and request.FILES),
    }
    return render(request, "portal/waiver.html", context, status=422 if errors else 200)


@require_safe
@case_page
def receipt(request: HttpRequest, case_id: uuid.UUID, fee_id: uuid.UUID) -> HttpResponseBase:
    """The receipt as PDF (領収書)."""
    case = own_case(request, case_id)
    fee = fees.part_of_case(case, fee_id)
    found = Receipt.objects.select_related("document").filter(fee=fee).first()
    return _paper(request, case_id, found.document if found else None, fee)


@require_safe
@case_page
def waiver_letter(
    request: HttpRequest, case_id: uuid.UUID, waiver_id: uuid.UUID
) -> HttpResponseBase:
    """The letter with the decision about a request."""
    case = own_case(request, case_id)
    found = case.waivers.select_related("letter", "fee").filter(pk=waiver_id).first()
    if found is None:
        raise Http404
    return _paper(request, case_id, found.letter, found.fee)


def _paper(
    request: HttpRequest, case_id: uuid.UUID, document: Document | None, fee: FeeDue
) -> HttpResponseBase:
    if document is None:
        raise Http404
    try:
        return documents.download(document, filename=f"{document.title} {fee.reference}")
    except DamagedFile as refusal:
        return refused(request, refusal, back=reverse("portal:fee", args=[case_id]))
