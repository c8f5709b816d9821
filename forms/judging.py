"""What comes of a saved step: errors, questions that have just appeared, or the way on."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from forms import doubts, pages, reasons, saving, validation
from forms.models import Draft
from forms.outcome import StepOutcome
from forms.prepared import Node, Prepared
from forms.saving import SHOWN, Reader
from forms.state import State


def judge(
    draft: Draft,
    prepared: Prepared,
    step_id: str,
    state: State,
    after: list[Node],
    wanted: list[Node],
    read: Any,
    reader: Reader,
    stay: bool,
) -> StepOutcome:
    """Is the step complete? Errors, questions that have just appeared, or the way on."""
    errors: dict[str, list[str]] = {name: list(words) for name, words in read.errors.items()}
    typed = saving.typed_values(reader.post, wanted)
    if stay:
        errors = {
            name: words
            for name, words in errors.items()
            if name in reader.early_errors or about_files(name, prepared)
        }
        return StepOutcome(
            False, errors=errors, typed=typed, notice=reader.notice, focus=reader.focus
        )
    seen = {node.id for node in wanted}
    new = [
        node.id
        for node in after
        if SHOWN in reader.post  # a client without our page asks for no second look
        and node.id in state.visible
        and node.id not in seen
        and not node.compute
        and not saving.is_locked(draft, node)
    ]
    found = validation.problems(
        prepared,
        state,
        only={node.id for node in after} - set(new),
        skip=errors.keys(),
    )
    because: dict[str, reasons.Because] = {}
    for problem in found:
        errors.setdefault(problem.field, []).append(problem.message)
        if problem.cause:
            because[problem.field] = reasons.of_cause(prepared, problem.cause)
    unanswered = validation.problems(prepared, state, only=set(new))
    asked = [node.question for node in wanted]
    doubtful = doubts.open_ones(asked, state.answers(), reader.post)
    complete = not errors and not unanswered and not doubtful
    done = set(draft.steps_done) - {step_id} | ({step_id} if complete else set())
    draft.steps_done = [step.id for step in draft.form.steps if step.id in done]
    if reader.action == "leave":  # what is missing can wait; what cannot be read would be lost
        unreadable = dict(read.errors)
        return StepOutcome(not unreadable, errors=unreadable, typed=typed, leave=not unreadable)
    if complete and not new:
        return StepOutcome(True, next_step_id=pages.step_after(prepared, state, step_id))
    notice = ""
    if new and not errors:
        notice = _("Your answer leads to a few more questions. Please answer them too.")
    elif doubtful and not errors:
        notice = doubts.notice()
    focus = "" if errors else next(iter([*(name + doubts.SURE for name in doubtful), *new]), "")
    return StepOutcome(
        False, errors=errors, reasons=because, typed=typed if errors or doubtful else {},
        notice=notice, focus=focus,
    )  # fmt: skip


def about_files(name: str, prepared: Prepared) -> bool:
    """Whether the field is one for files."""
    node = prepared.nodes.get(name.rsplit("-", 1)[-1])
    return node is not None and node.question.type == "file"
