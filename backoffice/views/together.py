"""Several cases that were applied for together: one page, one preview, one decision."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from backoffice import consequences, deciding
from backoffice.views.acting import lock_of
from backoffice.views.inbox import frame
from backoffice.views.reader import reader_of, with_case
from cases import opinions, partial, policies, together
from cases.models import Case, Decision, Proposal
from cases.partial import Part
from cases.together import Family, Foreseen, NotTogether, Sister, Wish
from common.errors import Conflict, DomainError, InvalidInput, NotFound, in_words
from workflow.definition import Verb
from workflow.moves import verb_name

#: What is posted for a case, and the verb that brings it about.
_PANELS = {
    panel: policies.VERB_OF[outcome]  # type: ignore[index]
    for panel, outcome in deciding.OUTCOMES.items()
}


@dataclass(frozen=True, slots=True)
class Line:
    """One case on the page: what can be chosen, what was typed, what is in the way."""

    sister: Sister
    choices: Sequence[tuple[str, str]]
    values: Mapping[str, Any]
    standard: Sequence[tuple[str, str]]
    parts: Sequence[Part]
    problem: str = ""
    # What would be decided, where that is looked at; `second`: it is proposed first.
    decision: Decision | None = None
    consequences: Sequence[str] = ()
    second: bool = False

    @property
    def case(self) -> Case:
        return self.sister.case

    @property
    def outcome(self) -> str:
        """What was chosen, in words."""
        chosen = self.values.get("do")
        return verb_name(_PANELS[chosen]) if chosen in _PANELS else ""


@require_http_methods(["GET", "HEAD", "POST"])
@with_case
def decide_together(request: HttpRequest, case: Case) -> HttpResponse:
    """Choose for each, look at what would happen, then all of it or nothing."""
    reader = reader_of(request)
    if not policies.may_process(case, reader):
        raise NotFound(_("There is no such case."), code="no_case")
    family = together.family_of(case, reader)
    if len(family.sisters) + len(family.others) < 2:
        raise NotFound(_("Nothing was applied for together with it."), code="alone")
    if request.method != "POST":
        return _page(request, case, family)
    post = request.POST
    wishes = _wishes(family, post)
    if post.get("change"):
        return _page(request, case, family, post)
    if post.get("confirmed"):
        return _decide(request, case, wishes)
    if len(wishes) < 2:
        problem = _("Choose a decision for at least two cases.")
        return _page(request, case, family, post, problem=problem, status=422)
    return _preview(request, case, family, wishes)


def _decide(request: HttpRequest, case: Case, wishes: Sequence[Wish]) -> HttpResponse:
    reader, post = reader_of(request), request.POST
    try:
        made = together.decide_together(case=case, wishes=wishes, by=reader)
    except NotTogether as refusal:
        problems = {pk: in_words(one) for pk, one in refusal.problems.items()}
        late = any(isinstance(one, Conflict) for one in refusal.problems.values())
        family = together.family_of(case, reader)
        return _page(
            request,
            case,
            family,
            post,
            problem=str(refusal),
            problems=problems,
            status=409 if late else 422,
        )
    except InvalidInput as refusal:
        family = together.family_of(case, reader)
        return _page(request, case, family, post, problem=refusal.errors["case"][0], status=422)
    for said in _in_words(made):
        messages.success(request, said)
    return HttpResponseRedirect(reverse("desk:case", args=[case.pk]))


def _in_words(made: Sequence[Decision | Proposal]) -> Iterator[str]:
    """What became of each of them."""
    if decided := [one for one in made if isinstance(one, Decision)]:
        said = ngettext(
            "%(count)s case was decided: %(numbers)s. Letter and notice follow by themselves.",
            "%(count)s cases were decided together: %(numbers)s. Letters and one notice follow by "
            "themselves.",
            len(decided),
        )
        yield said % {"count": len(decided), "numbers": _numbers(decided)}
    if proposed := [one for one in made if isinstance(one, Proposal)]:
        said = ngettext(
            "%(count)s decision is proposed: %(numbers)s. A second person has to confirm it.",
            "%(count)s decisions are proposed: %(numbers)s. A second person has to confirm each.",
            len(proposed),
        )
        yield said % {"count": len(proposed), "numbers": _numbers(proposed)}


def _numbers(made: Sequence[Decision | Proposal]) -> str:
    return ", ".join(one.case.application.receipt_number for one in made)


def _preview(
    request: HttpRequest, case: Case, family: Family, wishes: Sequence[Wish]
) -> HttpResponse:
    reader, problems = reader_of(request), {}
    foreseen: dict[uuid.UUID, Foreseen] = {}
    cases = {sister.case.pk: sister.case for sister in family.sisters}
    for wish in wishes:
        try:
            found = together.check(cases[wish.case_id], wish, reader)
        except DomainError as refusal:
            problems[wish.case_id] = in_words(refusal)
        else:
            foreseen[wish.case_id] = found
    if problems:
        problem = _("Not all of it is possible. See the reasons below.")
        return _page(
            request, case, family, request.POST, problem=problem, problems=problems, status=422
        )
    return _page(request, case, family, request.POST, foreseen=foreseen)


def _page(
    request: HttpRequest,
    case: Case,
    family: Family,
    post: QueryDict | None = None,
    *,
    problem: str = "",
    problems: Mapping[uuid.UUID, str] | None = None,
    foreseen: Mapping[uuid.UUID, Foreseen] | None = None,
    status: int = 200,
) -> HttpResponse:
    lines = [
        _line(sister, post, (problems or {}).get(sister.case.pk, ""), (foreseen or {}))
        for sister in family.sisters
    ]
    return render(
        request,
        "backoffice/together.html",
        {
            **frame(request, "case"),
            "case": case,
            "lines": lines,
            "others": family.others,
            "problem": problem,
            "confirming": foreseen is not None,
            "posted": _hidden(post) if post and foreseen is not None else [],
            "any_open": any(sister.can_be_decided for sister in family.sisters),
        },
        status=status,
    )


def _line(
    sister: Sister,
    post: QueryDict | None,
    problem: str,
    foreseen: Mapping[uuid.UUID, Foreseen],
) -> Line:
    case = sister.case
    if post is None:
        demanded = opinions.demanded_conditions(case)
        values: Mapping[str, Any] = {"own": "\n".join(demanded), "demanded": bool(demanded)}
    else:
        values = _typed(case, post)
    found = foreseen.get(case.pk)
    allowed = {option.verb for option in sister.options if option.allowed}
    return Line(
        sister,
        [(panel, verb_name(verb)) for panel, verb in _PANELS.items() if verb in allowed],
        values,
        deciding.choices(case, "approve", get_language() or "ja"),
        partial.parts_of(case) if Verb.APPROVE in allowed else (),
        problem,
        found.decision if found else None,
        consequences.of_decision(case, found.move, found.decision) if found else (),
        found is not None and found.second,
    )


def _typed(case: Case, post: QueryDict) -> dict[str, Any]:
    own = deciding.of_case(case, post)
    return {
        "do": own.get("do", ""),
        "standard": own.getlist("standard"),
        "own": own.get("own", ""),
        "parts": own.getlist("parts"),
        "part_grounds": own.get("part_grounds", ""),
        "reason": own.get("reason", ""),
        "waive_fee": bool(own.get("waive_fee")),
    }


def _wishes(family: Family, post: QueryDict) -> list[Wish]:
    """For each case of one's own for which a decision was chosen; anything else is not read."""
    found = []
    for sister in family.sisters[: together.MOST]:
        own = deciding.of_case(sister.case, post)
        panel = own.get("do", "")
        if panel not in _PANELS:
            continue
        made = deciding.decided(sister.case, panel, deciding.typed(panel, own))
        found.append(Wish(sister.case.pk, lock=lock_of(own), **made.as_keywords()))
    return found


def _hidden(post: QueryDict) -> list[tuple[str, str]]:
    left_out = {"csrfmiddlewaretoken", "confirmed", "change"}
    return [
        (name, str(value))
        for name, values in post.lists()
        if name not in left_out
        for value in values
    ]
