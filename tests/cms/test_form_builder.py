"""The form builder as a town's editor meets it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Group, Permission
from wagtail.models import GroupPagePermission

from audit.models import LedgerEntry
from catalogue.models import Offering
from cms.building import actions
from cms.models import FormEdit, ServicePage
from cms.seeding import EDITORS
from forms.building import yaml_text
from forms.building.differences import differences
from forms.models import FormVersion
from identity.models import Role
from tests.factories import people

FORM = "/admin/forms/park-use/"


def make_editor(name: str = "編集 太郎", language: str = "en") -> Any:
    user = people.staff(Role.EDITOR, at=None, name=name, language=language)
    user.is_staff = True
    user.save()
    user.groups.add(Group.objects.get(name=EDITORS))
    return user


@pytest.fixture
def editor(town: Any) -> Any:
    return make_editor()


@pytest.fixture
def desk(town: Any, editor: Any, client_for: Callable[..., Any]) -> Any:
    """The editor's browser, after password and code."""
    return people.sign_in_staff(client_for(town), editor)


@pytest.fixture
def colleague(town: Any, client_for: Callable[..., Any]) -> Any:
    return people.sign_in_staff(client_for(town), make_editor("別 花子"))


@pytest.fixture
def edit(desk: Any) -> FormEdit:
    """A form in preparation, as the editor begins one."""
    assert desk.post(f"{FORM}begin/").status_code == 302
    return FormEdit.objects.get()


def soup(response: Any) -> BeautifulSoup:
    return BeautifulSoup(response.content, "html.parser")


def fields(page: BeautifulSoup, selector: str = "#fb-form") -> dict[str, Any]:
    """What a browser would send of a form."""
    values: dict[str, Any] = {}

    def put(name: str, value: str) -> None:
        values.setdefault(name, []).append(value)

    form = page.select_one(selector)
    assert form is not None
    for field in form.select("input[name], textarea[name], select[name]"):
        if field.name == "select":
            chosen = field.select_one("option[selected]") or field.select_one("option")
            put(field["name"], chosen["value"] if chosen else "")
        elif field.name == "textarea":
            put(field["name"], field.get_text().removeprefix("\n"))
        elif field.get("type") not in ("checkbox", "radio", "file") or field.has_attr("checked"):
            put(field["name"], field.get("value", ""))
    return values


def button(page: BeautifulSoup, value: str) -> str:
    """The value of the first button whose action begins so."""
    found = page.select_one(f'button[name="_do"][value^="{value}"]')
    assert found is not None, value
    return str(found["value"])


def place_of(edit: FormEdit, question_id: str) -> str:
    edit.refresh_from_db()
    for s, step in enumerate(edit.definition["steps"], 1):
        for q, question in enumerate(step["questions"], 1):
            if question["id"] == question_id:
                return f"{s}-{q}"
    raise LookupError(question_id)


def words(response: Any) -> str:
    return " ".join(soup(response).get_text(" ").split())


# --- getting there --------------------------------------------------------------------------------


PAGES = ("", "part/", "part/1/", "part/1-1/", "preview/1/", "preview/form/", "try/",
         "translations/", "yaml/", "yaml/download/", "publish/", "discard/")  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens(desk: Any, edit: FormEdit, page: str) -> None:
    response = desk.get(f"{FORM}{page}")
    assert response.status_code == 200


def test_nothing_is_made_by_looking(desk: Any) -> None:
    assert desk.get("/admin/forms/").status_code == 200
    page = desk.get(FORM)
    assert "Change this form" in words(page)
    assert desk.get(f"{FORM}part/1/").status_code == 404
    assert desk.get(f"{FORM}begin/").status_code == 405
    assert FormEdit.objects.count() == 0


@pytest.mark.parametrize("page", PAGES)
def test_who_may_not_edit_the_services_pages_may_not_edit_its_form(
    town: Any, edit: FormEdit, client_for: Callable[..., Any], page: str
) -> None:
    user = people.staff(Role.EDITOR, at=None, name="他 次郎")
    user.is_staff = True
    user.save()
    user.user_permissions.add(
        Permission.objects.get(content_type__app_label="wagtailadmin", codename="access_admin")
    )
    client = people.sign_in_staff(client_for(town), user)
    posted = {"_do": "save"} if page != "yaml/download/" else None
    for response in (
        client.get(f"{FORM}{page}"),
        client.post(f"{FORM}{page}", posted) if posted else client.head(f"{FORM}{page}"),
    ):
        assert response.status_code == 302
        assert response["Location"].endswith("/admin/")
    assert (
        'href="/admin/forms/' not in client.get("/admin/forms/").content.decode().split("main")[-1]
    )


