"""Rules by which cases come to desks: the list of an office's lead, and the page of one."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from backoffice.ruling import Form
from backoffice.views.inbox import frame
from backoffice.views.reader import reader_of
from cases import saved
from cases.assigning import actions, faults
from cases.assigning.models import AssignmentRule
from cases.assigning.plan import in_order, workers_of
from common.errors import DomainError, InvalidInput, NotFound, listed
from forms.building.operands import operands_at
from forms.building.sentences import sentence
from identity.access import staff_required
from identity.models import Role, User

_GET_OR_POST = require_http_methods(["GET", "HEAD", "POST"])
_leads_only = staff_required(Role.LEAD)


@dataclass(frozen=True, slots=True)
class Line:
    """A rule in the list."""

    rule: AssignmentRule
    condition: str
    people: list[User]
    faults: list[str]
    first: bool
    last: bool


@require_safe
@_leads_only
def rules(request: HttpRequest) -> HttpResponse:
    """Every rule of the offices that the reader leads, in their order."""
    return _list(request)


def _list(request: HttpRequest, *, problem: str = "", status: int = 200) -> HttpResponse:
    found = list(actions.rules_led_by(reader_of(request)))
    workers = {pk: workers_of(pk) for pk in {rule.department_id for rule in found}}
    offices = [rule.department_id for rule in found]
    lines = [
        Line(
            rule,
            _in_words(rule),
            in_order(rule),
            faults.faults_of(rule, workers[rule.department_id]).words,
            at == 0 or offices[at - 1] != rule.department_id,
            at == len(found) - 1 or offices[at + 1] != rule.department_id,
        )
        for at, rule in enumerate(found)
    ]
    return render(
        request,
        "backoffice/rules.html",
        {**frame(request, "rules"), "lines": lines, "problem": problem},
        status=status,
    )


def _in_words(rule: AssignmentRule) -> str:
    if not rule.condition or rule.offering is None:
        return ""
    data = rule.offering.form_version.form.as_json()
    return sentence(rule.condition, operands_at(data, ()))


@_GET_OR_POST
@_leads_only
def new_rule(request: HttpRequest) -> HttpResponse:
    """Declare another one."""
    offices = saved.offices_led_by(reader_of(request))
    if not offices:
        raise Http404
    return _form(request, None, Form.empty(offices))


@_GET_OR_POST
@_leads_only
def rule(request: HttpRequest, rule_id: uuid.UUID) -> HttpResponse:
    """Change one; `do` may also move it, let it rest, or delete it."""
    reader = reader_of(request)
    try:
        found = actions.rule_of(reader, rule_id)
    except NotFound as error:
        raise Http404 from error
    do = request.POST.get("do", "")
    if not do:
        return _form(request, found, Form.of(found, saved.offices_led_by(reader)))
    try:
        if do in {"up", "down"}:
            actions.move_rule(rule=found, up=do == "up", by=reader)
        elif do in {"on", "off"}:
            actions.switch_rule(rule=found, on=do == "on", by=reader)
        elif do == "delete":
            actions.delete_rule(rule=found, by=reader)
            messages.success(request, _("The rule is deleted. Cases stay where they are."))
        else:
            return _list(request, problem=_("Choose what to do."), status=422)
    except DomainError as refusal:
        return _list(request, problem=str(refusal), status=422)
    return HttpResponseRedirect(reverse("desk:rules"))


def _form(request: HttpRequest, found: AssignmentRule | None, form: Form) -> HttpResponse:
    if request.method != "POST":
        return _page(request, found, form)
    form.read(request.POST)
    if form.press(str(request.POST.get("_do") or "")):
        return _page(request, found, form)
    try:
        actions.save_rule(rule=found, wanted=form.wanted(), by=reader_of(request))
    except InvalidInput as refusal:
        return _page(request, found, form, errors=refusal.errors, status=422)
    except DomainError as refusal:
        return _page(request, found, form, problem=str(refusal), status=422)
    messages.success(request, _("The rule is kept. It counts for cases that arrive from now on."))
    return HttpResponseRedirect(reverse("desk:rules"))


def _page(
    request: HttpRequest,
    found: AssignmentRule | None,
    form: Form,
    *,
    errors: Mapping[str, Sequence[str]] | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        **frame(request, "rules"),
        "rule": found,
        "form": form,
        "ways": AssignmentRule.How.choices,
        "errors": errors or {},
        "error_list": listed(errors or {}, "rule-"),
        "problem": problem,
    }
    return render(request, "backoffice/rule.html", context, status=status)
