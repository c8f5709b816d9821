"""What colleagues tell each other about a case: whose it is, notes, tags, who steps aside."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from backoffice.views.acting import lock_of
from backoffice.views.inbox import frame
from backoffice.views.reader import reader_of, with_case
from cases import absences, actions, desk_actions, people, policies, presence
from cases.assigning.models import RuleAssignment
from cases.models import Case
from common.actor import Actor
from common.errors import Conflict, DomainError, InvalidInput, NotFound, listed
from identity.models import User


@require_http_methods(["GET", "HEAD", "POST"])
@with_case
def team(request: HttpRequest, case: Case) -> HttpResponse:
    """The page; each form of it posts what is to be done as `do`."""
    _check_office(request, case)
    if request.method != "POST":
        actions.open_case(case=case, by=Actor.of(reader_of(request)))
        return _page(request, case)
    do = request.POST.get("do", "")
    try:
        found = _DO.get(do)
        if found is None:
            raise InvalidInput({"do": [_("Choose what to do.")]})
        found[0](request, case)
    except InvalidInput as refusal:
        return _page(request, case, do=do, errors=refusal.errors, status=422)
    except DomainError as refusal:
        fresh = Case.objects.select_related("application", "resident").get(pk=case.pk)
        status = 409 if isinstance(refusal, Conflict) else 422
        return _page(request, fresh, do=do, problem=str(refusal), status=status)
    messages.success(request, str(found[1]))
    return HttpResponseRedirect(reverse("desk:team", args=[case.pk]))


@require_safe
@with_case
def beside_case(request: HttpRequest, case: Case) -> HttpResponse:
    """The same in short, for the case's page: it asks for it when it can be seen, and again."""
    _check_office(request, case)
    return render(request, "backoffice/team_short.html", _context(request, case))


def _check_office(request: HttpRequest, case: Case) -> None:
    """An office that was only asked is told nothing of this."""
    if not policies.may_process(case, reader_of(request)):
        raise NotFound(_("There is no such case."), code="no_case")


def _assign(request: HttpRequest, case: Case) -> object:
    to = _colleague(request.POST.get("to", ""))
    made = desk_actions.assign_case(
        case=case, to=to, by=reader_of(request), lock=lock_of(request.POST)
    )
    away = absences.in_words(absences.of_today([to.pk]).get(to.pk, []))
    if away:
        messages.warning(request, away)
    return made


def _colleague(typed: str) -> User:
    try:
        found = User.objects.filter(pk=uuid.UUID(typed), kind=User.Kind.STAFF).first()
    except ValueError:
        found = None
    if found is None:
        raise InvalidInput({"to": [_("Choose a colleague.")]})
    return found


def _release(request: HttpRequest, case: Case) -> object:
    return desk_actions.release_case(case=case, by=reader_of(request), lock=lock_of(request.POST))


def _note(request: HttpRequest, case: Case) -> object:
    return desk_actions.write_note(
        case=case, text=request.POST.get("text", ""), by=reader_of(request)
    )


def _tag(request: HttpRequest, case: Case) -> object:
    return desk_actions.tag_case(case=case, name=request.POST.get("tag", ""), by=reader_of(request))


def _untag(request: HttpRequest, case: Case) -> object:
    return desk_actions.untag_case(
        case=case, name=request.POST.get("tag", ""), by=reader_of(request)
    )


def _step_aside(request: HttpRequest, case: Case) -> object:
    return desk_actions.declare_interest(
        case=case, reason=request.POST.get("reason", ""), by=reader_of(request)
    )


_DO: Mapping[str, tuple[Callable[[HttpRequest, Case], object], Any]] = {
    "assign": (_assign, gettext_lazy("The case is handed over.")),
    "release": (_release, gettext_lazy("The case is laid back.")),
    "note": (_note, gettext_lazy("The note is kept.")),
    "tag": (_tag, gettext_lazy("The tag is on.")),
    "untag": (_untag, gettext_lazy("The tag is off.")),
    "aside": (_step_aside, gettext_lazy("Noted. A colleague decides this case.")),
}


def _context(request: HttpRequest, case: Case) -> dict[str, Any]:
    reader = reader_of(request)
    return {
        "case": case,
        "others": presence.mark(case.pk, reader),
        "notes": list(case.notes.select_related("written_by")),
        "tags": list(case.tags.all()),
        "interests": list(case.interests.select_related("person")),
        "is_aside": reader.pk in case.barred,
        "by_rule": RuleAssignment.objects.filter(
            case=case, person=case.assigned_to_id, case__assigned_to__isnull=False
        ).first(),
    }


def _page(
    request: HttpRequest,
    case: Case,
    *,
    do: str = "",
    errors: Mapping[str, Sequence[str]] | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    colleagues = list(people.colleagues_of(reader_of(request)))
    away = absences.of_today([person.pk for person in colleagues])
    return render(
        request,
        "backoffice/team.html",
        {
            **frame(request, "case"),
            **_context(request, case),
            "colleagues": [
                (person, away[person.pk][0].last if person.pk in away else None)
                for person in colleagues
            ],
            "do": do,
            "typed": request.POST if status != 200 else {},
            "errors": errors or {},
            "error_list": listed(errors or {}, "team-"),
            "problem": problem,
            "back": reverse("desk:case", args=[case.pk]),
        },
        status=status,
    )
