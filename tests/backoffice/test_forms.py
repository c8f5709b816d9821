"""Versions of a form for administrators: the list, what changed, trying it out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core import signing
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalogue.models import Offering
from common.actor import Actor
from forms import preview, versions
from forms.definitions import load
from forms.models import Attachment, Draft, FormVersion
from identity.models import User
from tests.factories import cases as make
from tests.factories import people
from tests.forms.versions_of import changed, edited, offer, without
from tests.portal import steps

Desk = Callable[[User], Client]

pytestmark = pytest.mark.usefixtures("japanese")


@pytest.fixture
def offering(town: Any) -> Offering:
    return make.offering()


@pytest.fixture
def admin(town: Any, desk: Desk) -> Client:
    return desk(people.admin())


def text_of(client: Client, name: str, *arguments: Any) -> str:
    answer = client.get("/en" + reverse(f"desk:{name}", args=arguments))
    assert answer.status_code == 200
    return answer.content.decode()


def test_forms_are_listed_and_linked_from_the_office(admin: Client, offering: Offering) -> None:
    text = text_of(admin, "forms")
    assert offering.title.in_language("en") in text
    assert reverse("desk:form_versions", args=[offering.pk]) in text
    assert reverse("desk:office") in text_of(admin, "inbox")
    assert reverse("desk:forms") in text_of(admin, "office")


def test_caseworker_has_no_forms_in_the_office(town: Any, desk: Desk) -> None:
    client = desk(people.caseworker())
    assert reverse("desk:forms") not in text_of(client, "office")
    assert client.get(reverse("desk:forms")).status_code == 403


def test_versions_say_when_by_whom_and_why(admin: Client, offering: Offering) -> None:
    editor = people.admin()
    data = edited(offering.form_version.form.as_json(), without("place_detail"))
    newer = versions.publish(load(data), note="<b>No detail</b>", by=Actor.of(editor))
    text = text_of(admin, "form_versions", offering.pk)
    assert "&lt;b&gt;No detail&lt;/b&gt;" in text
    assert editor.name in text
    compare = reverse("desk:form_compare", args=[offering.pk])
    assert f"{compare}?from={newer.number - 1}&amp;to={newer.number}" in text
    assert "?from=None" not in text
    assert '&amp;to=1"' not in text  # the first has nothing before it


def compared(client: Client, offering: Offering, **query: Any) -> str:
    answer = client.get("/en" + reverse("desk:form_compare", args=[offering.pk]), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_comparison_is_readable(admin: Client, offering: Offering) -> None:
    offer(
        offering,
        without("place_detail"),
        changed("hours", label={"ja": "時間帯", "en": "<i>Time</i>"}),
    )
    text = compared(admin, offering)
    for said in ("Where in the park?", "gone", "&lt;i&gt;Time&lt;/i&gt;", "時間帯", "Hours"):
        assert said in text


def test_any_two_versions_are_compared_by_the_address(admin: Client, offering: Offering) -> None:
    first = offering.form_version.number
    offer(offering, changed("hours", label={"ja": "時間帯", "en": "Time of day"}))
    newest = offer(offering, without("place_detail"))
    with CaptureQueriesContext(connection) as captured:
        over_both = compared(admin, offering, **{"from": first, "to": newest.number})
    asked = [one["sql"] for one in captured if "forms_formversion" in one["sql"]]
    assert len(asked) == 3  # the offering's, the list, the two: however many there are
    assert "Time of day" in over_both
    assert "Where in the park?" in over_both
    assert f'<option value="{first}" selected>' in over_both
    assert f'<option value="{newest.number}" selected>' in over_both
    last_only = compared(admin, offering, to=newest.number)
    assert "Time of day" not in last_only
    assert "Where in the park?" in last_only
    backwards = compared(admin, offering, **{"from": newest.number, "to": first})
    assert "new</span> Where in the park?" in backwards
    assert "Nothing differs" in compared(admin, offering, **{"from": first, "to": first})


@pytest.mark.parametrize("number", ["0", "99", "x", "²", "-1", "1" * 40])
def test_version_that_does_not_exist_is_not_there(
    admin: Client, offering: Offering, number: str
) -> None:
    path = reverse("desk:form_compare", args=[offering.pk])
    assert admin.get(path, {"to": number}).status_code == 404
    assert admin.get(path, {"from": number}).status_code == 404


def test_first_version_has_nothing_to_compare_with(admin: Client, offering: Offering) -> None:
    FormVersion.objects.filter(key=offering.form_version.key).exclude(
        pk=offering.form_version_id
    ).delete()
    assert "nothing to compare it with" in compared(admin, offering)


def test_caseworker_sees_from_a_case_what_changed_since(
    town: Any, desk: Desk, offering: Offering
) -> None:
    case = make.submitted_case(of=offering)
    client = desk(people.caseworker(at=case.department))
    path = "/en" + reverse("desk:case", args=[case.pk])
    assert "What changed in the form" not in client.get(path).content.decode()
    newer = offer(offering, changed("hours", label={"ja": "時間帯", "en": "Time of day"}))
    page = client.get(path).content.decode()
    sent = case.application.version.number
    assert f"Sent with version {sent}; version {newer.number} is in use" in page
    link = reverse("desk:form_compare", args=[offering.pk])
    assert f"{link}?from={sent}&amp;to={newer.number}" in page
    text = compared(client, offering, **{"from": sent, "to": newer.number})
    assert "Time of day" in text
    assert reverse("desk:form_preview", args=[newer.pk]) not in text  # an administrator's


# --- trying out -------------------------------------------------------------------------------
class Tryout:
    """A preview in a browser: what the page holds is sent back with what is typed."""

    def __init__(self, client: Client, version: FormVersion) -> None:
        self.client, self.url = client, "/en" + reverse("desk:form_preview", args=[version.pk])
        self.see(client.get(self.url))

    def see(self, answer: Any) -> None:
        assert answer.status_code == 200
        self.shown = answer.context["shown"]
        self.text = answer.content.decode()

    def post(self, **fields: Any) -> None:
        page = self.shown.page
        hidden = {"_answers": self.shown.token, "_step": page.step_id if page else preview.END}
        if page:
            hidden |= {"_seen": page.seen, "_shown": page.shown, "_version": page.version}
        self.see(self.client.post(self.url, {**hidden, **fields}))

    def asked(self) -> set[str]:
        return {line.label for line in self.shown.asked if line.asked}


def test_form_is_walked_in_memory_only(admin: Client, offering: Offering) -> None:
    before = (Draft.objects.count(), Attachment.objects.count())
    tryout = Tryout(admin, offering.form_version)
    assert "Nothing is stored and nothing is sent." in tryout.text
    assert tryout.shown.page.step_id == "applicant"
    tryout.post()
    assert tryout.shown.page.step_id == "applicant"  # as a resident would be told
    assert tryout.shown.page.errors
    tryout.post(_go="activity")
    tryout.post(**steps.ACTIVITY)
    assert tryout.shown.page.step_id == "documents"
    cameras = offering.form_version.form.question("cameras").label.in_language("en")
    assert cameras in tryout.asked()
    tryout.post(site_plan=steps.picture(), _go=preview.END)
    assert tryout.shown.page is None
    assert tryout.shown.answers["act_type"] == "photography"
    assert "A resident could not send this." in tryout.text
    assert "地域の紹介番組の撮影" in tryout.text
    tryout.post(_go="activity")
    assert "地域の紹介番組の撮影" in tryout.text
    assert (Draft.objects.count(), Attachment.objects.count()) == before


def test_conditions_are_shown_and_follow_the_answers(admin: Client, offering: Offering) -> None:
    tryout = Tryout(admin, offering.form_version)
    assert "Name of the organisation" not in tryout.asked()
    assert "<code>for_organisation</code>" in tryout.text
    tryout.post(for_organisation="yes", phone="090-1234-5678")
    assert "Name of the organisation" in tryout.asked()


def test_complete_form_shows_the_fee(admin: Client, offering: Offering) -> None:
    version = offer(offering, without("site_plan"), changed("name", concept=None))
    tryout = Tryout(admin, version)
    day = steps.place_fields(Draft(version=version))
    person = {
        "name": "山田 花子", "birth_date-year": "1990", "birth_date-month": "4",
        "birth_date-day": "1", "address-postalCode": "165-0026", "address-prefecture": "東京都",
        "address-city": "中野区", "address-streetAddress": "新井1-1",
    }  # fmt: skip
    for step_id in [step.id for step in version.form.steps]:
        if tryout.shown.page is None:
            break
        assert tryout.shown.page.errors == [], step_id
        tryout.post(**person, **steps.APPLICANT, **day, **steps.ACTIVITY, agreed="yes")
    assert tryout.shown.page is None
    assert tryout.shown.problems == []
    assert "A resident could send this." in tryout.text
    assert "¥" in tryout.text


@pytest.mark.parametrize(
    "fields",
    [
        {"_step": "place", "_answers": "made-up"},
        {"_step": "place", "_answers": signing.dumps(["x", {"park": 1}], salt="forms.preview")},
        {"_step": "place", "_answers": signing.dumps(7, salt="forms.preview")},
        {"_step": "-", "_answers": ""},
        {"_step": ""},
    ],
)
def test_answers_that_are_not_ours_are_none(
    admin: Client, offering: Offering, fields: dict[str, str]
) -> None:
    url = reverse("desk:form_preview", args=[offering.form_version_id])
    answer = admin.post(url, fields)
    assert answer.status_code == 200
    assert answer.context["shown"].answers == {}


def test_step_that_does_not_exist_is_not_there(admin: Client, offering: Offering) -> None:
    url = reverse("desk:form_preview", args=[offering.form_version_id])
    assert admin.get(url, {"step": "nothing"}).status_code == 404
    assert admin.post(url, {"_step": "nothing"}).status_code == 404
    assert admin.post(url, {"_step": "place", "_go": "nothing"}).status_code == 404
    assert admin.get(url, {"step": "place"}).context["shown"].page.step_id == "place"


def test_every_published_version_can_be_tried_out_step_by_step(
    admin: Client, offering: Offering
) -> None:
    make.offering("child_allowance")
    for version in FormVersion.objects.all():
        tryout = Tryout(admin, version)
        for step in version.form.steps:
            tryout.post(_go=step.id)
            assert tryout.shown.page.step_id == step.id
