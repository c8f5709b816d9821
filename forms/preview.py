"""Filling in a form to try it out: everything in memory, nothing stored, nothing sent.

What was answered so far travels in the page itself, signed, so that nobody can put anything into it
that the form would not have read.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from django.core import signing
from django.http import QueryDict
from django.utils.translation import get_language

from forms import display, judging, pages, saving, validation
from forms.display import StepRows
from forms.models import Draft, FormVersion
from forms.outcome import StepOutcome
from forms.pages import StepPage
from forms.saving import Files, Reader, Uploads
from forms.state import State, evaluate
from forms.validation import Problem

#: Hidden fields and buttons of the page. `GO` leads to a step without checking anything.
STEP, ANSWERS, GO = "_step", "_answers", "_go"
#: As a step: the end, where it shows what would be sent.
END = "-"
_SALT = "forms.preview"
_SECONDS = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class Asked:
    """Whether a question is asked as things stand, and the conditions that decide it."""

    step: str
    label: str
    asked: bool
    conditions: list[str]


@dataclass
class Preview:
    """A step being tried out, or (`page` None) the end with what would be sent."""

    version: FormVersion
    page: StepPage | None
    #: The answers so far, for the page's hidden field.
    token: str
    asked: list[Asked]
    #: Steps that can be gone to: id, title, whether it is the one shown.
    steps: list[tuple[str, str, bool]]
    rows: list[StepRows] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    #: What a submission would hold.
    answers: dict[str, Any] = field(default_factory=dict)


def start(version: FormVersion, step_id: str = "") -> Preview:
    """The first step (or `step_id`) with nothing answered. Raises `LookupError`."""
    return _shown(version, {}, step_id or version.form.steps[0].id)


def fill(version: FormVersion, post: QueryDict) -> Preview:
    """Read what was posted for a step and show it again, or what follows.

    Files are not taken. Raises `LookupError` for a step that the form does not have.
    """
    answers = _read_token(version, str(post.get(ANSWERS, "")))
    step_id = str(post.get(STEP, ""))
    go = str(post.get(GO, ""))
    if not step_id:
        return start(version)
    if step_id == END:
        return _shown(version, answers, go or END)
    draft = _draft(version, answers)
    prepared = draft.prepared
    before = evaluate(prepared, answers)
    nodes = pages.nodes_of(draft, prepared, step_id, before)
    reader = Reader(draft, prepared, post, Uploads(Files(), {}))
    stay = reader.press_buttons()
    wanted = saving.nodes_to_read(nodes, before, post, Files())
    read = reader.read(wanted)
    draft.answers, _origins = saving.merged(answers, {}, read)
    state = evaluate(prepared, draft.answers)
    outcome = judging.judge(draft, prepared, step_id, state, nodes, wanted, read, reader, stay)
    if go:
        return _shown(version, draft.answers, go)
    if outcome.ok:
        return _shown(version, draft.answers, outcome.next_step_id or END)
    return _shown(version, draft.answers, step_id, outcome)


def _draft(version: FormVersion, answers: dict[str, Any]) -> Draft:
    """Never saved: it only carries the answers through the functions of drafts."""
    return Draft(pk=uuid.uuid4(), version=version, answers=answers, subject="")


def _shown(
    version: FormVersion,
    answers: dict[str, Any],
    step_id: str,
    outcome: StepOutcome | None = None,
) -> Preview:
    draft = _draft(version, answers)
    prepared = draft.prepared
    state = evaluate(prepared, answers)
    language = get_language() or "ja"
    preview = Preview(
        version=version,
        page=None,
        token=signing.dumps([str(version.pk), answers], salt=_SALT, compress=True),
        asked=_asked(version, state, language),
        steps=[
            (found, prepared.steps[found].title.in_language(language), found == step_id)
            for found in pages.visible_steps(prepared, state)
        ],
    )
    if step_id == END:
        preview.answers = state.answers()
        preview.rows = display.rows(version.form, preview.answers, {}, language, {}, state=state)
        preview.problems = validation.problems(prepared, state)
    else:
        preview.page = pages.step_page(draft, step_id, outcome, state=state)
        preview.page.saved_at = None
    return preview


def _asked(version: FormVersion, state: State, language: str) -> list[Asked]:
    return [
        Asked(
            step.title.in_language(language),
            question.label.in_language(language),
            question.id in state.visible,
            [source for source in (step.show_when, question.show_when) if source],
        )
        for step in version.form.steps
        for question in step.questions
    ]


def _read_token(version: FormVersion, token: str) -> dict[str, Any]:
    """The answers so far; none when the token is not ours, too old or of another form."""
    try:
        said, answers = signing.loads(token, salt=_SALT, max_age=_SECONDS)
    except (signing.BadSignature, ValueError, TypeError):
        return {}
    return answers if said == str(version.pk) and isinstance(answers, dict) else {}