def test_other_visitors_and_other_towns_do_not_get_in(
    town: Any, edit: FormEdit, editor: Any, client_for: Callable[..., Any], desk: Any
) -> None:
    assert client_for(town).get(FORM).status_code == 302
    assert client_for(town, people.resident()).get(FORM).status_code == 403
    assert client_for(town, editor).get(FORM).status_code == 302  # no second factor
    elsewhere = client_for("suginosawa")
    elsewhere.cookies = desk.cookies
    assert elsewhere.get(FORM)["Location"].startswith("/staff/")


def test_permission_for_one_service_opens_that_one_only(
    town: Any, client_for: Callable[..., Any]
) -> None:
    user = people.staff(Role.EDITOR, at=None, name="公園 担当", language="en")
    user.is_staff = True
    user.save()
    group = Group.objects.create(name="Park editors")
    group.permissions.add(
        Permission.objects.get(content_type__app_label="wagtailadmin", codename="access_admin")
    )
    page = ServicePage.objects.get(slug="park-use", locale__language_code="ja")
    GroupPagePermission.objects.create(
        group=group, page=page.page_ptr,
        permission=Permission.objects.get(
            content_type__app_label="wagtailcore", codename="change_page"
        ),
    )  # fmt: skip
    user.groups.add(group)
    client = people.sign_in_staff(client_for(town), user)
    assert client.post(f"{FORM}begin/").status_code == 302
    assert client.get(FORM).status_code == 200
    assert "can publish it" in words(client.get(FORM))
    assert client.get(f"{FORM}publish/").status_code == 302
    assert client.get("/admin/forms/child-allowance/")["Location"].endswith("/admin/")


@pytest.mark.parametrize(
    "page", ["part/99/", "part/1-99/", "part/0/", "part/x/", "part/1-1-1/", "part/1-1-1-1/",
             "preview/99/", "preview/-/"]
)  # fmt: skip
def test_a_place_that_is_not_there_is_not_found(desk: Any, edit: FormEdit, page: str) -> None:
    assert desk.get(f"{FORM}{page}").status_code == 404
    assert desk.post(f"{FORM}{page}", {"_do": "save"}).status_code == 404


# --- steps and questions --------------------------------------------------------------------------


def test_pages_saved_as_they_are_change_nothing(desk: Any, edit: FormEdit) -> None:
    before = json.dumps(edit.definition)
    for s, step in enumerate(edit.definition["steps"], 1):
        for where in [f"{s}", *(f"{s}-{q}" for q in range(1, len(step["questions"]) + 1))]:
            page = desk.get(f"{FORM}part/{where}/")
            response = desk.post(f"{FORM}part/{where}/", fields(soup(page)) | {"_do": "save"})
            assert response.status_code == 302, (where, words(response)[:500])
    edit.refresh_from_db()
    assert differences(json.loads(before), edit.definition) == []
    assert json.loads(before) == edit.definition
    assert edit.lock == 0
    assert edit.saves == []


def test_a_question_with_a_condition_is_added_previewed_published_and_asked(
    desk: Any, edit: FormEdit, town: Any, client_for: Callable[..., Any]
) -> None:
    before = Offering.objects.get(slug="park-use").form_version
    step = desk.get(f"{FORM}part/3/")
    add = fields(soup(step), ".fb-add") | {"_do": button(soup(step), "add:"), "type": "number"}
    response = desk.post(f"{FORM}part/3/", add)
    there = response["Location"]
    page = desk.get(there)
    assert "This has to be filled in." in words(page)

    typed = fields(soup(page)) | {
        "id": "tents", "label-ja": "テントの数", "label-en": "Number of tents",
        "_do": "cond-add:show_when",
    }  # fmt: skip
    page = desk.post(there, typed)
    assert page.status_code == 200
    assert "Not saved yet" in words(page)
    typed = fields(soup(page)) | {"show_when-mode": "all", "show_when-0-name": "act_type"}
    page = desk.post(there, typed | {"_do": "save"})
    assert page.status_code == 422  # nothing to compare with yet
    options = [o["value"] for o in soup(page).select('[name="show_when-0-value"] option')]
    assert "event" in options
    typed = fields(soup(page)) | {"show_when-0-value": "event", "_do": "save"}
    assert desk.post(there, typed)["Location"] == there
    edit.refresh_from_db()
    assert edit.definition["steps"][2]["questions"][-1] == {
        "id": "tents", "type": "number", "show_when": 'act_type == "event"',
        "label": {"ja": "テントの数", "en": "Number of tents"},
    }  # fmt: skip
    preview = words(desk.get(f"{FORM}preview/3/?language=ja"))
    assert "テントの数" in preview
    last = len(edit.definition["steps"][2]["questions"])
    here = soup(desk.get(f"{FORM}preview/3-{last}/")).select_one("#here ~ *")
    assert here is not None
    assert here.select_one('[name="tents"]')

    page = desk.get(f"{FORM}publish/")
    assert "tents" in words(page)
    publish = fields(soup(page), 'form:has([name="note"])') | {"_do": "publish"}
    assert desk.post(f"{FORM}publish/", publish).status_code == 422  # no note
    response = desk.post(f"{FORM}publish/", publish | {"note": "テントの数を追加"})
    assert response.status_code == 302, words(response)
    offering = Offering.objects.get(slug="park-use")
    assert offering.form_version.number == before.number + 1
    assert offering.form_version.form.question("tents").show_when == 'act_type == "event"'
    edit.refresh_from_db()
    assert (edit.state, edit.note) == ("published", "テントの数を追加")
    entry = LedgerEntry.objects.filter(event="form.published").get()
    assert entry.data["version"] == offering.form_version.number
    assert "テントの数を追加" in words(desk.get(FORM))

    resident = client_for(town, people.resident())
    draft = resident.get("/apply/park-use/begin/", follow=True)
    assert draft.status_code == 200
    from forms.models import Draft

    assert Draft.objects.get().version_id == offering.form_version_id


