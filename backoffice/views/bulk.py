"""Doing one thing to many cases: what to do, the preview, the start, what became of it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from backoffice import filters
from backoffice.views.inbox import frame, inbox_page
from backoffice.views.reader import reader_of
from cases import bulk, corrections, people, policies
from cases.models_desk import BulkItem, BulkRun
from common.errors import Conflict, DomainError, InvalidInput, NotFound, listed
from identity.access import staff_required

PER_PAGE = 100


@require_POST
@staff_required(*policies.DESK_ROLES)
def new(request: HttpRequest) -> HttpResponse:
    """Begin with the ticked cases of a list, or with all of it; `verb`: with its preview."""
    reader, verb = reader_of(request), request.POST.get("verb", "")
    chosen = filters.from_address(request.GET, consultee_only=False)
    ids = None if request.POST.get("all") else _ids(request.POST.getlist("case"))
    try:
        run = bulk.choose(by=reader, chosen=chosen, ids=ids, query=filters.query_of(chosen))
        if verb:
            bulk.preview(run=run, verb=verb, options=_options(verb, request.POST))
    except InvalidInput as refusal:
        return inbox_page(request, problem=next(iter(refusal.errors.values()))[0], status=422)
    return HttpResponseRedirect(reverse("desk:bulk", args=[run.pk]))


def _ids(typed: Sequence[str]) -> list[uuid.UUID]:
    found = []
    for text in typed[: bulk.MOST]:
        try:
            found.append(uuid.UUID(text))
        except ValueError:
            continue
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required(*policies.DESK_ROLES)
def run(request: HttpRequest, bulk_id: uuid.UUID) -> HttpResponse:
    """One's own run: choose what to do and see the preview, start it, watch it."""
    try:
        found = bulk.run_of(reader_of(request), bulk_id)
    except NotFound as error:
        raise Http404 from error
    if found.verb and found.verb not in bulk.VERBS:  # it has a page of its own
        raise Http404
    if request.method != "POST":
        return _page(request, found, found.verb, found.options)
    post, verb = request.POST, request.POST.get("verb", "")
    try:
        if post.get("start"):
            bulk.start(run=found)
        else:
            bulk.preview(run=found, verb=verb, options=_options(verb, post))
    except InvalidInput as refusal:
        typed = {**post.dict(), "question_ids": post.getlist("question_ids")}
        return _page(request, found, verb, typed, errors=refusal.errors, status=422)
    except DomainError as refusal:
        found = bulk.run_of(reader_of(request), bulk_id)
        status = 409 if isinstance(refusal, Conflict) else 422
        return _page(request, found, found.verb, found.options, problem=str(refusal), status=status)
    return HttpResponseRedirect(reverse("desk:bulk", args=[bulk_id]))


def _options(verb: str, post: QueryDict) -> dict[str, Any]:
    typed = {name: str(value) for name, value in post.items()}
    return bulk.options_of(verb, typed, post.getlist("question_ids"))


def _page(
    request: HttpRequest,
    found: BulkRun,
    verb: str,
    values: Mapping[str, Any],
    *,
    errors: Mapping[str, Sequence[str]] | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    reader = reader_of(request)
    items = found.items.select_related("case__application").only(
        "place", "state", "reason", "case__application__receipt_number", "case__stage",
        "case__workflow_version", "case__offering",
    )  # fmt: skip
    if found.state != BulkRun.State.CHOSEN:
        # What did not go is what one has to look at.
        items = items.order_by("-state", "place")
        if request.GET.get("only") == "refused":
            items = items.filter(state=BulkItem.State.REFUSED)
    conditions = values.get("conditions", "")
    open_ = found.state in (BulkRun.State.CHOSEN, BulkRun.State.PREVIEWED)
    version = bulk.form_of(found) if open_ else None
    return render(
        request,
        "backoffice/bulk.html",
        {
            **frame(request, "inbox"),
            "run": found,
            "counts": bulk.counts(found),
            "verbs": [(key, str(one.name)) for key, one in bulk.VERBS.items()],
            "verb": verb,
            "verb_name": str(bulk.VERBS[found.verb].name) if found.verb else "",
            "values": values,
            "questions": corrections.choices(version.form) if version else [],
            "conditions": conditions if isinstance(conditions, str) else "\n".join(conditions),
            "colleagues": people.colleagues_of(reader),
            "errors": errors or {},
            "error_list": listed(errors or {}, "bulk-"),
            "problem": problem,
            "page": Paginator(items, PER_PAGE).get_page(request.GET.get("page")),
            "only": request.GET.get("only", ""),
            "back": f"{reverse('desk:inbox')}?{found.query or 'view=open'}",
            "title": _("Many cases at once"),
        },
        status=status,
    )
