"""Lists of the inbox that are kept under a name: keep one, rename it, delete it, open it first."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from backoffice import filters
from backoffice.naming import names_for
from backoffice.views.inbox import frame, inbox_page
from backoffice.views.reader import reader_of
from cases import policies, saved
from cases.models_desk import SavedFilter
from common.errors import InvalidInput, NotAllowed, NotFound
from identity.access import staff_required


@dataclass(frozen=True, slots=True)
class Line:
    """A kept list on its page."""

    saved: SavedFilter
    url: str
    words: str
    # What it names and does not exist any more.
    gone: list[str]
    # Whose it is, in words.
    whose: str
    may_change: bool
    errors: list[str]


@require_http_methods(["GET", "HEAD", "POST"])
@staff_required(*policies.DESK_ROLES)
def kept_filters(request: HttpRequest) -> HttpResponse:
    """The page; a POST keeps the list of the address."""
    if request.method != "POST":
        return _page(request)
    post = request.POST
    typed = {"name": post.get("name", ""), "share": post.get("share", "")}
    chosen = filters.from_address(request.GET, consultee_only=False)
    try:
        made = saved.save_filter(chosen=chosen, by=reader_of(request), **typed)
    except InvalidInput as refusal:
        return inbox_page(request, keeping={**typed, "errors": refusal.errors}, status=422)
    except NotAllowed as refusal:
        return inbox_page(request, problem=str(refusal), keeping=typed, status=422)
    messages.success(request, _("The list is kept as “%(name)s”.") % {"name": made.name})
    return HttpResponseRedirect(filters.address(chosen))


@require_POST
@staff_required(*policies.DESK_ROLES)
def kept_filter(request: HttpRequest, filter_id: uuid.UUID) -> HttpResponse:
    """Do something with one of them; `do` says what."""
    reader, do = reader_of(request), request.POST.get("do", "")
    try:
        found = saved.filter_of(reader, filter_id)
        if do == "rename":
            saved.rename_filter(saved=found, name=request.POST.get("name", ""), by=reader)
            done = _("The list has another name now.")
        elif do == "delete":
            saved.delete_filter(saved=found, by=reader)
            done = _("The list is deleted. The cases stay as they are.")
        elif do in {"first", "not_first"}:
            saved.open_first(saved=found if do == "first" else None, by=reader)
            done = (
                _("The inbox opens with “%(name)s” from now on.") % {"name": found.name}
                if do == "first"
                else _("The inbox opens with all open cases again.")
            )
        else:
            return _page(request, problem=_("Choose what to do."), status=422)
    except NotFound as error:
        raise Http404 from error
    except InvalidInput as refusal:
        return _page(request, at=found, errors=refusal.errors["name"], status=422)
    except NotAllowed as refusal:
        return _page(request, problem=str(refusal), status=422)
    messages.success(request, done)
    return HttpResponseRedirect(reverse("desk:filters"))


def _page(
    request: HttpRequest,
    *,
    at: SavedFilter | None = None,
    errors: list[str] | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    reader = reader_of(request)
    kept = saved.visible_to(reader)
    lists = [saved.chosen_of(one) for one in kept]
    names = names_for(reader, lists, with_people=any(one.who for one in lists))
    lines = [
        Line(
            one,
            filters.address(chosen),
            names.words(names.without_gone(chosen)[0]),
            names.without_gone(chosen)[1],
            _whose(one),
            saved.may_change(one, reader),
            list(errors or ()) if at is not None and at.pk == one.pk else [],
        )
        for one, chosen in zip(kept, lists, strict=True)
    ]
    return render(
        request,
        "backoffice/filters.html",
        {
            **frame(request, "inbox"),
            "kept": lines,
            "typed": request.POST.get("name", "") if errors else "",
            "error_list": [
                {"message": message, "anchor": f"name-{line.saved.pk}"}
                for line in lines
                for message in line.errors
            ],
            "problem": problem,
        },
        status=status,
    )


def _whose(one: SavedFilter) -> str:
    if one.owner_id is not None:
        return _("Only you")
    return str(one.department) if one.department else _("Everybody who works on cases")
