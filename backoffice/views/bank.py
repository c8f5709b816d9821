"""Files of the bank at the finance desk: upload, preview, booking, and what fits nothing."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from backoffice.fee_forms import day_of
from backoffice.views.finance import PER_PAGE, at_the_till
from backoffice.views.inbox import frame
from backoffice.views.reader import reader_of
from billing import banking, numbers, queries
from billing.models import BankLine, BankStatement
from billing.statements.parsed import REASONS
from billing.statements.reading import MOST_BYTES
from common.errors import Conflict, InvalidInput, NotFound, listed

_GET_OR_POST = require_http_methods(["GET", "HEAD", "POST"])


@_GET_OR_POST
@at_the_till
def files(request: HttpRequest) -> HttpResponse:
    """Files that were uploaded, and a new one."""
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        upload = request.FILES.get("file")
        try:
            if not isinstance(upload, UploadedFile):
                raise InvalidInput({"file": [_("Choose the file of the bank.")]})
            if (upload.size or 0) > MOST_BYTES:
                raise InvalidInput({"file": [_("This file is too large.")]})
            known = BankStatement.objects.count()
            statement = banking.take_in(
                content=upload.read(MOST_BYTES + 1), name=upload.name or "", by=reader_of(request)
            )
        except InvalidInput as refusal:
            errors = refusal.errors
        else:
            if BankStatement.objects.count() == known:
                messages.info(request, _("This very file was uploaded before. This is it."))
            return redirect("desk:bank_file", statement.pk)
    page = Paginator(BankStatement.objects.select_related("uploaded_by"), PER_PAGE)
    context = {
        **frame(request, "fees"),
        "tab": "bank",
        "page": page.get_page(request.GET.get("page")),
        "open_lines": queries.open_lines().count(),
        "errors": errors,
        "error_list": listed(errors),
    }
    return render(request, "backoffice/bank.html", context, status=422 if errors else 200)


@_GET_OR_POST
@at_the_till
def file(request: HttpRequest, statement_id: uuid.UUID) -> HttpResponse:
    """What would be booked, or was; posted: book it, or throw the preview away."""
    statement = get_object_or_404(BankStatement, pk=statement_id)
    if request.method == "POST":
        what = request.POST.get("what", "")
        try:
            if what == "apply":
                banking.apply(statement_id=statement.pk, by=reader_of(request))
                messages.success(request, _("The lines that fit are booked within a moment."))
            elif what == "discard":
                banking.discard(statement_id=statement.pk, by=reader_of(request))
                messages.success(request, _("The preview was thrown away. Nothing was booked."))
                return redirect("desk:bank")
        except Conflict as refusal:
            messages.warning(request, str(refusal))
        return redirect("desk:bank_file", statement.pk)
    lines = statement.lines.select_related("fee").order_by("number")
    shown = request.GET.get("state", "")
    if shown in BankLine.State.values:
        lines = lines.filter(state=shown)
    else:
        shown = ""
    page = Paginator(lines, 200).get_page(request.GET.get("page"))
    names = dict(BankLine.State.choices)
    sums = queries.sums_of(statement)
    context = {
        **frame(request, "fees"),
        "tab": "bank",
        "statement": statement,
        "sums": sums,
        "shares": [(names[share.state], share) for share in sums.shares],
        "matched": sums.count("matched"),
        "page": page,
        "shown": shown,
        "query": f"state={shown}&" if shown else "",
        "lines": [(line, REASONS.get(line.reason, "")) for line in page],
    }
    return render(request, "backoffice/bank_file.html", context)


@require_safe
@at_the_till
def lines(request: HttpRequest) -> HttpResponse:
    """Money that came and fits nothing by itself."""
    page = Paginator(queries.open_lines(), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        **frame(request, "fees"),
        "tab": "lines",
        "page": page,
        "lines": [(line, REASONS.get(line.reason, "")) for line in page],
    }
    return render(request, "backoffice/bank_lines.html", context)


@_GET_OR_POST
@at_the_till
def line(request: HttpRequest, statement_id: uuid.UUID, line_number: int) -> HttpResponse:
    """One of them: to a fee, or back to whoever sent it."""
    found = get_object_or_404(
        BankLine.objects.select_related("fee", "statement"),
        statement=statement_id,
        number=line_number,
    )
    errors: dict[str, list[str]] = {}
    problem, post, reader = "", request.POST, reader_of(request)
    if request.method == "POST":
        try:
            if post.get("what") == "return":
                banking.to_return(line_id=found.pk, note=post.get("note", ""), by=reader)
                messages.success(request, _("Noted. It stays on the list until it has gone back."))
            elif post.get("what") == "returned":
                on = day_of(post.get("on", ""))
                if on is None:
                    raise InvalidInput({"on": [_("Write the day on which it went back.")]})
                banking.returned(line_id=found.pk, on=on, by=reader)
                messages.success(request, _("Noted."))
            else:
                made = banking.assign(line_id=found.pk, number=post.get("number", ""), by=reader)
                return redirect("desk:fee", made[0].fee_id)
            return redirect("desk:bank_lines")
        except InvalidInput as refusal:
            errors = refusal.errors
        except Conflict as refusal:
            problem = str(refusal)
        except NotFound as missing:
            raise Http404 from missing
    number = found.fee.number if found.fee and found.fee.number else ""
    context = {
        **frame(request, "fees"),
        "tab": "lines",
        "line": found,
        "reason": REASONS.get(found.reason, ""),
        "number": post.get("number") or (numbers.grouped(number) if number else ""),
        "note": post.get("note", ""),
        "candidates": queries.fees("open")
        .filter(amount=found.amount)
        .exclude(bank_lines=found)[:10]
        if found.amount and found.amount < 2**31
        else [],
        "today": timezone.localdate(),
        "errors": errors,
        "error_list": listed(errors),
        "problem": problem,
    }
    status = 422 if errors else 409 if problem else 200
    return render(request, "backoffice/bank_line.html", context, status=status)
