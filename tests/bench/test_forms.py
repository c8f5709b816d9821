"""The group `forms` measures the same step on both sides, and a form as large as it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from django.utils import translation

from bench import big_form, form_sides
from bench.form_sides import Side
from forms import storing
from forms.definitions import load
from forms.prepared import prepare


class _Read(HTMLParser):
    """The inputs of a page (kind and name), its labels and legends, hints and errors."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.inputs: list[tuple[str, str, str]] = []
        self.words: dict[str, list[str]] = {"label": [], "hint": [], "error": [], "why": []}
        self._into = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag in {"input", "select", "textarea"} and given.get("type") != "hidden":
            kind = given.get("type", "") if tag == "input" else tag
            value = given.get("value", "") if kind in {"radio", "checkbox"} else ""
            self.inputs.append((kind, given["name"], value))
        css = given.get("class", "").split()
        if tag in {"label", "legend"}:
            self._into = "label"
        elif "f-hint--after" in css:
            self._into = ""  # the Japanese year beside a date: only ours has that
        elif "f-hint" in css:
            self._into = "hint"
        elif "f-error" in css:
            self._into = "error"
        elif "f-why" in css:
            self._into = "why"
        elif tag == "ul":
            self._into = ""

    def handle_data(self, data: str) -> None:
        text = re.sub(r"\s+", "", data)
        if self._into and text:
            self.words[self._into].append(text)

    def handle_endtag(self, tag: str) -> None:
        if tag in {"label", "legend", "p", "details"}:
            self._into = ""


@pytest.fixture
def sides(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Side, Side]]:
    monkeypatch.setattr(storing, "update", storing.update)  # put back what the bench takes out
    with translation.override("ja"):
        yield form_sides.ours(), form_sides.plain()


def test_form_is_as_large_as_it_says() -> None:
    form = prepare(load(big_form.definition()))
    rules = [rule for node in form.nodes.values() for rule in node.rules()]
    assert (len(form.steps), len(form.nodes), len(rules)) == (
        big_form.STEPS,
        big_form.QUESTIONS,
        big_form.RULES,
    )


@pytest.mark.parametrize("step", [0, 1, 2, 41, 59])
def test_both_sides_show_the_same_fields_and_words(sides: tuple[Side, Side], step: int) -> None:
    ours, plain = sides
    for mine, theirs in zip(ours(step), plain(step), strict=True):
        one, other = _Read(mine), _Read(theirs)
        assert one.inputs == other.inputs
        assert len(one.inputs) > 20
        for kind in ("label", "hint"):
            assert sorted(one.words[kind]) == sorted(other.words[kind]), kind
        assert len(one.words["error"]) == len(other.words["error"])
    assert mine.count("<li><a href") == theirs.count("<li><a href") == 2