def test_steps_and_questions_are_moved_copied_and_removed(desk: Any, edit: FormEdit) -> None:
    def ids() -> list[str]:
        edit.refresh_from_db()
        return [step["id"] for step in edit.definition["steps"]]

    before = ids()
    page = soup(desk.get(FORM))
    down = {"lock": edit.lock, "_do": button(page, "down:1:")}
    assert desk.post(FORM, down).status_code == 302
    assert ids() == [before[1], before[0], *before[2:]]
    assert desk.post(FORM, {"lock": edit.lock, "_do": "step"}).status_code == 302
    assert ids()[-1] == "step_1"
    page = soup(desk.get(FORM))
    desk.post(FORM, {"lock": edit.lock, "_do": button(page, f"remove:{len(before) + 1}:")})
    assert sorted(ids()) == sorted(before)
    page = soup(desk.get(f"{FORM}part/1/"))
    response = desk.post(f"{FORM}part/1/", {"lock": edit.lock, "_do": button(page, "copy:1-1:")})
    assert response["Location"] == f"{FORM}part/1-2/"
    edit.refresh_from_db()
    one, two = edit.definition["steps"][0]["questions"][:2]
    assert one["label"] == two["label"]
    assert one["id"] != two["id"]


def test_what_was_removed_is_taken_back_once(desk: Any, edit: FormEdit) -> None:
    def now() -> Any:
        edit.refresh_from_db()
        return edit.definition

    before = now()
    assert "take-back" not in desk.get(FORM).text
    page = soup(desk.get(FORM))
    removal = {"lock": edit.lock, "_do": button(page, "remove:2:")}
    told = desk.post(FORM, removal, follow=True)
    assert len(now()["steps"]) == len(before["steps"]) - 1
    assert soup(told).select_one(f'.messages a[href="{FORM}#saved"]')
    name = before["steps"][1]["title"]["en"]
    assert f"Removed: {name}" in words(told)
    undo = {"lock": edit.lock, "_do": "take-back"}
    told = desk.post(FORM, undo, follow=True)
    assert now() == before
    assert f"Taken back: Removed: {name}" in words(told)
    assert edit.saves[-1]["what"].endswith(name)
    # Once: what follows is a change of its own, and another window's is not taken back.
    assert "take-back" not in told.text
    desk.post(FORM, {"lock": edit.lock, "_do": "take-back"})
    desk.post(FORM, {"lock": edit.lock, "_do": "step"})
    changed = now()
    refused = desk.post(FORM, undo, follow=True)
    assert now() == changed != before
    assert "There is no newest change of yours to take back" in words(refused)


def test_a_question_is_moved_to_another_step(desk: Any, colleague: Any, edit: FormEdit) -> None:
    def ids(step: int) -> list[str]:
        edit.refresh_from_db()
        return [question["id"] for question in edit.definition["steps"][step]["questions"]]

    first = ids(0)[0]
    there = f"{FORM}part/1-1/"
    page = soup(desk.get(there))
    offered = [option["value"] for option in page.select("#to-step option")]
    assert offered == ["2:place", "3:activity", "4:documents", "5:declaration"]
    # A colleague has put the steps into another order meanwhile: the step is found by its id.
    steps = soup(colleague.get(FORM))
    colleague.post(FORM, {"lock": edit.lock, "_do": button(steps, "down:3:")})
    move = fields(page, "form:has(#to-step)") | {"step": "3:activity", "_do": button(page, "to:")}
    response = desk.post(there, move)
    assert response["Location"] == f"{FORM}part/4-{len(ids(3))}/"
    assert ids(3)[-1] == first
    assert first not in ids(0)
    back = soup(desk.get(response["Location"]))
    move = fields(back, "form:has(#to-step)") | {"step": "9:gone", "_do": button(back, "to:")}
    page = desk.post(response["Location"], move, follow=True)
    assert "That step is not there any more. Nothing was moved." in words(page)
    assert ids(3)[-1] == first


