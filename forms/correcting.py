"""The page on which a kept answer is put right: its question alone, asked as in a form."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from common.text import Text
from forms import rendering, saving, validation
from forms.definitions import FormDefinition, Step
from forms.models import Draft
from forms.pages import ErrorLink, error_links
from forms.prepared import prepare
from forms.profile import Fact
from forms.saving import Files, Reader, Uploads
from forms.state import evaluate

_STEP = "kept"


@dataclass
class CorrectingPage:
    """What ``forms/step.html`` shows, and the value once it is right."""

    fields: SafeString = field(default_factory=SafeString)
    errors: list[ErrorLink] = field(default_factory=list)
    notice: str = ""
    focus: str = ""
    shown: str = ""
    done: bool = False
    value: Any = None


def page_of(fact: Fact, post: QueryDict | None) -> CorrectingPage:
    """The page as it is opened (None), or after `post`: `done` says that the value may be kept."""
    question = fact.question
    title = Text(question.label)
    step = Step.model_construct(
        id=_STEP, title=title, lead=None, show_when=None, questions=(question,)
    )
    prepared = prepare(
        FormDefinition.model_construct(key=_STEP, title=title, languages=("ja",), steps=(step,))
    )
    node = prepared.nodes[question.id]
    answers: dict[str, Any] = {question.id: fact.row.value}
    page = CorrectingPage(shown=question.id)
    typed: dict[str, Any] = {}
    errors: dict[str, list[str]] = {}
    if post is not None:
        # Nothing of this draft is ever stored: it is only what a reader reads into.
        reader = Reader(Draft(answers=answers), prepared, post, Uploads(Files(), {}))
        stay = reader.press_buttons()
        read = reader.read([node])
        answers = {question.id: read.values.get(question.id)}
        errors = dict(read.errors)
        typed = saving.typed_values(reader.post, [node])
        page.notice, page.focus = reader.notice, reader.focus
        if not stay:
            state = evaluate(prepared, answers)
            for problem in validation.problems(prepared, state, skip=errors.keys()):
                errors.setdefault(problem.field, []).append(problem.message)
            page.done = not errors
            page.value = state.answers().get(question.id)
    language = get_language() or "ja"
    state = evaluate(prepared, answers)
    page.fields = rendering.Frame(
        state=state,
        provenance={},
        controlling=(),
        typed=typed,
        errors=errors,
        files={},
        language=language,
        painters=rendering.PAINTERS,
    ).fields([node])
    page.errors = error_links([node], errors, language)
    return page
