"""The case page: what it shows to whom, and what reading it leaves behind."""

from __future__ import annotations

import hashlib
import html
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from PIL import Image

from audit.models import LedgerEntry
from cases import actions
from cases.models import Case
from common import outbox
from forms.models import Attachment
from identity.models import User
from tests.factories import cases as make
from tests.factories import people
from tests.forms.versions_of import changed, offer, without

Desk = Callable[[User], Client]


def _page(client: Client, case: Case) -> str:
    with translation.override("en"):
        response = client.get(reverse("desk:case", args=[case.pk]))
    assert response.status_code == 200
    return response.content.decode()


def test_facts_with_provenance_files_fee_and_diagram(town: Any, desk: Desk) -> None:
    case = make.claimed_case()
    page = _page(desk(people.caseworker()), case)
    for text in (
        case.application.receipt_number,
        "山田 花子",
        "Verified by eID",
        "From your eID, not verified",
        "位置図.pdf",
        "Filming, ¥",
        "Where the case stands",
        "diagram__stage--now",
        "We received your application",
        "in 6 working days",
    ):
        assert text in page, text
    assert reverse("desk:attachment", args=[case.pk, case.answers["site_plan"][0]]) in page


def test_staff_can_unfold_why_something_was_asked_or_computed(town: Any, desk: Desk) -> None:
    case = make.claimed_case()
    page = html.unescape(_page(desk(people.caseworker()), case))
    for title, line in (
        ("Why this was asked", "“What will you do?” is “Filming or photography”"),
        ("How this was computed", "“Last day” is “"),
    ):
        assert f"<summary>{title}</summary>" in page
        assert f"<li>{line}" in page
    assert "<details open" not in page.partition("<main")[2].partition("<aside")[0]


def test_reading_is_in_the_ledger_with_its_purpose(town: Any, desk: Desk) -> None:
    consultation = make.consulted_case()
    case, worker, asked = consultation.case, people.caseworker(), people.consultee()
    for user, purpose in ((worker, "processing"), (asked, "consultation")):
        _page(desk(user), case)
        entry = LedgerEntry.objects.get(event="case.opened", actor_id=str(user.pk))
        assert (entry.about, entry.purpose) == (case.resident_id, purpose)


def test_consultee_sees_the_matter_and_not_the_person(town: Any, desk: Desk) -> None:
    consultation = make.consulted_case()
    page = _page(desk(people.consultee()), consultation.case)
    for text in (
        "地域の紹介番組の撮影",
        "位置図.pdf",
        "通行に支障はありませんか",
        "Give an opinion",
    ):
        assert text in page, text
    for text in (
        "山田",
        "ヤマダ",
        "1985",
        "千代田",
        "090-1234",
        "hanako@",
        'data-key="a"',
        "Filming, ¥",
    ):
        assert text not in page, text


def test_consultee_does_not_see_the_other_opinions(town: Any, desk: Desk) -> None:
    consultation = make.consulted_case()
    case = Case.objects.get(pk=consultation.case_id)
    actions.request_consultation(
        case=case,
        department=people.department("police"),
        question="秘密の質問",
        by=case.assigned_to,
    )
    assert "秘密の質問" not in _page(desk(people.consultee()), case)
    assert "秘密の質問" in _page(desk(people.caseworker()), case)


def test_correction_shows_before_and_after(town: Any, desk: Desk) -> None:
    case = make.claimed_case()
    for purpose in ("二つ目の目的", "三つ目の目的"):
        correction = make.correction_of(Case.objects.get(pk=case.pk), by=case.assigned_to)
        make.answered_correction(correction, purpose=purpose)
    page = _page(desk(people.caseworker()), case)
    changes = re.findall(r"<del>(.*?)</del>.*?<ins>(.*?)</ins>", page, re.S)
    assert changes == [
        ("地域の紹介番組の撮影", "二つ目の目的"),
        ("二つ目の目的", "三つ目の目的"),
    ]


