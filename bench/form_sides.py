"""The two sides of ``forms.step_ratio``. Each gives a step's page, and the page with mistakes.

Importable after `django.setup` only.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django import forms as django_forms
from django.forms.renderers import TemplatesSetting
from django.http import QueryDict
from django.template.backends.django import DjangoTemplates
from django.template.loader import render_to_string
from django.utils.datastructures import MultiValueDict

from bench import big_form
from bench.plain import forms as plain_forms
from common.actor import Actor
from forms import drafts, pages, storing
from forms.definitions import load
from forms.models import Draft, FormVersion

Side = Callable[[int], tuple[str, str]]
TEMPLATES = Path(__file__).parent / "plain" / "templates"


def _all_answers() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for step in range(big_form.STEPS):
        found |= big_form.answers(step)
    return found


def _post(step: int, *, wrong: bool = False) -> QueryDict:
    post = QueryDict(mutable=True)
    for name, values in big_form.posted(step, wrong=wrong).items():
        post.setlist(name, values)
    return post


def ours() -> Side:
    """Through the same functions as the portal's view, but for the UPDATE."""
    form = load(big_form.definition())
    version = FormVersion(key=form.key, number=1, definition=form.as_json(), digest=form.digest())
    stored = _all_answers()
    resident = uuid.uuid4()
    actor = Actor("resident", str(resident), "")
    storing.update = lambda draft: True

    def draft() -> Draft:
        return Draft(version=version, resident_id=resident, subject="bench", answers=dict(stored))

    def shown(page: Any) -> str:
        return render_to_string("forms/step.html", {"page": page})

    def walk(step: int) -> tuple[str, str]:
        step_id = f"step{step:02}"
        opened = shown(pages.step_page(draft(), step_id))
        outcome = drafts.save_step(
            draft=draft(), step_id=step_id, post=_post(step, wrong=True), by=actor
        )
        again = shown(outcome.page)
        right = drafts.save_step(draft=draft(), step_id=step_id, post=_post(step), by=actor)
        if outcome.ok or not right.ok:
            raise AssertionError(f"{step_id}: {dict(right.errors)}")
        return opened, again

    return walk


def plain() -> Side:
    """Plain Django: form classes, widgets and a template."""
    engine = DjangoTemplates(
        {
            "NAME": "plain",
            "DIRS": [str(TEMPLATES), str(Path(django_forms.__file__).parent / "templates")],
            "APP_DIRS": False,
            "OPTIONS": {},
        }
    )
    template = engine.get_template("plain/step.html")

    class Renderer(TemplatesSetting):
        def get_template(self, template_name: str) -> Any:
            return engine.get_template(template_name)

    renderer = Renderer()
    classes = {step: plain_forms.form_of(step) for step in range(big_form.STEPS)}
    stored = _all_answers()

    def form(step: int, **options: Any) -> plain_forms.StepForm:
        return classes[step](before=stored, renderer=renderer, **options)

    def walk(step: int) -> tuple[str, str]:
        initial = plain_forms.initial_of(big_form.answers(step))
        opened = template.render({"form": form(step, initial=initial)})
        wrong = form(step, data=_post(step, wrong=True), files=MultiValueDict())
        if wrong.is_valid():
            raise AssertionError("a mistake was not seen")
        again = template.render({"form": wrong})
        right = form(step, data=_post(step), files=MultiValueDict())
        if not right.is_valid():
            raise AssertionError(dict(right.errors))
        return str(opened), str(again)

    return walk
