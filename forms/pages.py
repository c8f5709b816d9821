"""A step as a page: what to show, where it stands among the steps, which errors to link to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from forms import (
    attachments,
    display,
    entries,
    people,
    rendering,
    saving,
    unplaced,
    validation,
)
from forms.definitions import FormDefinition
from forms.models import Attachment, Draft
from forms.outcome import StepOutcome
from forms.prepared import Node, Prepared
from forms.questions import DeclarationQuestion, GroupQuestion, Question
from forms.state import State, evaluate

StepState = Literal["done", "current", "todo", "started"]


@dataclass(frozen=True, slots=True)
class StepLink:
    """A step in the list of steps."""

    id: str
    title: str
    number: int
    state: StepState


@dataclass(frozen=True, slots=True)
class ErrorLink:
    """A line of the error summary; `anchor` is the id of the field."""

    anchor: str
    message: str
    label: str = ""


@dataclass
class StepPage:
    """Everything that ``forms/step.html`` shows."""

    draft: Draft
    form: FormDefinition
    step_id: str
    title: str
    lead: str
    fields: SafeString
    steps: list[StepLink] = field(default_factory=list)
    number: int = 0
    of: int = 0
    errors: list[ErrorLink] = field(default_factory=list)
    notice: str = ""
    conflict: bool = False
    focus: str = ""
    #: Hidden fields of the form: which answers it was made from, which questions it shows.
    seen: str = ""
    shown: str = ""
    #: And from which version of the form.
    version: str = ""
    previous_step_id: str | None = None
    next_step_id: str | None = None
    #: Does the step ask for files, now or after another answer?
    takes_files: bool = False
    #: … or for a place, which can be shown on a map?
    takes_place: bool = False
    #: Files that belong to no entry any more.
    unplaced: list[unplaced.Unplaced] = field(default_factory=list)
    saved_at: datetime | None = None


def step_page(
    draft: Draft,
    step_id: str,
    outcome: StepOutcome | None = None,
    only: set[str] | None = None,
    *,
    state: State | None = None,
) -> StepPage:
    """The page of a step, or ("" on a correction's draft) of the questions to answer anew.

    With the `outcome` of a save: what was typed, the errors, the notice. `only` narrows the page to
    some questions. One query when the step holds files. Raises `LookupError`.
    """
    prepared = draft.prepared
    state = state or draft.evaluated()
    language = get_language() or "ja"
    asked = nodes_of(draft, prepared, step_id, state)
    nodes = [
        node for node in asked if node.id in state.visible and (only is None or node.id in only)
    ]
    holds_files = any(node.asks_files for node in nodes)
    files = attachments.shown(draft) if holds_files else {}
    errors: Mapping[str, list[str]] = outcome.errors if outcome else {}
    typed = outcome.typed if outcome else {}
    fresh = [node for node in nodes if f"{node.id}-n" not in typed]
    suggested = people.suggested(draft, fresh, state)
    frame = _frame(
        draft,
        step_id,
        evaluate(prepared, draft.answers | suggested, draft.judged_on) if suggested else state,
        typed,
        errors,
        files,
        outcome.reasons if outcome else {},
    )
    frame.provenance = {
        **frame.provenance,
        **{name: {"source": display.ANSWERS} for name in suggested},
    }
    step = prepared.steps.get(step_id)
    page = StepPage(
        draft=draft,
        form=prepared.form,
        step_id=step_id,
        title=(step.title if step else prepared.form.title).in_language(language),
        lead=step.lead.in_language(language) if step and step.lead else "",
        fields=frame.fields(nodes),
        errors=error_links(nodes, errors, language),
        takes_files=any(node.asks_files for node in asked),
        takes_place=any(node.asks_place for node in asked),
        seen=saving.fingerprint(draft, _asked(draft, prepared, step_id, state)),
        shown=" ".join(node.id for node in nodes),
        version=str(draft.version_id),
        saved_at=draft.saved_at if draft.lock else None,
    )
    page.unplaced = unplaced.on_page(nodes, files, frame.listed, language)
    if outcome:
        page.notice, page.conflict, page.focus = outcome.notice, outcome.conflict, outcome.focus
    if draft.only is None:
        _place(page, prepared, state, draft, language)
    return page


def _frame(
    draft: Draft,
    step_id: str,
    state: State,
    typed: Mapping[str, Any],
    errors: Mapping[str, list[str]],
    files: Mapping[str, Attachment],
    reasons: Mapping[str, Any],
) -> rendering.Frame:
    return rendering.Frame(
        state=state,
        provenance=draft.provenance,
        controlling=draft.prepared.controlling[step_id],
        typed=typed,
        errors=errors,
        reasons=reasons,
        files=files,
        language=get_language() or "ja",
        painters=rendering.PAINTERS,
        thumbnails=draft.thumbnails,
        remarks=draft.remarks,
    )


def field_of(
    draft: Draft, question_id: str, errors: list[str], path: Sequence[str] = ()
) -> SafeString:
    """One question of a step's page as it now is, with `errors` beside it.

    In a group it is that of the entry with these keys (`forms.entries`). It may hang on an answer
    of the page that is not saved yet. Raises `LookupError`.
    """
    prepared = draft.prepared
    state = draft.evaluated()
    node = prepared.nodes.get(question_id)
    if node is None:
        raise LookupError(f"no question '{question_id}'")
    name, entry = entries.find(prepared, node, draft.answers, path)
    step_id = "" if draft.only is not None else node.step_id
    files = attachments.shown(draft) if node.asks_files else {}
    wrong = {name: errors} if errors else {}
    frame = _frame(draft, step_id, state, {}, wrong, files, {})
    frame.keys.update(zip(entries.around(name), path, strict=True))
    return frame.one(node, name, entry.get(node.id))


def nodes_of(draft: Draft, prepared: Prepared, step_id: str, state: State) -> list[Node]:
    """The questions of a step, hidden ones too; on a correction's draft only the allowed ones.

    Raises `LookupError` for a step the form does not have.
    """
    if step_id and step_id not in prepared.steps:
        raise LookupError(f"no step '{step_id}'")
    if draft.only is None:
        if not step_id:
            raise LookupError("a draft's page is a step")
        return list(prepared.step_nodes[step_id])
    permitted = allowed(draft, prepared, state)
    return [
        node
        for step in prepared.form.steps
        if step_id in {"", step.id}
        for node in prepared.step_nodes[step.id]
        if node.id in permitted
    ]


def allowed(draft: Draft, prepared: Prepared, state: State) -> frozenset[str]:
    """What may be answered: all, or for a correction its questions and what hangs on them."""
    if draft.only is None:
        return frozenset(prepared.nodes)
    return prepared.dependents(draft.only)


def visible_steps(prepared: Prepared, state: State) -> list[str]:
    """Ids of the steps that have something to show."""
    return [
        step.id
        for step in prepared.form.steps
        if any(node.id in state.visible for node in prepared.step_nodes[step.id])
    ]


def step_after(prepared: Prepared, state: State, step_id: str) -> str | None:
    """The next step with something to ask; None: go to the check page."""
    if step_id not in prepared.steps:
        return None
    order = [step.id for step in prepared.form.steps]
    later = set(order[order.index(step_id) + 1 :])
    return next((found for found in visible_steps(prepared, state) if found in later), None)


def first_open_step(draft: Draft) -> str | None:
    """Where to go on with a draft: the first step not yet complete; None: the check page."""
    prepared = draft.prepared
    state = draft.evaluated()
    incomplete = {problem.step_id for problem in validation.problems(prepared, state)}
    done = set(draft.steps_done) - incomplete
    return next((found for found in visible_steps(prepared, state) if found not in done), None)


def step_links(draft: Draft, current: str = "", *, state: State | None = None) -> list[StepLink]:
    """The list of steps with their states, also for the check page."""
    prepared = draft.prepared
    state = state or draft.evaluated()
    language = get_language() or "ja"
    done = set(draft.steps_done)
    found = []
    for number, step_id in enumerate(visible_steps(prepared, state), start=1):
        started = any(node.id in draft.answers for node in prepared.step_nodes[step_id])
        kind: StepState = "started" if started else "todo"
        if step_id in done:
            kind = "done"
        if step_id == current:
            kind = "current"
        title = prepared.steps[step_id].title.in_language(language)
        found.append(StepLink(step_id, title, number, kind))
    return found


def _place(page: StepPage, prepared: Prepared, state: State, draft: Draft, language: str) -> None:
    page.steps = step_links(draft, page.step_id, state=state)
    page.of = len(page.steps)
    for index, link in enumerate(page.steps):
        if link.id == page.step_id:
            page.number = link.number
            page.previous_step_id = page.steps[index - 1].id if index else None
            page.next_step_id = page.steps[index + 1].id if index + 1 < page.of else None


def _asked(draft: Draft, prepared: Prepared, step_id: str, state: State) -> list[Node]:
    return [node for node in nodes_of(draft, prepared, step_id, state) if not node.compute]


def error_links(
    nodes: list[Node], errors: Mapping[str, list[str]], language: str
) -> list[ErrorLink]:
    """In the order of the page, each with the label of its question."""
    links = []
    left = dict(errors)
    for node in nodes:
        mine = [name for name in left if name == node.id or name.startswith(f"{node.id}-")]
        for name in sorted(mine, key=lambda name: _place_on_page(node, name)):
            label = field_label(node, name, language)
            links += [ErrorLink(f"f-{name}", message, label) for message in left.pop(name)]
    return links


def field_label(node: Node, name: str, language: str) -> str:
    """What an input of a question is called: ``Member 2, Income 1: Amount``."""
    around: list[str] = []
    for part in name.split("-")[1:]:
        if isinstance(node.question, GroupQuestion) and part.isdigit():
            around.append(f"{node.question.item_label.in_language(language)} {int(part) + 1}")
        node = next((item for item in node.items if item.id == part), node)
    return display.in_entry(around, _named(node.question, language), language)


def _named(question: Question, language: str) -> str:
    """The label; of a declaration with how its text begins, since several may say "I agree"."""
    label = question.label.in_language(language)
    if not isinstance(question, DeclarationQuestion) or not question.text:
        return label
    text = Truncator(" ".join(question.text.in_language(language).split())).chars(60)
    return _("%(label)s (%(text)s)") % {"label": label, "text": text}


def _place_on_page(node: Node, name: str) -> tuple[tuple[int, str], ...]:
    """Sorts the fields of a question as its entries and their questions stand on the page."""
    places = []
    for part in name.split("-")[1:]:
        if part.isdigit() and part.isascii() and len(part) < 5:
            places.append((int(part), ""))
            continue
        asked = [item.id for item in getattr(node.question, "questions", ())]
        if part in asked:
            places.append((asked.index(part), ""))
            node = next(item for item in node.items if item.id == part)
        else:
            places.append((-1, part))
    return tuple(places)
