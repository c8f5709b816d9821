"""The letters that a department has posted: lists of them, who has answered, who has not."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from backoffice.views.inbox import frame
from backoffice.views.reader import reader_of
from cases.prepared_letters import keeping, lists, reading
from cases.prepared_letters.models import PreparedLetter, PreparedList
from cases.prepared_letters.reading import HEADINGS, NEEDED, REASONS
from catalogue.models import Offering
from common import handing
from common.errors import Conflict, InvalidInput, listed
from identity.access import staff_required
from identity.models import Role

PER_PAGE = 50
#: Lines of a dry run that are shown; the file itself has the others.
MOST_SHOWN = 200
VIEW_NAMES = {
    "open": gettext_lazy("Waiting for an answer"),
    "answered": gettext_lazy("Answered"),
    "withdrawn": gettext_lazy("Withdrawn"),
    "all": gettext_lazy("All"),
}
leads = staff_required(Role.LEAD)


def _own(request: HttpRequest, service_id: uuid.UUID) -> Offering:
    """A service with such letters, of a department that the reader leads; any other: 404."""
    offering = get_object_or_404(Offering.objects.select_related("department"), pk=service_id)
    declared = offering.template.service.prepared_letters is not None
    if not declared or not lists.may_keep(offering, reader_of(request)):
        raise Http404
    return offering


@require_safe
@leads
def overview(request: HttpRequest) -> HttpResponse:
    """The services whose letters the reader keeps."""
    offerings = lists.offerings_for(reader_of(request))
    context = {
        **frame(request, "prepared"),
        "rows": [(each, keeping.figures(each)) for each in offerings],
    }
    return render(request, "backoffice/prepared.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@leads
def letters(request: HttpRequest, service_id: uuid.UUID) -> HttpResponse:
    """The letters of a service in figures and one by one; posted: a list to look at."""
    offering = _own(request, service_id)
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        try:
            waiting = _uploaded(request, offering)
        except InvalidInput as refusal:
            errors = refusal.errors
        else:
            return redirect("desk:prepared_list", waiting.pk)
    view = request.GET.get("view", "open")
    view = view if view in keeping.VIEWS else "open"
    words = request.GET.get("q", "")[:100].strip()
    found = keeping.letters(offering, view, words)
    figures = keeping.figures(offering)
    context = {
        **frame(request, "prepared"),
        "offering": offering,
        "name": _name(offering),
        "figures": figures,
        "views": [(key, str(name), key == view and not words) for key, name in VIEW_NAMES.items()],
        "words": words,
        "page": Paginator(found, PER_PAGE).get_page(request.GET.get("page")),
        "query": f"view={view}&" if not words else "",
        "can_remind": figures.open > figures.over,
        "taken": PreparedList.objects.filter(
            offering=offering, taken_at__isnull=False
        ).select_related("uploaded_by")[:10],
        "headings": [(names[0], name in NEEDED) for name, names in HEADINGS.items()],
        "today": timezone.localdate(),
        "errors": errors,
        "error_list": listed(errors),
    }
    status = 422 if errors else 200
    return render(request, "backoffice/prepared_letters.html", context, status=status)


def _uploaded(request: HttpRequest, offering: Offering) -> PreparedList:
    """Raises `InvalidInput`."""
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile):
        raise InvalidInput({"file": [_("Choose the list first.")]})
    return lists.upload(
        offering=offering,
        content=file.read(reading.MOST_BYTES + 1),
        filename=file.name or "",
        by=reader_of(request),
    )


def _name(offering: Offering) -> str:
    rule = offering.template.service.prepared_letters
    return str(rule.name) if rule is not None else ""


@require_http_methods(["GET", "HEAD", "POST"])
@leads
def one_list(request: HttpRequest, list_id: uuid.UUID) -> HttpResponse:
    """What taking a list would do; posted: take it as a whole, or throw it away."""
    waiting = get_object_or_404(PreparedList, pk=list_id)
    offering = _own(request, waiting.offering_id)
    what = request.POST.get("what")
    if what in {"take", "discard"} and waiting.taken_at is None:
        if what == "discard":
            lists.discard(list_id=waiting.pk, by=reader_of(request))
            messages.success(request, _("The list was thrown away. Nothing was taken."))
            return redirect("desk:prepared_of", offering.pk)
        try:
            taken = lists.take(list_id=waiting.pk, by=reader_of(request))
        except Conflict as refusal:
            messages.warning(request, str(refusal))
            return redirect("desk:prepared_list", waiting.pk)
        messages.success(
            request,
            _("Taken: %(new)s new letters, %(changed)s changed.")
            % {"new": taken.new, "changed": taken.changed},
        )
        return redirect("desk:prepared_of", offering.pk)
    if request.method == "POST" or waiting.taken_at is not None:
        return redirect("desk:prepared_of", offering.pk)
    found = lists.dry_run(waiting)
    context = {
        **frame(request, "prepared"),
        "offering": offering,
        "waiting": waiting,
        "found": found,
        "problems": [
            (line, [str(REASONS[code]) for code in line.problems])
            for line in found.problems[:MOST_SHOWN]
        ],
        "lines": [*found.changed, *found.new][:MOST_SHOWN],
        "most": MOST_SHOWN,
    }
    return render(request, "backoffice/prepared_list.html", context)


@require_POST
@leads
def reminders(request: HttpRequest, service_id: uuid.UUID) -> HttpResponseBase:
    """Those who have not answered yet, as a file. Written to the ledger."""
    offering = _own(request, service_id)
    file = keeping.reminders(offering=offering, by=reader_of(request))
    day = timezone.localdate().isoformat()
    response = FileResponse(
        file,
        as_attachment=True,
        filename=f"{offering.slug}-{day}.csv",
        content_type="text/csv; charset=utf-8",
    )
    handing.private_file(response)
    return response


@require_POST
@leads
def withdraw(request: HttpRequest, letter_id: uuid.UUID) -> HttpResponse:
    """Nobody can answer it any more; or they can again."""
    letter = get_object_or_404(PreparedLetter, pk=letter_id)
    offering = _own(request, letter.offering_id)
    restore = request.POST.get("what") == "restore"
    try:
        keeping.withdraw(letter_id=letter.pk, by=reader_of(request), restore=restore)
    except Conflict as refusal:
        messages.warning(request, str(refusal))
    else:
        said = (
            _("Letter %(number)s is in force again.")
            if restore
            else _("Letter %(number)s is withdrawn.")
        )
        messages.success(request, said % {"number": letter.number})
    return redirect("desk:prepared_of", offering.pk)
