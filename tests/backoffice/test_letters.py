"""Letters at the desk: preview, prepared texts, editions, issuing anew, revoking, printing."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.urls import reverse
from django.utils import timezone

from cases.models import Decision, PrintRun, Replacement, Revocation
from catalogue import prepared_texts
from common import outbox
from common.actor import SYSTEM
from identity.models import Role
from tests.documents.test_pdf import text_of
from tests.factories import cases as make
from tests.factories import people


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.outbox._wake_worker", lambda: None)


def url(name: str, case: Any, *more: Any) -> str:
    return reverse(f"desk:{name}", args=[case.pk, *more])


def refused_case() -> Any:
    decision = make.decision_on(make.claimed_case(), "refused")
    assert outbox.drain().failed == 0
    return decision.case


def test_a_preview_shows_what_was_typed_and_decides_nothing(desk: Any, town: Any) -> None:
    case = make.claimed_case()
    browser = desk(people.caseworker())
    answer = browser.post(url("letter_preview", case, "refuse"), {"reason": "試しの理由です。"})
    assert answer["Content-Type"] == "application/pdf"
    assert "試しの理由です。" in text_of(b"".join(answer.streaming_content))
    assert not Decision.objects.exists()


def test_a_preview_of_what_cannot_be_keeps_what_was_typed(desk: Any, town: Any) -> None:
    case = make.claimed_case()
    typed = {"own": "条件その一", "parts": ["2001-01-01"], "part_grounds": "理由"}
    answer = desk(people.caseworker()).post(url("letter_preview", case, "approve"), typed)
    assert answer.status_code == 422
    assert "条件その一" in answer.content.decode()
    assert desk(people.caseworker()).post(url("letter_preview", case, "x"), {}).status_code == 404


def test_picked_texts_are_put_into_the_field_and_nothing_is_done(desk: Any, town: Any) -> None:
    case = make.claimed_case()
    prepared_texts.keep(
        offering=case.offering, kind="grounds", lines=["町の理由。", " "], by=SYSTEM
    )
    browser = desk(people.caseworker())
    data = {"lock": case.lock, "reason": "書いた理由。", "standard": ["0", "2"], "put_in": "1"}
    page = BeautifulSoup(browser.post(url("refuse", case), data).content, "html.parser")
    field = page.find(id="refuse-reason")
    assert field is not None
    lines = field.text.strip().splitlines()
    assert (lines[0], lines[2]) == ("書いた理由。", "町の理由。")
    assert not Decision.objects.exists()


def test_picked_grounds_are_part_of_the_reason(desk: Any, town: Any) -> None:
    case = make.claimed_case()
    data = {"lock": case.lock, "reason": "", "standard": ["0"], "confirmed": "1"}
    assert desk(people.caseworker()).post(url("refuse", case), data).status_code == 302
    assert Decision.objects.get().reason.startswith("申請のあった日時は")


def test_adopting_a_service_anew_keeps_the_prepared_texts(town: Any) -> None:
    from catalogue import offerings

    offering = make.offering()
    prepared_texts.keep(offering=offering, kind="conditions", lines=["町の条件。"], by=SYSTEM)
    again = offerings.adopt("park_use", by=SYSTEM, department=people.department())
    assert prepared_texts.own(again, "conditions") == ["町の条件。"]


def test_letters_of_a_case_are_listed_and_issued_anew(desk: Any, town: Any) -> None:
    case = refused_case()
    browser = desk(people.caseworker())
    page = browser.get(url("letters", case)).content.decode()
    assert "公園内行為不許可通知書" in page
    lock = BeautifulSoup(browser.get(url("letter_replace", case)).content, "html.parser").find(
        "input", {"name": "lock"}
    )
    assert lock is not None
    data = {"lock": lock["value"], "kind": "correction", "note": ""}
    answer = browser.post(url("letter_replace", case), data)
    assert answer.status_code == 422
    assert not Replacement.objects.exists()
    data |= {"note": "氏名の訂正", "reason": "正しい理由。"}
    assert browser.post(url("letter_replace", case), data).status_code == 302
    assert outbox.drain().failed == 0
    assert "第2版" in browser.get(url("letters", case)).content.decode()


def test_a_page_from_before_somebody_elses_change_does_nothing(desk: Any, town: Any) -> None:
    case = refused_case()
    data = {"lock": "1", "kind": "reissue", "note": ""}
    assert desk(people.caseworker()).post(url("letter_replace", case), data).status_code == 409
    assert not Replacement.objects.exists()


def test_a_lead_revokes_with_grounds(desk: Any, town: Any) -> None:
    case = make.claimed_case(of=make.offering("child_allowance"))
    make.decision_on(case)
    assert outbox.drain().failed == 0
    browser = desk(people.staff(Role.LEAD, at=case.department, name="課長 一"))
    page = BeautifulSoup(browser.get(url("letter_revoke", case)).content, "html.parser")
    lock = page.find("input", {"name": "lock"})
    assert lock is not None
    for day, status in (("32.13.2026", 422), (timezone.localdate().isoformat(), 302)):
        data = {"lock": lock["value"], "grounds": "要件を欠くため。", "effective_on": day}
        assert browser.post(url("letter_revoke", case), data).status_code == status
    assert Revocation.objects.get().grounds == "要件を欠くため。"


def test_letters_of_a_day_are_printed_by_their_department(desk: Any, town: Any) -> None:
    case = refused_case()
    letter = case.decision.issued_letters.get()
    here = reverse("desk:printing")
    data = {
        "department": "permits",
        "day": timezone.localdate().isoformat(),
        "letters": [str(letter.pk)],
    }
    browser = desk(people.caseworker())
    assert browser.post(here, {**data, "letters": []}).status_code == 422
    assert browser.post(here, data).status_code == 302
    assert outbox.drain().failed == 0
    run = PrintRun.objects.get()
    assert browser.get(reverse("desk:print_run", args=[run.pk])).status_code == 200
    stranger = desk(people.caseworker(at=people.department("parks"), name="別の 課"))
    assert stranger.get(reverse("desk:print_run", args=[run.pk])).status_code == 404
    # Of its own department and day, whatever is asked for.
    assert stranger.post(here, data).status_code == 422
    assert browser.get(f"{here}?day=nonsense&department=x").status_code == 200
