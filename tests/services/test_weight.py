"""Every step of every service: SQL statements and compressed bytes, with one and three entries."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.test import Client

from forms.models import Draft
from forms.questions import GroupQuestion
from forms.state import evaluate
from tests.portal.steps import step_url
from tests.portal.test_weight import MOST_BYTES, MOST_STATEMENTS, statements, weight
from tests.services.test_course import filled
from tests.services.walks import BASE, TODAY, VARIANTS

pytestmark = pytest.mark.usefixtures("town", "japanese")


def repeated(questions: Any, answers: dict[str, Any], count: int) -> dict[str, Any]:
    """The answers with `count` entries in every group (its most, where that is less)."""
    found = copy.deepcopy(answers)
    for question in questions:
        entries = found.get(question.id)
        if isinstance(question, GroupQuestion) and entries:
            one = repeated(question.questions, entries[0], count)
            found[question.id] = [copy.deepcopy(one) for _ in range(min(count, question.max))]
    return found


def asked_steps(draft: Draft) -> list[str]:
    state = evaluate(draft.prepared, draft.answers)
    rules = draft.prepared.step_show
    return [
        step.id
        for step in draft.form.steps
        if not (rule := rules.get(step.id)) or rule(state.values) is True
    ]


@pytest.mark.parametrize("key", sorted(BASE))
@time_machine.travel(TODAY, tick=False)
def test_every_step_is_light(
    key: str, upload: Any, town: Any, client_for: Callable[..., Client]
) -> None:
    variant = "everything" if "everything" in VARIANTS[key] else "least"
    draft, resident = filled(key, variant, upload)
    browser = client_for(town, resident)
    given = draft.answers
    counted: dict[str, list[int]] = {}
    heavy: dict[str, int] = {}
    for count in (1, 3):
        draft.answers = repeated(draft.form.questions(), given, count)
        draft.save(update_fields=["answers"])
        for step_id in asked_steps(draft):
            path = "/en" + step_url(draft, step_id)
            if count == 1:
                browser.get(path)  # what is kept in the process
            page: list[Any] = []
            counted.setdefault(step_id, []).append(
                statements(lambda path=path, page=page: page.append(browser.get(path)))
            )
            assert page[0].status_code == 200, step_id
            heavy[f"{step_id} {count}"] = weight(browser, page[0])
    assert {step: of for step, of in counted.items() if len(set(of)) > 1} == {}
    assert {step: of for step, of in counted.items() if max(of) > MOST_STATEMENTS} == {}
    assert {step: of for step, of in heavy.items() if of > MOST_BYTES} == {}
