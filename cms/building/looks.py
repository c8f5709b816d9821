"""A form looked at before it is published: a step as residents will see it, and a test run."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_safe

from catalogue.models import Offering
from cms.building import checks, show
from cms.building.http import edit_of, of_form, page, part_or_404
from cms.building.views import read_part
from common.errors import InvalidInput
from forms import side_by_side
from forms.building import trial
from forms.building.editing import Editor
from forms.building.examining import PUT_ASIDE
from forms.building.operands import operands_at
from forms.building.places import Data, Place, in_words, parse_place, shaped
from forms.building.sentences import sentence
from forms.prepared import Prepared


def _data_of(offering: Offering) -> Data:
    edit = edit_of(offering)
    return copy.deepcopy(edit.definition) if edit else shaped(offering.form_version.definition)


@require_http_methods(["GET", "HEAD", "POST"])
@xframe_options_sameorigin
@of_form()
def preview(request: HttpRequest, offering: Offering, where: str) -> HttpResponse:
    """The step that holds `where`; posted: with what is typed on the page of that part."""
    data = _data_of(offering)
    try:
        place: Place = () if where == show.WHOLE else parse_place(where)
    except LookupError:
        raise Http404 from None
    found = part_or_404(data, place)
    if request.method == "POST":
        typed = read_part(request, Editor(data, place), place, found)
        found.clear()
        found.update(typed)
        try:
            data = shaped(data)
        except InvalidInput:
            data = _data_of(offering)
    language = str(request.GET.get("language") or request.POST.get("preview-language") or "")
    if language not in dict(settings.LANGUAGES):
        language = translation.get_language() or settings.LANGUAGE_CODE
    with translation.override(language):
        return render(request, "cms/forms/preview.html", _preview(data, offering, place, language))


def _preview(data: Data, offering: Offering, place: Place, language: str) -> dict[str, Any]:
    look = checks.look(data, offering)
    prepared = look.examined.prepared
    context: dict[str, Any] = {
        "language": language,
        "languages": settings.LANGUAGES,
        "problems": len(look.examined.at(place[:1])),
        "offering": offering,
        "where": in_words(place) if place else show.WHOLE,
    }
    if not place:
        return context | _whole(data, prepared)
    step_id = str(data["steps"][place[0]].get("id"))
    if prepared is None or step_id not in prepared.steps:
        return context
    painted = trial.preview(prepared, step_id)
    operands = operands_at(data, place[:1])
    context["step"] = painted
    here = data["steps"][place[0]]["questions"][place[1]].get("id") if len(place) > 1 else None
    context["fields"] = [
        (
            sentence(node.question.show_when, operands) if node.question.show_when else "",
            html,
            node.id == here,
        )
        for node, html in painted.fields
    ]
    return context


def _whole(data: Data, prepared: Prepared | None) -> dict[str, Any]:
    """What the form itself says: its title, and the conditions of applying that work."""
    if prepared is None:
        return {"whole": True, "title": show.name_of(data, ())}
    operands = operands_at(data, ())
    criteria = [
        (sentence(rule.source, operands), criterion.severity == "stop", criterion.message)
        for criterion, rule in prepared.criteria
        if not criterion.id.startswith(PUT_ASIDE)
    ]
    return {"whole": True, "title": prepared.form.title, "criteria": criteria}


@require_safe
@of_form()
def compare(request: HttpRequest, offering: Offering) -> HttpResponse:
    """Two published versions side by side: ``?from=3&to=5``."""
    try:
        pair = side_by_side.pair(
            offering.form_version.key,
            str(request.GET.get("from", "")),
            str(request.GET.get("to", "")),
        )
    except LookupError:
        raise Http404 from None
    title = _("Compare versions")
    return page(request, "cms/forms/compare.html", offering, {"pair": pair}, title=title)


@dataclass(frozen=True)
class _Asked:
    """A question in the list beside the test run."""

    name: str
    asked: bool
    condition: str
    problems: list[str]


@require_http_methods(["GET", "HEAD", "POST"])
@of_form()
def test_run(request: HttpRequest, offering: Offering) -> HttpResponse:
    """Fill in the form with made-up answers; nothing is stored."""
    data = _data_of(offering)
    look = checks.look(data, offering)
    prepared = look.examined.prepared
    context: dict[str, Any] = {"offering": offering, "problems": len(look.problems)}
    if prepared is None:
        return render(request, "cms/forms/try.html", context)
    post = request.POST
    answers = trial.unseal(prepared, str(post.get("_answers") or ""))
    step_id = str(post.get("_step") or "")
    action = str(post.get("_do") or "")
    if request.method != "POST" or action == "restart":
        found = trial.run(prepared, str(request.GET.get("step") or ""), {})
    else:
        found = trial.answer(prepared, step_id, answers, post, request.FILES)
        verb, _sign, target = action.partition(":")
        following = trial.next_step(found)
        if verb == "to":
            found = trial.run(prepared, target, found.answers)
        elif found.more:
            pass  # as residents: the questions that follow from an answer come first
        elif verb in {"", "next"} and not found.errors and following:
            found = trial.run(prepared, following, found.answers)
        elif verb in {"", "next"} and not found.errors:
            context["done"] = True
    context |= {
        "run": found,
        "step": prepared.steps[found.step_id],
        "token": trial.seal(prepared, found.answers),
        "asked": _asked(data, prepared, found),
        "left": len(found.problems),
        "told": found.told,
        "refused": not found.may_send,
    }
    return render(request, "cms/forms/try.html", context)


def _asked(
    data: Data, prepared: Prepared, found: trial.Run
) -> list[tuple[str, bool, list[_Asked]]]:
    """By step: which questions are asked with these answers, on what condition, what is wrong."""
    operands = operands_at(data, (0,))
    wrong: dict[str, list[str]] = {}
    for problem in found.problems:
        wrong.setdefault(problem.question_id, []).append(problem.message)
    shown = []
    for step in prepared.form.steps:
        nodes = prepared.step_nodes[step.id]
        lines = [
            _Asked(
                str(node.question.label),
                node.id in found.state.visible,
                sentence(node.question.show_when, operands) if node.question.show_when else "",
                wrong.get(node.id, []),
            )
            for node in nodes
        ]
        title = str(step.title)
        if step.show_when:
            title = _("%(title)s – only when %(condition)s") % {
                "title": title, "condition": sentence(step.show_when, operands),
            }  # fmt: skip
        shown.append((title, step.id == found.step_id, lines))
    return shown
