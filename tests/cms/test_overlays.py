"""A small town changes office, days, fees and consultations of a service by pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from audit.models import LedgerEntry
from cases.models import Application, Case
from catalogue.models import Offering
from catalogue.queries import fee_of
from cms.models import OverlayEdit
from tests.cms.test_form_builder import fields, make_editor, soup, words
from tests.factories import cases as make
from tests.factories import people

SERVICE = "/admin/forms/park-use/"
HERE = f"{SERVICE}settings/"


@pytest.fixture
def desk(town: Any, client_for: Callable[..., Any]) -> Any:
    return people.sign_in_staff(client_for(town), make_editor())


@pytest.fixture
def colleague(town: Any, client_for: Callable[..., Any]) -> Any:
    return people.sign_in_staff(client_for(town), make_editor("別 花子"))


@pytest.fixture
def park(town: Any) -> Offering:
    people.department("roads")
    people.department("civil")
    return make.offering()


def fresh() -> Offering:
    return Offering.objects.get(template_key="park_use")


def save(desk: Any, part: str, **typed: Any) -> Any:
    page = fields(soup(desk.get(f"{HERE}{part}/")))
    return desk.post(f"{HERE}{part}/", page | {"_do": "save"} | typed)


def publish(desk: Any, note: str = "条例の改正") -> Any:
    page = fields(soup(desk.get(f"{HERE}publish/")), "#publish-form")
    return desk.post(f"{HERE}publish/", page | {"_do": "publish", "note": note})


CONSULTED = {
    "c-0-department": "roads", "c-0-question-ja": "道路への影響はありますか。",
    "c-0-question-en": "Does it hinder the road?", "c-0-days": "３", "c-0-stage": "review",
    "c-0-required": "1",
}  # fmt: skip


@pytest.mark.parametrize("part", ["department", "clock", "fees", "consultations"])
def test_every_part_shows_the_templates_value(desk: Any, park: Offering, part: str) -> None:
    answer = desk.get(f"{HERE}{part}/")
    assert answer.status_code == 200
    said = {"department": "The template says:", "clock": "6 working days", "fees": "¥1,620",
            "consultations": "Add a consultation"}  # fmt: skip
    assert said[part] in words(answer)
    assert "In preparation" not in words(answer)
    assert f"{HERE}{part}/" in desk.get(SERVICE).content.decode()


def test_prepared_published_and_met_by_residents(
    desk: Any, park: Offering, client_for: Callable[..., Any], town: Any
) -> None:
    before = make.submitted_case()
    assert save(desk, "department", department="civil").status_code == 302
    assert save(desk, "clock", days="10", unit="calendar_days").status_code == 302
    assert save(desk, "fees", **{"rate-event": "２，０００"}).status_code == 302
    assert save(desk, "consultations", **CONSULTED).status_code == 302
    assert (fresh().department.key, fresh().workflow.clock.days) == ("permits", 6)
    waiting = words(desk.get(f"{HERE}publish/"))
    for said in ("¥1,800", "¥2,000", "10 days", "6 working days", "Does it hinder the road?"):
        assert said in waiting
    assert publish(desk).status_code == 302
    now = fresh()
    assert (now.department.key, now.workflow.clock.days, now.fees.rates["event"]) == (
        "civil", 10, 2000,
    )  # fmt: skip
    page = client_for(town).get("/en/apply/park-use/").content.decode()
    assert "10 days" in page
    entry = LedgerEntry.objects.get(event="offering.settings_published")
    assert entry.data["after"] == [
        "department: civil", "clock: 10 calendar_days", "fees: event=2000", "consultations: roads",
    ]  # fmt: skip
    assert "条例の改正" in words(desk.get(SERVICE))
    # What runs keeps what it began with.
    kept = Case.objects.get(pk=before.pk)
    assert (kept.department.key, kept.workflow.clock.days, kept.due_on) == (
        "permits", 6, before.due_on,
    )  # fmt: skip
    assert not kept.workflow.consultations


def test_a_new_case_asks_the_added_department(desk: Any, park: Offering) -> None:
    save(desk, "consultations", **CONSULTED)
    publish(desk)
    case = make.claimed_case()
    (asked,) = case.consultations.all()
    assert (asked.department.key, asked.question, asked.required) == (
        "roads", "道路への影響はありますか。", True,
    )  # fmt: skip


def test_a_fee_worked_out_again_is_by_the_terms_of_its_application(
    desk: Any, park: Offering
) -> None:
    case = make.submitted_case()
    old = case.application.computed_fee.total
    save(desk, "fees", **{"rate-photography": "999"})
    publish(desk)
    sent = Application.objects.get(pk=case.application_id)
    again = fee_of(fresh(), sent.version.form, sent.answers, sent.fee_terms)
    assert (old > 0, again.total) == (True, old)
    assert fee_of(fresh(), sent.version.form, sent.answers).total == 999 * 2 * 2


def test_free_of_charge_with_the_reason(
    desk: Any, park: Offering, client_for: Callable[..., Any], town: Any
) -> None:
    refused = save(desk, "fees", free="1")
    assert refused.status_code == 422
    assert "Tell residents why it is free." in words(refused)
    why = {"explanation-ja": "町民の利用を促すため", "explanation-en": "To get people outdoors."}
    assert save(desk, "fees", free="1", **why).status_code == 302
    publish(desk)
    page = client_for(town).get("/en/apply/park-use/").content.decode()
    assert "Free of charge" in page
    assert "To get people outdoors." in page
    assert make.submitted_case().application.computed_fee.total == 0


@pytest.mark.parametrize(
    ("part", "typed", "said"),
    [
        ("department", {"department": "gone"}, "There is no such department"),
        ("clock", {"days": "0"}, "between 1 and 365"),
        ("clock", {"days": "400"}, "between 1 and 365"),
        ("clock", {"days": "x"}, "between 1 and 365"),
        ("clock", {"unit": "weeks"}, "Choose one."),
        ("fees", {"rate-event": "-1"}, "between 0 and 100,000,000"),
        ("fees", {"explanation-ja": "だけ"}, "Write it in every language"),
        ("consultations", CONSULTED | {"c-0-department": "permits"}, "responsible itself"),
        ("consultations", CONSULTED | {"c-0-department": "gone"}, "no such department"),
        ("consultations", CONSULTED | {"c-0-stage": "issued"}, "Nobody can answer"),
        ("consultations", CONSULTED | {"c-0-stage": []}, "Choose at least one."),
        ("consultations", CONSULTED | {"c-0-question-en": ""}, "in every language"),
        ("consultations", CONSULTED | {"c-0-days": "0"}, "between 1 and 365"),
        ("consultations", CONSULTED | {"c-0-when-mode": "text", "c-0-when-text": "moon"},
         "cannot work with the questions"),
        ("consultations", CONSULTED | {"c-0-when-mode": "all"}, "not complete"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused_at_its_field_and_nothing_lost(
    desk: Any, park: Offering, part: str, typed: dict[str, Any], said: str
) -> None:
    answer = save(desk, part, **typed)
    assert answer.status_code == 422
    page = soup(answer)
    (wrong,) = page.select(".fb-field--wrong")
    assert said in wrong.get_text()
    assert page.select_one(f'.fb-problems a[href="#{wrong["id"]}"]')
    again = fields(page)
    for name, value in typed.items():
        if value and name not in {"department", "unit", "c-0-stage"} and value != "gone":
            assert again[name] == [value]
    assert not OverlayEdit.objects.exists()


def test_back_to_the_templates(desk: Any, park: Offering) -> None:
    save(desk, "clock", days="10")
    publish(desk)
    assert "Back to the template" in words(desk.get(f"{HERE}clock/"))
    assert save(desk, "clock", _do="template").status_code == 302
    publish(desk, "もとに戻す")
    now = fresh()
    assert now.workflow_version_id == park.workflow_version_id
    assert "clock" not in now.settings


def test_two_editors_of_the_same_part(desk: Any, colleague: Any, park: Offering) -> None:
    mine = fields(soup(desk.get(f"{HERE}clock/"))) | {"days": "8", "_do": "save"}
    assert save(colleague, "clock", days="9").status_code == 302
    answer = desk.post(f"{HERE}clock/", mine)
    assert answer.status_code == 409
    assert "Somebody else has changed the same part" in words(answer)
    assert "9 working days" in words(answer)
    typed = fields(soup(answer))
    assert typed["days"] == ["8"]
    assert desk.post(f"{HERE}clock/", typed | {"_do": "save"}).status_code == 302
    assert OverlayEdit.objects.get().overlay["clock"]["days"] == 8


def test_two_editors_of_different_parts_do_not_disturb_each_other(
    desk: Any, colleague: Any, park: Offering
) -> None:
    mine = fields(soup(desk.get(f"{HERE}clock/"))) | {"days": "8", "_do": "save"}
    save(colleague, "department", department="roads")
    assert desk.post(f"{HERE}clock/", mine).status_code == 302
    publish(desk)
    assert (fresh().department.key, fresh().workflow.clock.days) == ("roads", 8)


def test_publishing_needs_a_note_and_what_was_looked_at(
    desk: Any, colleague: Any, park: Offering
) -> None:
    save(desk, "clock", days="8")
    assert publish(desk, note=" ").status_code == 422
    page = fields(soup(desk.get(f"{HERE}publish/")), "#publish-form")
    save(colleague, "department", department="roads")
    late = desk.post(f"{HERE}publish/", page | {"_do": "publish", "note": "変更"})
    assert late.status_code == 409
    assert fresh().workflow.clock.days == 6
    assert publish(desk).status_code == 302


def test_sign_in_changed_meanwhile_is_kept(desk: Any, park: Offering) -> None:
    save(desk, "clock", days="8")
    typed = fields(soup(desk.get(f"{SERVICE}sign-in/")), "#sign-in-form")
    desk.post(f"{SERVICE}sign-in/", typed | {"sign_in": "required"})
    assert publish(desk).status_code == 302
    assert (fresh().workflow.clock.days, fresh().sign_in.value) == (8, "required")


def test_discarding_leaves_what_is_in_force(desk: Any, park: Offering) -> None:
    save(desk, "clock", days="8")
    page = fields(soup(desk.get(f"{HERE}discard/")), ".fb-page form")
    assert desk.post(f"{HERE}discard/", page).status_code == 302
    assert desk.get(f"{HERE}publish/").status_code == 404
    assert fresh().workflow.clock.days == 6
    assert LedgerEntry.objects.filter(event="offering.settings_discarded").exists()


def test_a_department_that_is_gone_stands_in_the_way_of_publishing(
    desk: Any, park: Offering
) -> None:
    office = people.department("short_lived")
    save(desk, "department", department="short_lived")
    office.delete()
    assert "no such department" in words(desk.get(f"{HERE}publish/"))
    assert publish(desk).status_code == 422
    assert fresh().department.key == "permits"


@pytest.mark.parametrize("page", ["department/", "clock/", "fees/", "consultations/",
                                  "publish/", "discard/"])  # fmt: skip
def test_only_whoever_may_edit_the_services_pages(
    park: Offering, desk: Any, client_for: Callable[..., Any], town: Any, page: str
) -> None:
    save(desk, "clock", days="8")
    client = people.sign_in_staff(client_for(town), people.caseworker())
    assert client.get(f"{HERE}{page}").status_code in {302, 403}
    assert client.post(f"{HERE}{page}", {"days": "1"}).status_code in {302, 403}
    assert desk.get(f"{HERE}moon/").status_code == 404
    assert OverlayEdit.objects.get().overlay["clock"]["days"] == 8