def _with_criterion(desk: Any, edit: FormEdit) -> dict[str, Any]:
    """The page of the form with a condition of applying picked, not saved."""
    there = f"{FORM}part/"
    page = soup(desk.post(there, fields(soup(desk.get(there))) | {"_do": "row-add:eligibility"}))
    assert page.select_one('[name="eligibility-0-id"]')["value"] == "criterion_1"
    page = soup(desk.post(there, fields(page) | {"_do": "cond-add:eligibility-0-rule"}))
    typed = fields(page) | {"eligibility-0-rule-0-name": "years_between(birth_date, today)"}
    page = soup(desk.post(there, typed | {"_do": "refresh"}))
    typed = fields(page) | {
        "eligibility-0-rule-0-op": "at_least",
        "eligibility-0-rule-0-value": "１８",
        "eligibility-0-message-ja": "18歳以上の方が対象です。",
        "eligibility-0-message-en": "You must be 18 or over.",
    }
    typed.pop("may_apply_anyway")
    return typed


def test_who_may_apply_is_picked_previewed_tried_and_met_by_the_resident(
    desk: Any, edit: FormEdit, town: Any, client_for: Callable[..., Any]
) -> None:
    typed = _with_criterion(desk, edit)
    shown = desk.post(f"{FORM}preview/form/?language=en", typed)
    assert "You must be 18 or over." in words(shown)
    assert desk.post(f"{FORM}part/", typed | {"_do": "save"})["Location"] == f"{FORM}part/"
    edit.refresh_from_db()
    assert edit.definition["may_apply_anyway"] is False
    assert edit.definition["eligibility"] == [
        {"id": "criterion_1", "rule": "years_between(birth_date, today) >= 18",
         "message": {"ja": "18歳以上の方が対象です。", "en": "You must be 18 or over."}}
    ]  # fmt: skip
    assert "You must be 18 or over." in words(desk.get(FORM))
    assert "You must be 18 or over." in words(desk.get(f"{FORM}translations/?step=0"))

    trial = fields(soup(desk.get(f"{FORM}try/")), "main form")
    young = {"birth_date-year": "2020", "birth_date-month": "4", "birth_date-day": "1"}
    page = desk.post(f"{FORM}try/", trial | young | {"_do": "refresh"})
    assert soup(page).select_one(".pv-told")
    assert "You must be 18 or over." in words(page)
    old = young | {"birth_date-year": "1980"}
    assert not soup(desk.post(f"{FORM}try/", trial | old | {"_do": "refresh"})).select(".pv-told")

    publish = fields(soup(desk.get(f"{FORM}publish/")), 'form:has([name="note"])')
    done = desk.post(f"{FORM}publish/", publish | {"note": "18歳以上", "_do": "publish"})
    assert done.status_code == 302, words(done)
    form = Offering.objects.get(slug="park-use").form_version.form
    assert form.eligibility[0].severity == "stop"
    assert form.may_apply_anyway is False


def test_a_condition_of_applying_that_cannot_work_is_told_at_its_field(
    desk: Any, edit: FormEdit
) -> None:
    there = f"{FORM}part/"
    typed = _with_criterion(desk, edit) | {
        "eligibility-0-message-en": "",
        "eligibility-0-rule-mode": "text",
        "eligibility-0-rule-text": "nobody == 1",
        "_do": "save",
    }
    page = soup(desk.post(there, typed, follow=True))
    assert page.select_one("#f-eligibility-0-rule .fb-error")
    assert page.select_one("#f-eligibility-0-message .fb-error")
    problems = soup(desk.get(FORM)).select("#problems a")
    assert [link["href"] for link in problems] == [
        f"{FORM}part/#f-eligibility-0-message",
        f"{FORM}part/#f-eligibility-0-rule",
    ]
    # The rest can be looked at all the same.
    assert soup(desk.get(f"{FORM}preview/1/")).select_one('[name="email"]')
    assert "―" not in words(desk.get(f"{FORM}preview/form/"))


def test_who_may_apply_changed_twice_is_a_conflict(
    desk: Any, colleague: Any, edit: FormEdit
) -> None:
    mine = _with_criterion(desk, edit)
    theirs = fields(soup(colleague.get(f"{FORM}part/"))) | {"title-en": "Theirs", "_do": "save"}
    assert colleague.post(f"{FORM}part/", theirs).status_code == 302
    page = desk.post(f"{FORM}part/", mine | {"_do": "save"})
    assert page.status_code == 409
    assert "You must be 18 or over." in words(page)
    again = fields(soup(page), 'form:has([name="mark"])')
    assert desk.post(f"{FORM}part/", again).status_code == 302
    edit.refresh_from_db()
    assert edit.definition["eligibility"][0]["id"] == "criterion_1"


