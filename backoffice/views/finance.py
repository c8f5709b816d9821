"""The finance office: fees, money by hand, refunds, the report by day."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backoffice.fee_forms import SettingsForm, account_form, day_of, yen_of
from backoffice.templatetags.finance import source_name
from backoffice.views.inbox import frame
from backoffice.views.reader import reader_of
from billing import actions, numbers, paying, queries, refunds, surplus
from billing.models import Attempt, FeeDue, FinanceSettings, Refund
from cases import fees as case_fees
from cases.models import Receipt
from common.actor import Actor
from common.errors import Conflict, InvalidInput, NotAllowed, NotFound, listed
from identity.access import staff_required
from identity.models import Role

at_the_till = staff_required(Role.FINANCE)
PER_PAGE = 50
_GET_OR_POST = require_http_methods(["GET", "HEAD", "POST"])

VIEW_NAMES = {
    "open": gettext_lazy("To be paid"),
    "overdue": gettext_lazy("Overdue"),
    "paid": gettext_lazy("Paid"),
    "surplus": gettext_lazy("Needs a person"),
    "refunds": gettext_lazy("Refunds"),
    "ended": gettext_lazy("Cancelled, waived, expired"),
    "all": gettext_lazy("All"),
}


@require_safe
@at_the_till
def fees(request: HttpRequest) -> HttpResponse:
    """Fees by what is to be done with them; found by number, name or amount."""
    view = request.GET.get("view", "open")
    view = view if view in queries.VIEWS else "open"
    words = request.GET.get("q", "")[:100]
    page = Paginator(queries.fees("all" if words else view, words), PER_PAGE).get_page(
        request.GET.get("page")
    )
    counts = queries.counts()
    context = {
        **frame(request, "fees"),
        "tab": "fees",
        "view": "" if words else view,
        "words": words,
        "views": [(key, str(name), counts.get(f"in_{key}")) for key, name in VIEW_NAMES.items()],
        "page": page,
        "today": timezone.localdate(),
        "query": f"view={view}&" if not words else "",
    }
    return render(request, "backoffice/fees.html", context)


@require_safe
@at_the_till
def fee(request: HttpRequest, fee_id: uuid.UUID) -> HttpResponse:
    """One fee with everything that came, went back and is asked about it."""
    found = get_object_or_404(FeeDue, pk=fee_id)
    case_fees.open_fee(fee=found, by=Actor.of(reader_of(request)))
    return _fee_page(request, found)


def _fee_page(
    request: HttpRequest,
    found: FeeDue,
    errors: dict[str, list[str]] | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    too_much = surplus.left_of(found)
    context = {
        **frame(request, "fees"),
        "tab": "fees",
        "fee": found,
        "number": numbers.grouped(found.number) if found.number else "",
        "parts": list(queries.parts_of(found)),
        "payments": found.payments.all(),
        "refunds": found.refunds.select_related("asked_by", "decided_by"),
        "waivers": found.waivers.all(),
        "receipt": Receipt.objects.filter(fee=found).first(),
        "refundable": refunds.refundable(found),
        "too_much": too_much,
        "others": case_fees.others_of(found) if too_much else (),
        "unclear": found.attempts.filter(state=Attempt.State.UNCLEAR),
        "four_eyes_above": FinanceSettings.current().four_eyes_above,
        "reader": reader_of(request),
        "today": timezone.localdate(),
        "typed": request.POST,
        "errors": errors or {},
        "error_list": listed(errors or {}),
        "problem": problem,
        # Sent twice by a double click it is still one payment.
        "once": request.POST.get("once") or uuid.uuid4().hex,
    }
    return render(request, "backoffice/fee.html", context, status=status)


@require_POST
@at_the_till
def receive(request: HttpRequest, fee_id: uuid.UUID) -> HttpResponse:
    """Money over the counter; the receipt follows by itself."""
    found = get_object_or_404(FeeDue, pk=fee_id)
    post, errors = request.POST, {}
    amount, on = yen_of(post.get("amount", "")), day_of(post.get("on", ""))
    once = post.get("once", "")
    if not amount:
        errors["amount"] = [_("Write the amount in whole yen.")]
    if on is None or on > timezone.localdate() or on < timezone.localdate() - timedelta(days=366):
        errors["on"] = [_("Write the day on which the money came.")]
    if len(once) != 32 or not once.isalnum():
        errors["amount"] = [_("Open this page again, then enter the payment once more.")]
    if errors or not amount or on is None:
        return _fee_page(request, found, errors, status=422)
    made = actions.receive(
        fee_id=found.pk,
        source="counter",
        key=f"counter:{found.pk}:{once}",
        amount=amount,
        received_on=on,
        by=Actor.of(reader_of(request)),
    )
    _say_what_came(request, found.pk, sum(p.amount for p in made if p.outcome == "surplus"))
    return redirect("desk:fee", found.pk)


def _say_what_came(request: HttpRequest, fee_id: uuid.UUID, surplus: int) -> None:
    fresh = FeeDue.objects.get(pk=fee_id)
    if surplus:
        messages.warning(
            request,
            _("Entered. ¥%(yen)s are too much and have to go back.") % {"yen": f"{surplus:,}"},
        )
    elif fresh.outstanding:
        messages.warning(
            request,
            _("Entered as a part. ¥%(yen)s are still to be paid.")
            % {"yen": f"{fresh.outstanding:,}"},
        )
    else:
        messages.success(request, _("The fee is paid. The receipt follows by itself."))


@_GET_OR_POST
@at_the_till
def refund(request: HttpRequest, fee_id: uuid.UUID) -> HttpResponse:
    """Give money back, or ask a colleague to agree."""
    found = get_object_or_404(FeeDue, pk=fee_id)
    left = refunds.refundable(found)
    post = request.POST if request.method == "POST" else None
    card = refunds.by_provider(found) is not None
    way = post.get("way", "") if post else ("provider" if card else "bank")
    asked = account_form(post if way == Refund.Way.BANK else None)
    errors: dict[str, list[str]] = {}
    if post is not None and not asked.stays:
        try:
            if way == Refund.Way.BANK and not asked.done:
                raise InvalidInput({"account": [_("Look at the bank account once more.")]})
            made = refunds.ask(
                fee_id=found.pk,
                amount=yen_of(post.get("amount", "")) or 0,
                reason=post.get("reason", ""),
                way=way,
                by=reader_of(request),
                account=asked.value if way == Refund.Way.BANK else None,
            )
        except InvalidInput as refusal:
            errors = refusal.errors
        else:
            messages.success(
                request,
                _("A colleague has to agree now.")
                if made.state == Refund.State.ASKED
                else _("The refund is on its way.")
                if made.way == Refund.Way.PROVIDER
                else _("Agreed. Note here when the money has gone back."),
            )
            return redirect("desk:fee", found.pk)
    context = {
        **frame(request, "fees"),
        "tab": "fees",
        "fee": found,
        "left": left,
        "card": card,
        "way": way,
        "ways": Refund.Way.choices,
        "asked": asked,
        "typed": post or {"amount": surplus.left_of(found) or left},
        "errors": errors,
        "error_list": listed(errors),
    }
    return render(request, "backoffice/refund.html", context, status=422 if errors else 200)


@require_POST
@at_the_till
def refund_decide(request: HttpRequest, refund_id: uuid.UUID) -> HttpResponse:
    """A second member of staff agrees or not; or the money has gone back."""
    found = get_object_or_404(Refund.objects.select_related("fee"), pk=refund_id)
    what, reader = request.POST.get("what", ""), reader_of(request)
    try:
        if what == "agree":
            refunds.agree(refund_id=found.pk, by=reader)
        elif what == "refuse":
            refunds.refuse(refund_id=found.pk, by=reader)
        elif what == "paid_back":
            on = day_of(request.POST.get("on", ""))
            if on is None:
                raise InvalidInput({"on": [_("Write the day on which it went back.")]})
            refunds.paid_back(refund_id=found.pk, on=on, by=reader)
        else:
            raise InvalidInput({"what": [_("Choose what to do.")]})
    except InvalidInput as refusal:
        return _fee_page(request, found.fee, refusal.errors, status=422)
    except (Conflict, NotAllowed) as refusal:
        return _fee_page(request, found.fee, problem=str(refusal), status=409)
    except NotFound as missing:
        raise Http404 from missing
    messages.success(request, _("Noted."))
    return redirect("desk:fee", found.fee_id)


@require_POST
@at_the_till
def settle_by_hand(request: HttpRequest, fee_id: uuid.UUID) -> HttpResponse:
    """Put what was too much to another fee; or note that an unclear payment brought nothing."""
    found, reader = get_object_or_404(FeeDue, pk=fee_id), reader_of(request)
    try:
        if request.POST.get("what") == "dismiss":
            attempt = found.attempts.filter(pk=_id_of(request.POST.get("attempt", ""))).first()
            if attempt is None:
                raise InvalidInput({"what": [_("Choose what to do.")]})
            paying.dismiss(attempt_id=attempt.pk, by=reader)
            messages.success(request, _("Noted. The fee can be paid again."))
        else:
            yen = case_fees.put_to_another(
                fee=found, to_id=_id_of(request.POST.get("to", "")), by=reader
            )
            messages.success(
                request, _("¥%(yen)s were put to the other fee.") % {"yen": f"{yen:,}"}
            )
    except InvalidInput as refusal:
        return _fee_page(request, found, refusal.errors, status=422)
    except Conflict as refusal:
        return _fee_page(request, found, problem=str(refusal), status=409)
    return redirect("desk:fee", found.pk)


def _id_of(text: str) -> uuid.UUID:
    """An id as a form sends it; one that nothing has for anything else."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return uuid.UUID(int=0)


