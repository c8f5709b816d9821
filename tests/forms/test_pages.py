"""Pages: semantics of the fields, what is typed is kept, nothing unescaped, quick."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.template.loader import render_to_string
from django.utils import translation

from forms import display, drafts, pages
from forms.definitions import load
from forms.models import Draft
from tests.forms.support import ACT, EVERYTHING, PERSON, a_draft, claims, everything, save

pytestmark = pytest.mark.usefixtures("town")
STEPS = ("person", "act", "family", "papers")
XSS = "\"><script>alert(1)</script>'&<b>"


def html(draft: Draft, step: str, outcome: Any = None) -> BeautifulSoup:
    page = outcome.page if outcome else pages.step_page(draft, step)
    return BeautifulSoup(render_to_string("forms/step.html", {"page": page}), "html.parser")


def a_full_draft() -> Draft:
    draft = a_draft(claims=claims())
    save(draft, "person", {"mail": "a@example.jp", "phone": "03-1234-5678"})
    save(draft, "act", ACT | {"waiver": "yes", "reason": "公益"})
    save(draft, "family", {"children-n": "2", "children-0-together": "no"})
    return draft


class Balanced(HTMLParser):
    """Every tag that is opened is closed, in order."""

    EMPTY = frozenset({"input", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        assert tag in self.EMPTY

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("step", STEPS)
def test_every_control_is_labelled_and_described_by_what_exists(step: str, language: str) -> None:
    draft = a_full_draft()
    with translation.override(language):
        for outcome in (None, save(draft, step, {"children-n": "2", "mail": "x", "end": "x"})):
            if outcome is not None and outcome.page is None:
                continue
            soup = html(draft, step, outcome)
            ids = [tag["id"] for tag in soup.find_all(id=True)]
            assert len(ids) == len(set(ids))
            labels = {label["for"] for label in soup.find_all("label")}
            for control in soup.find_all(["input", "select", "textarea"]):
                if control.get("type") != "hidden":
                    assert control["id"] in labels
                described = control.get("aria-describedby", "").split()
                assert set(described) <= set(ids)
            for group in soup.find_all("fieldset"):
                assert group.find("legend", recursive=False)
                assert set(group.get("aria-describedby", "").split()) <= set(ids)
            for link in soup.select(".f-summary a"):
                assert link["href"].removeprefix("#") in ids
            assert not soup.find_all(style=True)
            assert not soup.find_all("script")
            assert not [
                tag for tag in soup.find_all() if any(a.startswith("on") for a in tag.attrs)
            ]
            parser = Balanced()
            parser.feed(str(soup))
            assert parser.open == []


def test_error_stands_at_its_field_and_in_the_summary() -> None:
    outcome = save(a_draft(), "person", PERSON | {"mail": "nobody", "born": "2026-02-30"})
    soup = html(None, "", outcome)  # type: ignore[arg-type]
    field = soup.find(id="f-mail")
    assert field["aria-invalid"] == "true"
    assert "f-mail-error" in field["aria-describedby"]
    assert soup.find(id="f-mail-error").get_text()
    assert field["value"] == "nobody"
    assert [link["href"] for link in soup.select(".f-summary a")] == ["#f-born", "#f-mail"]


def test_typed_values_are_kept_for_every_type() -> None:
    wrong = {
        "kind": "sale", "goods": ["tea", "fire"], "safety": "水", "start-year": "令和8",
        "start-month": "13", "start-day": "40", "end": "someday", "area": "big", "price": "x",
        "waiver": "yes", "reason": "理由",
    }  # fmt: skip
    soup = html(None, "", save(a_draft(), "act", wrong))  # type: ignore[arg-type]
    assert soup.find("input", {"name": "kind", "value": "sale"}).has_attr("checked")
    ticked = soup.find_all("input", {"name": "goods", "checked": True})
    assert [box["value"] for box in ticked] == ["tea", "fire"]
    assert soup.find(id="f-start-year")["value"] == "令和8"
    assert soup.find(id="f-start-day")["value"] == "40"
    assert soup.find(id="f-end")["value"] == "someday"
    assert soup.find(id="f-area")["value"] == "big"
    assert soup.find("textarea", id="f-safety").get_text().strip() == "水"
    assert soup.find("input", {"name": "waiver", "value": "yes"}).has_attr("checked")


def test_verified_value_is_shown_and_not_asked() -> None:
    soup = html(a_draft(claims=claims()), "person")
    assert "髙橋 𠮷子" in soup.find(id="f-name").get_text()
    assert not soup.find_all("input", {"name": "name"})
    assert not soup.find_all("input", {"name": "home-city"})
    assert soup.select_one("#f-name .f-badge--verified").get_text()
    mail = soup.find("input", {"name": "mail"})
    assert mail["value"] == "yoshiko@example.jp"
    assert "f-mail-from" in mail["aria-describedby"]


def test_everything_typed_is_escaped() -> None:
    form = load(EVERYTHING.replace("en: Name}, concept", "en: '<b>Name</b>'}, concept"))
    draft = a_draft(form)
    outcome = save(draft, "person", {"name": XSS, "kana": XSS, "mail": XSS, "home-city": XSS})
    outcome2 = save(draft, "act", {"kind": XSS, "safety": XSS, "end": XSS, "area": XSS})
    outcome3 = save(
        draft, "family", {"children-n": "1", "children-0-child_name": XSS, "account-holder": XSS}
    )
    with translation.override("en"):
        for found in (outcome, outcome2, outcome3):
            soup = html(draft, "", found)
            assert not soup.find_all("script")
            assert not soup.find_all("b")
        assert "<b>" not in pages.step_page(draft, "person").fields
    for step in drafts.review(draft).steps:
        assert step.rows


def test_hostile_file_name_is_escaped(upload: Any, png: bytes) -> None:
    draft = a_draft()
    outcome = save(draft, "papers", {}, plan=upload(png, '"><img src=x onerror=alert(1)>.png'))
    small = '<img src="/files/[0-9a-f-]{36}/small/" alt="" width="48" height="48" loading="lazy">'
    without_small, pictures = re.subn(small, "", outcome.page.fields)
    assert pictures == 1
    assert "<img" not in without_small


def test_textarea_keeps_a_leading_line_break() -> None:
    """HTML drops the first newline of a textarea; one more is written."""
    draft = a_draft()
    save(draft, "act", ACT | {"kind": "sale", "goods": ["fire"], "safety": "水"})
    assert ">\n水</textarea>" in pages.step_page(draft, "act").fields


def test_steps_show_where_one_is() -> None:
    draft = a_draft()
    save(draft, "person", PERSON)
    page = pages.step_page(draft, "act")
    assert [(link.id, link.state) for link in page.steps] == [
        ("person", "done"), ("act", "current"), ("family", "todo"), ("papers", "todo"),
    ]  # fmt: skip
    assert (page.number, page.of) == (2, 4)
    assert (page.previous_step_id, page.next_step_id) == ("person", "family")
    assert page.saved_at is not None
    assert pages.first_open_step(draft) == "act"


def test_step_that_became_incomplete_is_open_again() -> None:
    draft = a_draft()
    save(draft, "person", PERSON)
    save(draft, "act", ACT)
    save(draft, "person", PERSON | {"mail": ""})
    assert draft.steps_done == ["act"]
    assert pages.first_open_step(draft) == "person"


def test_only_narrows_the_page() -> None:
    page = pages.step_page(a_draft(), "person", only={"mail"})
    assert 'name="mail"' in page.fields
    assert 'name="name"' not in page.fields


def test_controlling_questions_refresh_by_htmx_and_others_do_not() -> None:
    soup = html(a_draft(), "act")
    kind = soup.find("input", {"name": "kind"}).find_parent("fieldset")
    assert kind["hx-trigger"] == "change consume"
    price = soup.find("input", {"name": "price"}).find_parent("div", class_="f-field")
    assert not price.has_attr("hx-post")
    waiver = soup.find("input", {"name": "waiver"}).find_parent("fieldset")
    assert waiver.has_attr("hx-post")


def test_group_refreshes_only_by_what_its_entries_hang_on() -> None:
    draft = a_draft()
    save(draft, "family", {"children-n": "1", "_do": "refresh"})
    soup = html(draft, "family")
    assert not soup.select_one("fieldset.f-group").has_attr("hx-post")
    together = soup.find("input", {"name": "children-0-together"}).find_parent("fieldset")
    assert together.has_attr("hx-post")


def test_first_button_means_continue() -> None:
    """Enter in a field presses the first button: it must not be one inside the page."""
    button = html(a_draft(), "person").find("button")
    assert "name" not in button.attrs


def test_big_typed_value_does_not_blow_up_the_page() -> None:
    outcome = save(a_draft(), "person", {"name": "x" * 1_000_000})
    assert set(outcome.errors) >= {"name"}
    assert len(outcome.page.fields) < 60_000


def test_page_of_a_group_costs_the_same_queries_for_one_and_for_three(
    django_assert_num_queries: Any,
) -> None:
    draft = a_draft()
    for count in ("1", "3"):
        save(draft, "family", {"children-n": count, "_do": "refresh"})
        with django_assert_num_queries(1):  # the files of the draft
            pages.step_page(draft, "family")


def test_file_can_be_attached_kept_and_removed(upload: Any, png: bytes) -> None:
    draft = a_draft()
    outcome = save(draft, "papers", {}, plan=[upload(png), upload(png, "二.png")])
    assert set(outcome.errors) == {"agreed"}
    first, second = draft.answers["plan"]
    kept = {"plan-kept": ["", first, second]}
    outcome = save(draft, "papers", kept | {"_do": f"remove-file:{first}"})
    assert draft.answers["plan"] == [second]
    assert [str(item.pk) for item in draft.attachments.all()] == [second]
    assert second in outcome.page.fields
    assert save(draft, "papers", {"plan-kept": ["", second], "agreed": "yes"}).ok


def test_refused_file_leaves_the_rest_of_the_draft(upload: Any, png: bytes) -> None:
    draft = a_draft()
    files = [upload(png), upload(b"MZ\x90\x00" * 100, "setup.exe")]
    outcome = save(draft, "papers", {"agreed": "yes"}, plan=files)
    assert set(outcome.errors) == {"plan"}
    assert "setup.exe" in outcome.errors["plan"][0]
    assert draft.answers["agreed"] is True
    assert len(draft.answers["plan"]) == 1


def test_third_file_is_refused_where_two_are_allowed(upload: Any, png: bytes) -> None:
    draft = a_draft()
    outcome = save(draft, "papers", {"agreed": "yes"}, plan=[upload(png) for _ in range(3)])
    assert set(outcome.errors) == {"plan"}
    assert len(draft.answers["plan"]) == 2


def test_file_of_another_draft_cannot_be_claimed(upload: Any, png: bytes) -> None:
    other = a_draft(resident=None)
    save(other, "papers", {}, plan=upload(png))
    stolen = other.answers["plan"][0]
    draft = a_draft()
    save(draft, "papers", {"plan-kept": ["", stolen], "agreed": "yes"})
    assert "plan" not in draft.answers
    save(draft, "papers", {"_do": f"remove-file:{stolen}"})
    assert other.attachments.count() == 1


def test_file_is_stored_privately_under_a_name_of_ours(
    upload: Any, png: bytes, town: Any, django_capture_on_commit_callbacks: Any
) -> None:
    draft = a_draft()
    save(draft, "papers", {}, plan=upload(png, "../../危険 な名前.png"))
    item = draft.attachments.get()
    assert item.filename == "危険 な名前.png"
    assert item.file.name == f"forms/{item.pk.hex[:2]}/{item.pk.hex}.png"
    assert f"/{town.schema_name}/private/" in item.file.path
    with pytest.raises(ValueError, match="no address"):
        _ = item.file.url
    with django_capture_on_commit_callbacks(execute=True):
        save(draft, "papers", {"_do": f"remove-file:{item.pk}"})
    assert not item.file.storage.exists(item.file.name)


def test_file_in_a_group_goes_with_its_entry(upload: Any, png: bytes) -> None:
    draft = a_draft()
    data = {"children-n": "2", "children-0-child_name": "一", "children-1-child_name": "二"}
    save(draft, "family", data, children__1__child_file=upload(png))
    stored = draft.answers["children"][1]["child_file"]
    kept = data | {"children-1-child_file-kept": ["", *stored]}
    save(draft, "family", kept | {"_do": "remove:children:0"})
    assert draft.answers["children"] == [{"child_name": "二", "child_file": stored}]
    assert draft.attachments.count() == 1
    moved = {"children-n": "1", "children-0-child_file-kept": ["", *stored]}
    save(draft, "family", moved | {"_do": "remove:children:0"})
    assert draft.attachments.count() == 0


def test_api_adds_and_removes_a_file(upload: Any, png: bytes) -> None:
    from common.actor import Actor

    draft = a_draft()
    by = Actor("resident", str(draft.resident_id), "")
    item = drafts.add_file(draft=draft, question_id="plan", upload=upload(png), by=by)
    assert draft.answers["plan"] == [str(item.pk)]
    drafts.remove_file(draft=draft, question_id="plan", attachment_id=str(item.pk), by=by)
    assert "plan" not in draft.answers
    with pytest.raises(LookupError):
        drafts.add_file(draft=draft, question_id="name", upload=upload(png), by=by)


def test_declaration_names_what_is_declared_on_its_row_and_in_its_error(town: Any) -> None:
    data = everything().as_json()
    declared = {"ja": "暴力団員では\nありません", "en": "I am no\nmember of a gang"}
    data["steps"][-1]["questions"][-1]["text"] = declared
    form = load(data)
    (step,) = display.rows(form, {"agreed": True}, {}, "ja")
    (row,) = step.rows
    assert row.text.startswith("暴力団員では\nありません\n")
    assert row.text != "暴力団員では\nありません\n"
    draft = a_draft(form)
    with translation.override("en"):
        page = save(draft, "papers", {"plan-kept": ""}).page
    assert page is not None
    assert "I agree (I am no member of a gang)" in [link.label for link in page.errors]