def test_options_are_added_moved_and_removed(desk: Any, edit: FormEdit) -> None:
    there = f"{FORM}part/{place_of(edit, 'act_type')}/"
    page = soup(desk.get(there))
    first = page.select_one('[name="choices-0-value"]')["value"]
    second = page.select_one('[name="choices-1-value"]')["value"]
    page = soup(desk.post(there, fields(page) | {"_do": "row-down:choices:0"}))
    assert page.select_one('[name="choices-0-value"]')["value"] == second
    page = soup(desk.post(there, fields(page) | {"_do": "row-drop:choices:0"}))
    page = soup(desk.post(there, fields(page) | {"_do": "row-add:choices"}))
    last = len(page.select('[name^="choices-"][name$="-value"]')) - 1
    typed = fields(page) | {f"choices-{last}-value": "fair", f"choices-{last}-label-ja": "縁日"}
    assert desk.post(there, typed | {"_do": "save"}).status_code == 302
    edit.refresh_from_db()
    part = next(
        q for s in edit.definition["steps"] for q in s["questions"] if q["id"] == "act_type"
    )
    assert part["choices"][0]["value"] == first
    assert part["choices"][-1] == {"value": "fair", "label": {"ja": "縁日"}}
    said = words(desk.get(there))
    assert "The text is missing in: English." in said
    # The option that is gone was needed elsewhere, which is told there.
    assert f"has no option “{second}”" in words(desk.get(FORM))


def test_a_new_id_goes_into_the_rules_that_name_it(desk: Any, edit: FormEdit) -> None:
    there = f"{FORM}part/{place_of(edit, 'for_organisation')}/"
    typed = fields(soup(desk.get(there))) | {"id": "is_company", "_do": "save"}
    page = desk.post(there, typed, follow=True)
    assert "2 rules were changed" in words(page)
    edit.refresh_from_db()
    assert {q.get("show_when") for q in edit.definition["steps"][0]["questions"]} == {
        None, "is_company",
    }  # fmt: skip


def test_a_rule_that_cannot_be_picked_is_kept_to_the_character(
    town: Any, client_for: Callable[..., Any], desk: Any
) -> None:
    desk.post("/admin/forms/child-allowance/begin/")
    edit = FormEdit.objects.get()
    for s, step in enumerate(edit.definition["steps"], 1):
        for q, question in enumerate(step["questions"], 1):
            rule = question.get("show_when", "")
            if ".exists(" in rule:
                there = f"/admin/forms/child-allowance/part/{s}-{q}/"
                page = desk.get(there)
                assert "more than can be picked" in words(page)
                typed = fields(soup(page)) | {"hint-ja": "x", "hint-en": "y", "_do": "save"}
                desk.post(there, typed)
                edit.refresh_from_db()
                kept = edit.definition["steps"][s - 1]["questions"][q - 1]
                assert kept["show_when"] == rule
                assert kept["hint"] == {"ja": "x", "en": "y"}
                return
    pytest.fail("no such rule")


# --- what cannot work -----------------------------------------------------------------------------


def test_what_cannot_work_is_kept_told_at_its_place_and_not_published(
    desk: Any, edit: FormEdit
) -> None:
    there = f"{FORM}part/1-1/"
    typed = fields(soup(desk.get(there))) | {
        "id": "email", "label-en": "", "max_length": "たくさん", "show_when-mode": "text",
        "show_when-text": "nobody == 1 &&", "_do": "save",
    }  # fmt: skip
    page = desk.post(there, typed, follow=True)
    said = words(page)
    for message in ("The text is missing in: English.", "Please write a whole number.",
                    "The rule is not complete."):  # fmt: skip
        assert message in said, message
    assert soup(page).select_one("#f-max_length .fb-error")
    assert soup(page).select_one('[name="max_length"]')["value"] == "たくさん"
    assert soup(page).select_one("#f-show_when .fb-error")
    assert "Another question already has the id “email”" in words(desk.get(FORM))
    page = desk.get(f"{FORM}publish/")
    assert soup(page).select_one('button[value="publish"][disabled]')
    response = desk.post(f"{FORM}publish/", {"lock": 1, "note": "x", "_do": "publish"})
    assert response.status_code == 422
    edit.refresh_from_db()
    assert edit.state == "open"
    assert edit.definition["steps"][0]["questions"][0]["show_when"] == "nobody == 1 &&"


