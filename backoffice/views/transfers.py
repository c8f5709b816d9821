"""For administrators: bring running cases to the newest version of their service's workflow."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from backoffice.views.bulk import PER_PAGE
from backoffice.views.inbox import frame
from backoffice.views.reader import reader_of
from cases import bulk, transfers
from cases.models_desk import BulkItem, BulkRun
from cases.transfers import Behind, ClockChoice, Plan
from common.errors import Conflict, DomainError, InvalidInput, NotFound, listed
from identity.access import staff_required
from identity.models import Role
from workflow import transfer
from workflow.definition import Clock, DayUnit


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required(Role.ADMIN)
def overview(request: HttpRequest) -> HttpResponse:
    """Services with cases on an older version; posted: the dry run for one of them."""
    found, post = transfers.behind(), request.POST
    if request.method != "POST":
        return _overview(request, found)
    chosen = next((each for each in found if key_of(each) == post.get("behind")), None)
    if chosen is None:
        return _overview(
            request, found, errors={"behind": [_("No case is on that version any more.")]}
        )
    stages = {
        stage.id: post[f"stage-{stage.id}"]
        for stage in transfer.open_stages(chosen.old)
        if post.get(f"stage-{stage.id}")
    }
    try:
        run = transfers.preview(
            offering=chosen.offering,
            before=chosen.before,
            stages=stages,
            clock=post.get("clock", ""),
            by=reader_of(request),
        )
    except InvalidInput as refusal:
        return _overview(request, found, errors=refusal.errors)
    return HttpResponseRedirect(reverse("desk:transfer", args=[run.pk]))


def key_of(behind: Behind) -> str:
    return f"{behind.offering.slug}:{behind.before}"


def _overview(
    request: HttpRequest,
    found: Sequence[Behind],
    *,
    errors: Mapping[str, Sequence[str]] | None = None,
) -> HttpResponse:
    errors, post = errors or {}, request.POST
    return render(
        request,
        "backoffice/transfers.html",
        {
            **frame(request, "transfers"),
            "forms": [_form(each, post, errors) for each in found],
            "runs": BulkRun.objects.filter(by=reader_of(request), verb=transfers.VERB).order_by(
                "-chosen_at"
            )[:10],
            "error_list": listed(errors),
        },
        status=422 if errors else 200,
    )


def _form(
    each: Behind, post: Mapping[str, str], errors: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """One service's old version: for every stage where its cases may go."""
    typed = post.get("behind") == key_of(each)
    wanted = {
        stage.id: post.get(f"stage-{stage.id}", "") if typed else ""
        for stage in transfer.open_stages(each.old)
    }
    chosen = transfer.complete(each.old, each.new, wanted)
    return {
        "key": key_of(each),
        "behind": each,
        "typed": typed,
        "before": in_words(each.old.clock),
        "after": in_words(each.new.clock),
        "clock": post.get("clock", "") if typed else ClockChoice.KEEP.value,
        "errors": errors if typed else {},
        "stages": [
            {
                "id": stage.id,
                "title": str(stage.for_staff),
                "count": each.counts.get(stage.id, 0),
                "chosen": chosen[stage.id],
                "errors": errors.get(f"stage-{stage.id}", ()) if typed else (),
            }
            for stage in transfer.open_stages(each.old)
        ],
        "choices": [(stage.id, str(stage.for_staff)) for stage in transfer.open_stages(each.new)],
    }


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required(Role.ADMIN)
def run(request: HttpRequest, bulk_id: uuid.UUID) -> HttpResponse:
    """One's own dry run; posted: it is started. Afterwards: how far it is, what became of it."""
    try:
        found = bulk.run_of(reader_of(request), bulk_id)
    except NotFound as error:
        raise Http404 from error
    if found.verb != transfers.VERB:
        raise Http404
    if request.method != "POST":
        return _run(request, found)
    try:
        bulk.start(run=found)
    except DomainError as refusal:
        found = bulk.run_of(reader_of(request), bulk_id)
        status = 409 if isinstance(refusal, Conflict) else 422
        return _run(request, found, problem=str(refusal), status=status)
    return HttpResponseRedirect(reverse("desk:transfer", args=[bulk_id]))


def _run(
    request: HttpRequest, found: BulkRun, *, problem: str = "", status: int = 200
) -> HttpResponse:
    plan = Plan.of(found.options)
    items = found.items.select_related("case__application").only(
        "place", "state", "reason", "case__application__receipt_number", "case__stage",
        "case__workflow_version", "case__offering",
    )  # fmt: skip
    items = items.order_by("-state", "place")
    only = request.GET.get("only", "")
    if only == "refused":
        items = items.filter(state=BulkItem.State.REFUSED)
    offering = next(
        (each.offering for each in transfers.behind() if each.before == plan.before), None
    )
    return render(
        request,
        "backoffice/transfer.html",
        {
            **frame(request, "transfers"),
            "run": found,
            "service": str(offering.title) if offering else found.options["offering"],
            "before": in_words(plan.old.clock),
            "after": in_words(plan.new.clock),
            "recounted": plan.clock is ClockChoice.NEW,
            "counts": bulk.counts(found),
            "summary": [
                {
                    **line,
                    "before": str(plan.old.stage(line["stage"]).for_staff),
                    "after": str(plan.new.stage(line["to"]).for_staff),
                }
                for line in found.options["summary"]
            ],
            "page": Paginator(items, PER_PAGE).get_page(request.GET.get("page")),
            "only": only,
            "problem": problem,
        },
        status=status,
    )


def in_words(clock: Clock) -> str:
    """``6 working days``."""
    if clock.unit is DayUnit.WORKING:
        text = ngettext("%(count)s working day", "%(count)s working days", clock.days)
    else:
        text = ngettext("%(count)s day", "%(count)s days", clock.days)
    return text % {"count": clock.days}
