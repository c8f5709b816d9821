"""Texts that departments keep, and picking them without losing what was typed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import LedgerEntry
from cases import message_templates as kept
from cases.models import Application, Case, MessageTemplate, ThreadMessage
from catalogue.registry import catalogue
from catalogue.template import StandardText
from common import kept as process
from identity.models import Role, User
from tests.cases.test_threads import hidden
from tests.factories import cases as make
from tests.factories import people

Desk = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _afresh() -> None:
    process.forget()


def _keep(purpose: str = "message", **texts: str) -> MessageTemplate:
    row = kept.keep(
        template=MessageTemplate(department=people.department()),
        name="下見",
        purpose=purpose,
        texts=texts or {"ja": "{receipt_number}の下見です。"},
        by=people.staff(Role.LEAD),
    )
    process.forget()
    return row


def test_a_lead_keeps_texts_of_the_own_department(town: Any, desk: Desk) -> None:
    lead = people.staff(Role.LEAD)
    client, path = desk(lead), "/en" + reverse("desk:template_new")
    wrong = {"name": "", "purpose": "message", "text-ja": "{reciept_number} {% x %}"}
    answer = client.post(path, wrong)
    assert answer.status_code == 422
    html = answer.content.decode()
    assert "There is no field “reciept_number”" in html
    assert "Did you mean “receipt_number”?" in html
    assert "{reciept_number}" in html
    assert client.post(path, {**wrong, "name": "下見", "text-ja": "文"}).status_code == 302
    row = MessageTemplate.objects.get()
    assert (row.department.key, row.languages) == ("permits", ["ja"])
    assert "下見" in client.get("/en/desk/templates/").content.decode()
    assert client.post(path, {**wrong, "name": "下見", "text-ja": "文"}).status_code == 422
    elsewhere = desk(people.staff(Role.LEAD, at="child_welfare"))
    own = reverse("desk:template", args=[row.pk])
    assert elsewhere.get(own).status_code == 404
    assert "下見" not in elsewhere.get(reverse("desk:templates")).content.decode()
    assert client.post(own, {"remove": "1"}).status_code == 302
    assert not MessageTemplate.objects.exists()
    events = LedgerEntry.objects.filter(event__startswith="message_template.")
    assert [each.event for each in events.order_by("pk")] == [
        "message_template.kept", "message_template.removed",
    ]  # fmt: skip


def test_picked_for_a_message_and_edited(town: Any, desk: Desk) -> None:
    row, case = _keep(), make.claimed_case()
    assert case.assigned_to is not None
    client, path = desk(case.assigned_to), "/en" + reverse("desk:thread_new", args=[case.pk])
    html = client.get(path).content.decode()
    assert "下見" in html
    fields = {**hidden(html), "subject": "件名", "text": "書きかけ", "template": str(row.pk)}
    answer = client.post(path, {**fields, "put_in": "1"})
    assert answer.status_code == 200
    html = answer.content.decode()
    text = re.search(r"<textarea[^>]*>(.*?)</textarea>", html, re.S)
    assert text
    assert "書きかけ" in text[1]
    assert f"{case.application.receipt_number}の下見です。" in text[1]
    assert 'value="件名"' in html
    assert "f-summary" not in html
    assert not ThreadMessage.objects.exists()


def test_the_list_says_which_language_is_missing(town: Any, desk: Desk) -> None:
    _keep(ja="文", en="")
    case = make.claimed_case(resident=people.resident(language="en"))
    assert Application.objects.get(pk=case.application_id).language == "en"
    own = [each.label for each in kept.for_case(case, "message") if each.name == "下見"]
    assert own
    assert own != ["下見"]
    standard = kept.for_case(case, "correction")[0]
    assert standard.text.startswith("The site plan does not show the size")
    case.application.language = "ja"
    assert [each.label for each in kept.for_case(case, "message") if each.name == "下見"] == [
        "下見"
    ]


def test_picked_for_a_correction_with_everything_else_kept(town: Any, desk: Desk) -> None:
    case = make.claimed_case()
    assert case.assigned_to is not None
    answer = desk(case.assigned_to).post(
        reverse("desk:correct", args=[case.pk]),
        {
            "question_ids": ["site_plan"], "message": "まず。", "due_on": "2030-01-01",
            "template": "standard-0", "put_in": "1", "lock": case.lock,
        },
    )  # fmt: skip
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "まず。\n位置図に、設置されるテントの大きさ" in html
    assert 'value="2030-01-01"' in html
    assert re.search(r'value="site_plan" checked', html)
    assert Case.objects.get(pk=case.pk).stage == "review"


@pytest.mark.parametrize(
    ("panel", "purpose", "field"),
    [("refuse", "grounds", "reason"), ("approve", "conditions", "own")],
)
def test_picked_for_a_decision(town: Any, desk: Desk, panel: str, purpose: str, field: str) -> None:
    row = _keep(purpose, ja="{service}の文。", en="never in a letter")
    case = make.claimed_case(resident=people.resident(language="en"))
    assert case.assigned_to is not None
    answer = desk(case.assigned_to).post(
        reverse(f"desk:{panel}", args=[case.pk]),
        {"standard": [str(row.pk)], field: "自分の文。", "put_in": "1", "lock": case.lock},
    )
    assert "自分の文。\n公園内行為許可の文。" in answer.content.decode()


def test_standard_texts_name_fields_that_exist() -> None:
    services = [template.service for _key, template in catalogue().items()]
    assert {each.key for each in services if each.standard_corrections} >= {
        "park_use", "child_allowance",
    }  # fmt: skip
    with pytest.raises(ValueError, match="nobody"):
        StandardText.model_validate({"name": {"ja": "名"}, "text": {"ja": "{nobody}"}})