def test_what_fees_letters_and_the_register_need_cannot_be_taken_away(
    desk: Any, edit: FormEdit
) -> None:
    rule = edit.offering.template.service.register_entry
    assert rule is not None
    where = place_of(edit, rule.valid_until)
    step = where.split("-")[0]
    page = soup(desk.get(f"{FORM}part/{step}/"))
    desk.post(f"{FORM}part/{step}/", {"lock": edit.lock, "_do": button(page, f"remove:{where}:")})
    edit.refresh_from_db()
    data = edit.definition
    for one in data["steps"]:  # and what hangs on it, so that the form is right in itself
        for question in one["questions"]:
            question.pop("validate", None)
            if question["type"] == "computed":
                question["rule"] = "1"
    actions.replace(edit=edit, lock=edit.lock, data=data, by=edit.edited_by)
    said = words(desk.get(FORM))
    assert f"The register needs the question “{rule.valid_until}”" in said


HOSTILE = [
    {"_do": "row-drop:choices:999999999999"}, {"_do": "row-up:nobody:0"}, {"_do": "cond-add:x"},
    {"_do": "up:1-1-1-1:x"}, {"_do": "explode"}, {"_do": "add:1:"}, {"_do": "remove:9-9:x"},
    {"label-ja": "\x00<script>alert(1)</script>", "label-here": "1"},
    {"label-ja": "長" * 300_000, "label-here": "1"}, {"choices-n": "9" * 30, "choices-here": "1"},
    {"choices-n": "100", "choices-here": "1"}, {"show_when-n": "-1", "show_when-here": "1"},
    {"show_when-mode": "text", "show_when-text": "(" * 2000, "show_when-here": "1"},
    {"show_when-mode": "all", "show_when-n": "1", "show_when-0-name": "__class__",
     "show_when-here": "1"},
    {"type": "nothing"}, {"type": "group"}, {"lock": "x" * 50, "mark": "y"}, {"id": "__proto__"},
    {"id": "today"}, {"id": "x" * 5000}, {"max_length": "9" * 400}, {"required": "maybe"},
    {"validate-n": "1", "validate-here": "1", "validate-0-extra": '{"a": ' + "[" * 900},
    {"autocomplete": "<b>"}, {"extra-drop": "1"},
]  # fmt: skip


@pytest.mark.parametrize("typed", HOSTILE, ids=lambda typed: str(typed)[:40])
def test_whatever_is_posted_is_answered_and_the_pages_stay_open(
    desk: Any, edit: FormEdit, typed: dict[str, str]
) -> None:
    there = f"{FORM}part/1-1/"
    page = fields(soup(desk.get(there)))
    for path in (there, f"{FORM}preview/1-1/", FORM, f"{FORM}translations/?step=1", f"{FORM}try/"):
        response = desk.post(path, page | {"_do": "save"} | typed)
        assert response.status_code in {200, 302, 404, 409, 422}, (path, response.status_code)
    for path in PAGES:
        response = desk.get(f"{FORM}{path}")
        assert response.status_code == 200, path
        if "html" in response["Content-Type"]:
            assert "<script>alert" not in response.content.decode()


# --- two at once ----------------------------------------------------------------------------------


def test_two_editors_of_different_questions_do_not_disturb_each_other(
    desk: Any, colleague: Any, edit: FormEdit
) -> None:
    one, two = (fields(soup(desk.get(f"{FORM}part/1-{n}/"))) for n in (1, 2))
    changed = {"hint-ja": "別", "hint-en": "other", "_do": "save"}
    assert colleague.post(f"{FORM}part/1-2/", two | changed).status_code == 302
    assert desk.post(f"{FORM}part/1-1/", one | changed).status_code == 302
    edit.refresh_from_db()
    assert [q["hint"] for q in edit.definition["steps"][0]["questions"][:2]] == [
        {"ja": "別", "en": "other"}
    ] * 2
    assert [save["by"] for save in edit.saves] == ["別 花子", "編集 太郎"]


def test_the_same_question_changed_twice_is_told_with_who_and_what(
    desk: Any, colleague: Any, edit: FormEdit
) -> None:
    there = f"{FORM}part/1-1/"
    mine = fields(soup(desk.get(there)))
    theirs = mine | {"hint-ja": "ふたりめ", "hint-en": "second", "_do": "save"}
    assert colleague.post(there, theirs).status_code == 302
    page = desk.post(there, mine | {"hint-ja": "ひとりめ", "hint-en": "first", "_do": "save"})
    assert page.status_code == 409
    said = words(page)
    for word in ("別 花子", "ふたりめ", "ひとりめ", "Nothing was overwritten"):
        assert word in said
    edit.refresh_from_db()
    assert edit.definition["steps"][0]["questions"][0]["hint"]["ja"] == "ふたりめ"
    again = fields(soup(page), 'form:has([name="mark"])')
    assert desk.post(there, again).status_code == 302
    edit.refresh_from_db()
    assert edit.definition["steps"][0]["questions"][0]["hint"]["ja"] == "ひとりめ"


