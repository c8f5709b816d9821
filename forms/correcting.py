"""The page on which a kept answer is put right: its question alone, asked as in a form."""

from __future__ import annotations

from django.http import QueryDict

from common.text import Text
from forms.asking import Asked, ask
from forms.definitions import FormDefinition, Step
from forms.prepared import prepare
from forms.profile import Fact
from forms.questions import GroupQuestion, Question

_STEP = "kept"


def page_of(fact: Fact, post: QueryDict | None) -> Asked:
    """The page as it is opened (None), or after `post`: `done` says that the value may be kept."""
    question = _without_need_of_files(fact.question)
    title = Text(question.label)
    step = Step.model_construct(
        id=_STEP, title=title, lead=None, show_when=None, questions=(question,)
    )
    prepared = prepare(
        FormDefinition.model_construct(key=_STEP, title=title, languages=("ja",), steps=(step,))
    )
    return ask(prepared, {question.id: fact.row.value}, post, files=fact.files)


def _without_need_of_files(question: Question) -> Question:
    """A file can be taken off here, and is attached with the next application."""
    if not isinstance(question, GroupQuestion):
        return question
    items = tuple(
        item.model_copy(update={"required": False})
        if item.type == "file"
        else _without_need_of_files(item)
        for item in question.questions
    )
    return question.model_copy(update={"questions": items})