@require_safe
@at_the_till
def report(request: HttpRequest) -> HttpResponse:
    """What came, went back and fits nothing, by day."""
    today = timezone.localdate()
    first = day_of(request.GET.get("first", "")) or today.replace(day=1)
    last = day_of(request.GET.get("last", "")) or today
    days = queries.report(first, last)
    sources = sorted({source for day in days for source, _yen in day.by_source})
    rows = [(day, [dict(day.by_source).get(source, 0) for source in sources]) for day in days]
    context: dict[str, Any] = {
        **frame(request, "fees"),
        "tab": "report",
        "first": first,
        "last": last,
        "sources": [source_name(source) for source in sources],
        "rows": rows,
        "sums": [sum(column) for column in zip(*(row for _day, row in rows), strict=True)],
        "counted": sum(day.counted for day in days),
        "surplus": sum(day.surplus for day in days),
        "unmatched": sum(day.unmatched for day in days),
        "came": sum(day.came for day in days),
        "refunded": sum(day.refunded for day in days),
    }
    return render(request, "backoffice/fees_report.html", context)


@_GET_OR_POST
@at_the_till
def settings(request: HttpRequest) -> HttpResponse:
    """The town's account, the columns of its bank's CSV, and the limit for four eyes."""
    current = FinanceSettings.current()
    form = SettingsForm.of(current, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.save(current):
        messages.success(request, _("Saved."))
        return redirect("desk:fees_settings")
    context = {
        **frame(request, "fees"),
        "tab": "settings",
        "form": form,
        "error_list": listed(form.errors),
    }
    status = 422 if form.errors else 200
    return render(request, "backoffice/fees_settings.html", context, status=status)