def test_a_question_that_was_moved_meanwhile_is_found_where_it_is(
    desk: Any, colleague: Any, edit: FormEdit
) -> None:
    mine = fields(soup(desk.get(f"{FORM}part/1-1/")))
    page = soup(colleague.get(f"{FORM}part/1/"))
    colleague.post(f"{FORM}part/1/", {"lock": edit.lock, "_do": button(page, "down:1-1:")})
    response = desk.post(f"{FORM}part/1-1/", mine | {"max_length": "77", "_do": "save"})
    assert response["Location"] == f"{FORM}part/1-2/"
    edit.refresh_from_db()
    assert edit.definition["steps"][0]["questions"][1]["max_length"] == 77


def test_a_version_published_meanwhile_is_shown_before_mine_takes_its_place(
    desk: Any, edit: FormEdit
) -> None:
    offering = edit.offering
    definition = json.loads(json.dumps(offering.form_version.definition))
    definition["title"] = {"ja": "別の版", "en": "Another version"}
    other = FormVersion.objects.create(
        key="park_use", number=99, definition=definition, digest="other"
    )
    Offering.objects.filter(pk=offering.pk).update(form_version=other)
    page = desk.get(f"{FORM}publish/")
    assert "Another version" in words(page)
    note = {"lock": edit.lock, "note": "x", "_do": "publish"}
    assert desk.post(f"{FORM}publish/", note).status_code == 409
    assert desk.post(f"{FORM}publish/", {"lock": edit.lock, "_do": "go-on"}).status_code == 200
    edit.refresh_from_db()
    assert edit.base_version_id == other.pk


def test_publishing_what_somebody_has_just_changed_is_refused(desk: Any, edit: FormEdit) -> None:
    actions.replace(edit=edit, lock=0, data=edit.definition, by=edit.edited_by)
    response = desk.post(f"{FORM}publish/", {"lock": 0, "note": "x", "_do": "publish"})
    assert response.status_code == 409
    assert FormEdit.objects.get().state == "open"


# --- texts, YAML, trying out ----------------------------------------------------------------------


def test_missing_translations_are_counted_and_written_side_by_side(
    desk: Any, edit: FormEdit
) -> None:
    edit.definition["steps"][0]["title"] = {"ja": "申請する方"}
    edit.definition["steps"][0]["questions"][0]["label"] = {"en": "Name"}
    edit.save()
    assert "2 missing" in words(desk.get(FORM))
    page = desk.get(f"{FORM}translations/?step=1")
    assert "2 texts have no translation yet." in words(page)
    typed = fields(soup(page), "form:has(.fb-texts)")
    empty = [name for name, value in typed.items() if value == [""]]
    assert len(empty) == 2
    desk.post(f"{FORM}translations/?step=1", typed | dict.fromkeys(empty, "書いた"))
    edit.refresh_from_db()
    step = edit.definition["steps"][0]
    assert step["title"] == {"ja": "申請する方", "en": "書いた"}
    assert step["questions"][0]["label"] == {"ja": "書いた", "en": "Name"}
    assert "Every text is there" in words(desk.get(f"{FORM}translations/"))


def test_a_text_changed_meanwhile_is_not_overwritten(desk: Any, edit: FormEdit) -> None:
    typed = fields(soup(desk.get(f"{FORM}translations/?step=1")), "form:has(.fb-texts)")
    edit.definition["steps"][0]["title"] = {"ja": "新", "en": "New"}
    edit.save()
    first = next(name for name in typed if name.endswith("-ja"))
    page = desk.post(f"{FORM}translations/?step=1", typed | {first: "私の"}, follow=True)
    assert "left as" in words(page)
    edit.refresh_from_db()
    assert edit.definition["steps"][0]["title"] == {"ja": "新", "en": "New"}


def test_yaml_goes_out_and_comes_back(desk: Any, edit: FormEdit) -> None:
    response = desk.get(f"{FORM}yaml/download/")
    assert response["Content-Disposition"] == 'attachment; filename="park-use.yaml"'
    source = response.content.decode()
    assert yaml_text.read(source) == edit.definition
    changed = source.replace("key: park_use", "key: park_use", 1) + "\n"
    page = desk.post(f"{FORM}yaml/", {"lock": edit.lock, "source": changed})
    assert page.status_code == 302
    before = edit.definition
    edit.refresh_from_db()
    assert edit.definition == before
    assert desk.post(f"{FORM}yaml/", {"lock": 0, "source": changed}).status_code == 409


def test_yaml_that_cannot_be_read_is_refused_with_the_line_and_kept(
    desk: Any, edit: FormEdit
) -> None:
    source = "key: x\ntitle: [unclosed\nsteps:"
    page = desk.post(f"{FORM}yaml/", {"lock": edit.lock, "source": source})
    assert page.status_code == 422
    assert "Line" in words(page)
    assert "title: [unclosed" in soup(page).select_one("#source").get_text()
    edit.refresh_from_db()
    assert edit.lock == 0