def test_disabled_actions_say_why(town: Any, desk: Desk) -> None:
    page = _page(desk(people.caseworker()), make.submitted_case())
    off = re.findall(r'disabled aria-describedby="(\w+)-reason"', page)
    assert off == ["consult", "correct", "approve", "refuse", "extend"]
    assert "This is not possible while the case is at “Received”." in page
    assert page.count('class="act__reason"') == 5


def test_every_action_shows_its_key(town: Any, desk: Desk) -> None:
    page = _page(desk(people.caseworker()), make.claimed_case())
    keys = re.findall(r'data-key="(\w)" accesskey="(\w)"', page)
    assert all(first == second for first, second in keys)
    assert {first for first, _ in keys} >= {"c", "s", "h", "a", "r", "u"}


def test_case_on_ones_own_desk_cannot_be_taken_again(town: Any, desk: Desk) -> None:
    case = make.claimed_case()
    assert case.assigned_to is not None
    page = _page(desk(case.assigned_to), case)
    assert "This case is on your desk already." in page


@pytest.mark.parametrize("stage", ["decided", "refused"])
def test_closed_case_shows_the_decision_and_the_letter(
    town: Any, desk: Desk, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("common.outbox._wake_worker", lambda: None)
    case = make.claimed_case(answers={"fee_waiver": True, "waiver_reason": "community"})
    if stage == "decided":
        decision = make.decision_on(case, waive_fee=True)
    else:
        decision = make.decision_on(case, "refused")
    client = desk(people.caseworker())
    assert "It follows by itself." in _page(client, case)
    letter = reverse("desk:letter", args=[case.pk])
    assert client.get(letter).status_code == 404
    outbox.drain()
    page = _page(client, case)
    assert decision.number in page
    assert "Download the letter" in page
    assert "Request a correction" not in page
    assert 'id="actions-title"' not in page
    response = client.get(letter)
    assert b"".join(response.streaming_content).startswith(b"%PDF")
    assert LedgerEntry.objects.filter(event="letter.opened", object_id=str(case.pk)).exists()


def test_file_is_handed_out_safely_and_noted(town: Any, desk: Desk) -> None:
    case, user = make.claimed_case(), people.caseworker()
    file_id = case.answers["site_plan"][0]
    response = desk(user).get(reverse("desk:attachment", args=[case.pk, file_id]))
    assert b"".join(response.streaming_content) == make.PDF
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Disposition"].startswith("attachment;")
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "no-store" in response["Cache-Control"]
    entry = LedgerEntry.objects.get(event="attachment.opened", actor_id=str(user.pk))
    assert entry.data == {"attachment": file_id}


def test_small_picture_is_part_of_the_page_alone(town: Any, desk: Desk) -> None:
    """Staff see it on the case's page, whose opening is noted, and by no other address."""
    case, user = make.claimed_case(), people.caseworker()
    file = Attachment.objects.get(pk=case.answers["site_plan"][0])
    assert f"<code>{file.sha256[:8]}</code>" in _page(desk(user), case)
    content = io.BytesIO()
    Image.new("RGB", (900, 600), "navy").save(content, "JPEG")
    file.content_type, file.sha256 = (
        "image/jpeg",
        hashlib.sha256(content.getvalue()).hexdigest(),
    )
    file.size = len(content.getvalue())
    file.file.save("a.jpg", ContentFile(content.getvalue()), save=False)
    file.save()
    client, path = desk(user), reverse("desk:thumbnail", args=[case.pk, file.pk])
    assert client.get(path).status_code == 404
    found = re.search(r'<img src="([^"]+/small/\?page=[^"]+)"', _page(client, case))
    assert found
    answer = client.get(html.unescape(found[1]))
    assert answer["Cache-Control"] == "private, no-store"
    with Image.open(io.BytesIO(b"".join(answer.streaming_content))) as small:
        assert max(small.size) <= 192
    other = desk(people.caseworker())
    assert other.get(html.unescape(found[1])).status_code == 404
    Attachment.objects.filter(pk=file.pk).update(sha256="0" * 64)
    assert client.get(html.unescape(found[1])).status_code == 404


def test_damaged_file_is_not_handed_out(town: Any, desk: Desk) -> None:
    case = make.claimed_case()
    file_id = case.answers["site_plan"][0]
    Attachment.objects.filter(pk=file_id).update(sha256="0" * 64)
    response = desk(people.caseworker()).get(reverse("desk:attachment", args=[case.pk, file_id]))
    assert response.status_code == 410
    assert not LedgerEntry.objects.filter(event="attachment.opened").exists()


def test_answer_is_never_markup(town: Any, desk: Desk) -> None:
    case = make.claimed_case(answers={"purpose": "<script>alert(1)</script>"})
    page = _page(desk(people.caseworker()), case)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_colleague_who_has_the_case_open_is_named_without_any_script(town: Any, desk: Desk) -> None:
    case = make.consulted_case().case
    first, second = desk(people.caseworker(name="小川 春")), desk(people.caseworker())
    assert "has this case open" not in _page(first, case)
    assert "小川 春 has this case open, too." in _page(second, case)
    asked = _page(desk(people.consultee(name="上田 緑")), case)
    assert "has this case open" not in asked
    assert "上田 緑 has this case open" not in _page(first, case)


def test_statements_stay_the_same_with_more_of_everything(town: Any, desk: Desk) -> None:
    consultation = make.consulted_case()
    case = Case.objects.get(pk=consultation.case_id)
    client = desk(people.caseworker())
    _page(client, case)
    counts = []
    for offices in (["one"], ["two", "three"]):  # one of everything, then three
        for number, name in enumerate(offices):
            office = people.department(name)
            actions.request_consultation(
                case=Case.objects.get(pk=case.pk),
                department=office,
                question="?",
                by=consultation.asked_by,
            )
            correction = make.correction_of(Case.objects.get(pk=case.pk), by=consultation.asked_by)
            make.answered_correction(correction, purpose=f"目的 {number}")
            make.submitted_case(resident=people.resident(name=f"{number} 郎"))
        with CaptureQueriesContext(connection) as statements:
            _page(client, case)
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 15


def test_list_beside_the_case_keeps_its_filter(town: Any, desk: Desk) -> None:
    case = make.claimed_case()
    assert case.assigned_to is not None
    client = desk(case.assigned_to)
    page = client.get(f"/en/desk/cases/{case.pk}/", {"view": "mine"})
    assert page.context["back"] == "/en/desk/?view=mine"
    address = re.search(r'data-load="([^"]+/beside/[^"]*)"', page.content.decode())
    assert address is not None
    beside = client.get(html.unescape(address[1]))
    assert [line.case.pk for line in beside.context["lines"]] == [case.pk]
    assert beside.content.decode().count('aria-current="page"') == 1
    other = make.submitted_case()
    assert str(other.pk) not in client.get(html.unescape(address[1])).content.decode()


def test_list_beside_no_case_in_particular(town: Any, desk: Desk) -> None:
    make.submitted_case()
    for address in ("/desk/beside/", "/desk/beside/?case=x"):
        page = desk(people.caseworker()).get(address)
        assert len(page.context["lines"]) == 1
        assert "aria-current" not in page.content.decode()


def test_case_is_shown_in_the_words_it_was_sent_with(town: Any, desk: Desk) -> None:
    """The form has changed since: other labels, options and units, a question less."""
    case, client = make.claimed_case(), desk(people.caseworker())
    before = _page(client, case).partition("<main")[2]
    assert "Where in the park?" in before
    offer(
        case.offering,
        without("place_detail"),
        changed("hours", label={"ja": "時間帯", "en": "Time of day"}),
        changed("area_m2", unit={"ja": "坪", "en": "tsubo"}),
        changed("park", choices=[{"value": "moon", "label": {"ja": "月", "en": "The Moon"}}]),
    )
    after = _page(client, case).partition("<main")[2]
    # But for the line that says so, with the way to what changed.
    said = re.compile(r"<div><dt>Form</dt><dd>Sent with version [^\n]*</dd></div>\n|\n(?=</dl>)")
    assert after.count("Sent with version") == 1
    token = re.compile(r'name="csrfmiddlewaretoken" value="[^"]*"')
    assert token.sub("", said.sub("", after)) == token.sub("", said.sub("", before))