def test_a_test_run_asks_and_refuses_as_the_form_does_and_stores_nothing(
    desk: Any, edit: FormEdit
) -> None:
    from forms.models import Draft

    page = desk.get(f"{FORM}try/")
    response = desk.post(f"{FORM}try/", fields(soup(page), "main form") | {"_do": "next"})
    assert "There are" in words(response)
    page = desk.get(f"{FORM}try/?step=activity")
    typed = fields(soup(page), "main form") | {"act_type": "photography", "_do": "refresh"}
    page = desk.post(f"{FORM}try/", typed)
    asked = soup(page).select_one(".pv-asked").get_text(" ")
    assert "Photography" in asked or "photo" in asked
    names = {field.get("name") for field in soup(page).select("main form [name]")}
    assert "cameras" in names
    sealed = fields(soup(page), "main form") | {"_do": "to:applicant"}
    page = desk.post(f"{FORM}try/", sealed)
    back = desk.post(f"{FORM}try/", fields(soup(page), "main form") | {"_do": "to:activity"})
    assert soup(back).select_one('[name="act_type"][value="photography"]').has_attr("checked")
    forged = fields(soup(page), "main form") | {"_answers": "eyJhIjoxfQ:forged", "_do": "to:x"}
    assert desk.post(f"{FORM}try/", forged).status_code == 200
    assert Draft.objects.count() == 0


def test_the_preview_shows_what_is_typed_before_it_is_saved(desk: Any, edit: FormEdit) -> None:
    typed = fields(soup(desk.get(f"{FORM}part/1-1/"))) | {"label-en": "Your lovely name"}
    response = desk.post(f"{FORM}preview/1-1/?language=en", typed)
    assert "Your lovely name" in words(response)
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    edit.refresh_from_db()
    assert edit.lock == 0


def test_what_was_prepared_can_be_discarded(desk: Any, edit: FormEdit) -> None:
    version = edit.offering.form_version_id
    assert desk.post(f"{FORM}discard/", {"lock": edit.lock}).status_code == 302
    edit.refresh_from_db()
    assert edit.state == "discarded"
    assert Offering.objects.get(slug="park-use").form_version_id == version
    assert LedgerEntry.objects.filter(event="form.discarded").count() == 1
    assert desk.post(f"{FORM}begin/").status_code == 302
    assert FormEdit.objects.filter(state="open").count() == 1


# --- large forms ----------------------------------------------------------------------------------


def _large(steps: int) -> dict[str, Any]:
    return {
        "key": "park_use", "title": "Large",
        "steps": [
            {"id": f"s{s}", "title": f"Step {s}", "questions": [
                {"id": f"q{s}_{q}", "type": "text", "label": f"Question {s}.{q}",
                 "show_when": f'q1_{q} == "{s}"'} if s > 1 else
                {"id": f"q1_{q}", "type": "text", "label": "First"}
                for q in range(5)
            ]}
            for s in range(1, steps + 1)
        ],
    }  # fmt: skip


def test_queries_do_not_grow_with_the_form(
    desk: Any, edit: FormEdit, count_sql: Callable[[Any, str], list[str]]
) -> None:
    for path in ("", "part/1/", "part/1-1/", "translations/", "publish/"):
        counts = []
        desk.get(f"{FORM}{path}")  # what a process asks only once
        for steps in (1, 60):
            FormEdit.objects.filter(pk=edit.pk).update(definition=_large(steps))
            counts.append(len(count_sql(desk, f"{FORM}{path}")))
        assert counts[0] == counts[1], path
        assert counts[0] <= 30, path


def test_a_form_of_sixty_steps_is_edited(desk: Any, edit: FormEdit) -> None:
    FormEdit.objects.filter(pk=edit.pk).update(definition=_large(60))
    page = desk.get(f"{FORM}part/60-5/")
    typed = fields(soup(page)) | {"show_when-0-value": "neu", "_do": "save"}
    assert desk.post(f"{FORM}part/60-5/", typed).status_code == 302
    edit.refresh_from_db()
    assert edit.definition["steps"][59]["questions"][4]["show_when"] == 'q1_4 == "neu"'


def test_a_test_run_shows_what_follows_from_an_answer_before_it_goes_on(
    desk: Any, edit: FormEdit
) -> None:
    page = soup(desk.get(f"{FORM}try/?step=activity"))
    typed = fields(page, "main form") | {
        "purpose": "Filming", "act_type": "photography", "fee_waiver": "no", "_do": "next",
    }  # fmt: skip
    page = soup(desk.post(f"{FORM}try/", typed))
    assert page.select_one('[name="_step"]')["value"] == "activity"
    assert page.select_one('[name="cameras"]')
    assert not page.select("#f-summary")
    typed = fields(page, "main form") | {"crew": "6", "cameras": "2", "_do": "next"}
    page = soup(desk.post(f"{FORM}try/", typed))
    assert page.select_one('[name="_step"]')["value"] == "documents"
