"""Corrections: their day, what changed, and which opinions rest on old answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.models import LedgerEntry
from cases import actions, alarms, opinions
from cases.models import Case
from common import outbox
from common.actor import Actor
from common.errors import Conflict, InvalidInput, NotAllowed
from forms import pages
from forms.models import Draft
from identity.models import User
from notifications.models import Message
from tests.cases.test_declared import asking, one
from tests.factories import cases as make
from tests.factories import people


@pytest.fixture(autouse=True)
def _quiet(japanese: None, settings: Any) -> None:
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture
def desk(town: Any, client_for: Callable[..., Client]) -> Callable[[User], Client]:
    return lambda user: people.sign_in_staff(client_for(town), user)


def _told() -> list[str]:
    alarms.find_corrections()
    outbox.drain()
    kinds = ["correction_reminder", "correction_overdue"]
    return sorted(Message.objects.filter(kind__in=kinds).values_list("kind", flat=True))


def test_reminder_before_the_day_and_word_to_the_office_after(
    town: Any, desk: Callable[[User], Client], client_for: Callable[..., Client]
) -> None:
    case = make.claimed_case()
    worker, path = case.assigned_to, reverse("desk:correct", args=[case.pk])
    assert worker is not None
    client = desk(worker)
    typed = {"question_ids": ["purpose"], "message": "目的を。", "lock": case.lock}
    for wrong in ("2020-01-01", "きのう", str(timezone.localdate())):
        answer = client.post("/en" + path, {**typed, "due_on": wrong})
        assert answer.status_code == 422
        assert "correct-due_on" in answer.content.decode()
        assert "目的を。" in answer.content.decode()
    due = timezone.localdate() + timedelta(days=20)
    assert client.post(path, {**typed, "due_on": str(due)}).status_code == 302
    outbox.drain()
    asked = Message.objects.get(kind="correction_requested")
    assert f"{due.year}年{due.month}月{due.day}日" in str(asked.body)
    page = client_for(town, case.resident).get(f"/en/applications/{case.pk}/").content.decode()
    assert "Please answer by" in page

    def on(day: date) -> Any:
        return time_machine.travel(
            datetime(day.year, day.month, day.day, 10, tzinfo=ZoneInfo("Asia/Tokyo")), tick=False
        )

    assert _told() == []
    with on(due - timedelta(days=1)):
        assert _told() == _told() == ["correction_reminder"]
    with on(due + timedelta(days=1)):
        assert _told() == _told() == ["correction_overdue", "correction_reminder"]
    assert Message.objects.get(kind="correction_overdue").recipient == worker
    assert Case.objects.get(pk=case.pk).closed_at is None


def test_what_was_answered_needs_no_reminder(town: Any) -> None:
    case = make.claimed_case()
    assert case.assigned_to is not None
    correction = actions.request_correction(
        case=case,
        question_ids=["purpose"],
        message="?",
        by=case.assigned_to,
        due_on=timezone.localdate() + timedelta(days=3),
    )
    make.answered_correction(correction, purpose="別の目的")
    with time_machine.travel(timezone.now() + timedelta(days=9)):
        assert _told() == []


def test_differences_by_entry_and_by_content(town: Any, desk: Callable[[User], Client]) -> None:
    case = make.claimed_case(of=make.offering("child_allowance"))
    (child,) = case.answers["children"]
    second = {**child, "child_name": "山田 海"}
    correction = make.correction_of(case, question_ids=("children",))
    make.answered_correction(correction, children=[{**child, "child_kana": "ヤマダ クウ"}, second])
    assert case.assigned_to is not None
    page = desk(case.assigned_to).get(f"/desk/cases/{case.pk}/").content.decode()
    table = page[page.index('class="changed"') - 600 :]
    assert "ヤマダ ソラ</del>" in table
    assert "ヤマダ クウ</ins>" in table
    assert "<ins>山田 海</ins>" in table
    assert "<del>山田 空" not in page  # it did not change


def test_the_same_file_again_is_no_difference(town: Any, desk: Callable[[User], Client]) -> None:
    case = make.claimed_case()
    assert case.assigned_to is not None
    client = desk(case.assigned_to)
    for number, content in enumerate((make.PDF, make.PDF + b"\n")):
        correction = make.correction_of(Case.objects.get(pk=case.pk), question_ids=("site_plan",))
        assert correction.draft is not None
        again = make.attachment(
            correction.draft, "site_plan", filename=f"図{number}.pdf", content=content
        )
        make.answered_correction(correction, site_plan=[str(again.pk)])
        page = client.get(f"/en/desk/cases/{case.pk}/").content.decode()
        assert ("Nothing was changed." in page) is True
        assert (f"図1.pdf ({again.sha256[:8]})</ins>" in page) is (number == 1)


class TestOpinions:
    def _corrected(self, *declared: dict[str, Any], **answers: Any) -> Case:
        """A case whose opinions are all in, then corrected."""
        for each in declared:
            if each["department"]:
                people.department(each["department"])
        case = make.claimed_case(of=make.offering_with(asking(*declared)))
        case = make.opinions_on(case)
        correction = make.correction_of(case, question_ids=tuple(answers))
        make.answered_correction(correction, **answers)
        return Case.objects.get(pk=case.pk)

    def test_that_rest_on_old_answers_are_named_and_asked_again(
        self, town: Any, desk: Callable[[User], Client]
    ) -> None:
        sees = one(1, sees=["park", "purpose"])
        blind = one(2, sees=["park"])
        case = self._corrected(sees, blind, purpose="花火")
        worker = case.assigned_to
        assert worker is not None
        client = desk(worker)
        page = client.get(f"/en/desk/cases/{case.pk}/").content.decode()
        assert page.count("rests on answers that were corrected since") == 1
        assert page.count("Ask again") == 1
        old = case.consultations.get(declared="opinion_1")
        path = reverse("desk:ask_again", args=[case.pk, old.pk])
        assert client.post(path, {"lock": case.lock}).status_code == 302
        # A second press, from an old page.
        assert client.post(path, {"lock": case.lock}).status_code == 409
        made = case.consultations.get(declared="opinion_1", superseded_at=None)
        assert (made.question, made.answered_at, made.required) == (old.question, None, True)
        assert made.due_on is not None
        outbox.drain()
        # The decision waits for the new one; the old objection counts no more.
        with pytest.raises(NotAllowed):
            make.decision_on(Case.objects.get(pk=case.pk), "refused")
        page = client.get(f"/en/desk/cases/{case.pk}/").content.decode()
        assert "old: asked again" in page
        assert "rests on answers" not in page
        make.opinions_on(Case.objects.get(pk=case.pk))
        make.decision_on(Case.objects.get(pk=case.pk), "refused")
        fresh = case.consultations.get(declared="opinion_2")
        with pytest.raises((Conflict, NotAllowed)):
            opinions.ask_again(
                case=Case.objects.get(pk=case.pk), consultation_id=fresh.pk, by=worker, lock=None
            )

    def test_are_asked_again_by_themselves_where_declared(self, town: Any) -> None:
        again = one(1, sees=["purpose"], again=True)
        case = self._corrected(again, one(2, sees=["purpose"]), purpose="花火")
        asked = case.consultations.filter(answered_at=None)
        assert list(asked.values_list("declared", flat=True)) == ["opinion_1"]
        assert not self._open(self._corrected(again, hours="10時から12時"))

    def _open(self, case: Case) -> bool:
        return case.consultations.filter(answered_at=None).exists()

    def test_of_a_department_asked_by_hand_rest_on_everything_but_the_person(
        self, town: Any
    ) -> None:
        consultation = make.consulted_case()
        case = make.opinions_on(Case.objects.get(pk=consultation.case_id))
        assert opinions.outdated(case) == {}
        assert not {"name", "phone"} & opinions.seen(case, consultation)
        make.answered_correction(make.correction_of(case), purpose="花火")
        old = opinions.outdated(Case.objects.get(pk=case.pk))
        assert old == {consultation.pk: ["purpose"]}


def test_a_day_that_is_over_is_refused(town: Any) -> None:
    case = make.claimed_case()
    assert case.assigned_to is not None
    with pytest.raises(InvalidInput):
        actions.request_correction(
            case=case,
            question_ids=["purpose"],
            message="?",
            by=case.assigned_to,
            due_on=timezone.localdate(),
        )


class TestRemarks:
    """What the office says at single questions of a correction."""

    REMARK = "噴水からの距離が<図>にありません。\n長さも書いてください。"

    def _post(self, client: Client, case: Case, **typed: Any) -> Any:
        usual = {"question_ids": ["purpose", "site_plan"], "message": "二か所です。"}
        path = "/en" + reverse("desk:correct", args=[case.pk])
        return client.post(path, {"lock": case.lock, **usual, **typed})

    def test_stand_at_their_question_until_it_is_answered(
        self, town: Any, desk: Callable[[User], Client], client_for: Callable[..., Client]
    ) -> None:
        case = make.claimed_case()
        assert case.assigned_to is not None
        client = desk(case.assigned_to)
        typed = {"remark-site_plan": f"  {self.REMARK.replace(chr(10), chr(13) + chr(10))}\x00 "}
        assert self._post(client, case, **typed).status_code == 302
        correction = case.corrections.get()
        assert correction.remarks == {"site_plan": self.REMARK}
        entry = LedgerEntry.objects.get(event="correction.requested")
        assert entry.data["remarks"] == ["site_plan"]
        assert "噴水" not in str(entry.data)

        desk_page = client.get(f"/en/desk/cases/{case.pk}/").content.decode()
        shown = "噴水からの距離が&lt;図&gt;にありません。<br>長さも書いてください。"
        assert shown in desk_page.partition('id="corrections-title"')[2].partition("</article>")[0]

        outbox.drain()
        told = Message.objects.get(kind="correction_requested")
        assert "指摘がある項目 1件" in told.body["ja"]
        assert "噴水" not in str(told.body)
        browser = client_for(town, case.resident)
        page = browser.get(f"/en/applications/{case.pk}/").content.decode()
        assert "At 1 question there is a remark from the office." in page
        assert "噴水から" not in page

        address = f"/en/applications/{case.pk}/correction/"
        form = browser.get(address).content.decode()
        assert form.count("Remark from the office") == form.count(shown) == 1
        # At the question, before its field, and read out with it.
        plan = form.index('id="f-site_plan-remark"')
        assert form.index('name="purpose"') < plan < form.index('type="file"')
        assert 'aria-describedby="f-site_plan-remark' in form
        empty = browser.post(address, {"_shown": "purpose site_plan", "purpose": ""})
        assert (empty.status_code, shown in empty.content.decode()) == (422, True)

    def test_stay_beside_a_field_that_is_painted_by_itself(self, town: Any) -> None:
        """As after a file that a script has sent."""
        case = make.claimed_case()
        assert case.assigned_to is not None
        correction = actions.request_correction(
            case=case, question_ids=["site_plan"], message="?", by=case.assigned_to,
            remarks={"site_plan": "縮尺を。", "purpose": " ", "nobody_knows": "?"},
        )  # fmt: skip
        assert correction.remarks == {"site_plan": "縮尺を。"}
        draft = Draft.objects.get(pk=correction.draft_id)
        assert "縮尺を。" in pages.field_of(draft, "site_plan", [])

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"remark-hours": "何時からですか。"}, "“Hours” has a remark: choose it, too"),
            ({"remark-purpose": "あ" * 10_000}, "At most 500 characters."),
            ({"message": "い" * 4_001, "remark-purpose": "だれが"}, "At most 4000 characters."),
            ({"lock": "0", "remark-purpose": "だれが"}, "Somebody else changed this case"),
        ],
    )
    def test_nothing_that_was_written_is_lost(
        self, town: Any, desk: Callable[[User], Client], typed: dict[str, str], said: str
    ) -> None:
        case = make.claimed_case()
        assert case.assigned_to is not None
        answer = self._post(desk(case.assigned_to), case, **typed)
        page = answer.content.decode()
        assert answer.status_code == (409 if "lock" in typed else 422)
        assert said in page
        for name, text in typed.items():
            if name.startswith("remark-"):
                assert re.search(rf'name="{name}"[^>]*>{text}</textarea>', page)
        assert 'value="site_plan" checked' in page
        assert not case.corrections.exists()

    def test_cost_no_statement_more(self, town: Any, client_for: Callable[..., Client]) -> None:
        counts = []
        for remarks in ({}, {"purpose": "だれが。", "site_plan": "縮尺を。"}):
            case = make.claimed_case()
            assert case.assigned_to is not None
            actions.request_correction(
                case=case, question_ids=["purpose", "site_plan"], message="?",
                by=case.assigned_to, remarks=remarks,
            )  # fmt: skip
            browser = client_for(town, case.resident)
            for path in ("", "correction/"):
                browser.get(f"/en/applications/{case.pk}/{path}")
                with CaptureQueriesContext(connection) as statements:
                    browser.get(f"/en/applications/{case.pk}/{path}")
                counts.append(len(statements))
        assert counts[:2] == counts[2:]


def test_a_question_that_was_not_asked_cannot_be_corrected(town: Any) -> None:
    case = make.claimed_case()  # for oneself: no organisation
    assert case.assigned_to is not None
    with pytest.raises(InvalidInput) as refused:
        actions.request_correction(
            case=case,
            question_ids=["purpose", "organisation_name"],
            message="?",
            by=case.assigned_to,
        )
    assert list(refused.value.errors) == ["question_ids"]


# --- an application is judged as on the day it came -------------------------------------------
def _later(days: int) -> Any:
    return time_machine.travel(timezone.now() + timedelta(days=days), tick=False)


def test_a_notification_in_time_is_not_late_while_it_is_put_right(
    town: Any, client_for: Callable[..., Client]
) -> None:
    day = (timezone.localdate() + timedelta(days=4)).isoformat()
    case = make.claimed_case(
        of=make.offering("street_stalls"), answers={"use_from": day, "use_to": day}
    )
    with _later(2):  # two days before, where new ones need three
        correction = make.correction_of(case, question_ids=("use_from", "stalls"))
        browser = client_for(town, case.resident)
        here = reverse("portal:correction", args=[case.pk])
        year, month, last = day.split("-")
        typed = {
            "_seen": browser.get(here).context["page"].seen,
            "stalls": "14",
            "use_from-year": year,
            "use_from-month": month,
            "use_from-day": last,
        }
        send = browser.post(here, typed).headers["Location"]
        assert send == reverse("portal:correction_send", args=[case.pk])
        assert browser.post(send).status_code == 302
    fresh = Case.objects.get(pk=case.pk)
    assert (fresh.answers["stalls"], fresh.answers["use_from"]) == (14, day)
    correction.refresh_from_db()
    assert correction.replaced == {"stalls": 12}


def test_what_was_asked_of_an_infant_stays_when_the_child_is_three_meanwhile(town: Any) -> None:
    of = make.offering("child_allowance")
    born = timezone.localdate().replace(day=1, year=timezone.localdate().year - 3)
    usual = make.child_allowance_answers(of)
    child = usual["children"][0] | {"child_birth_date": (born + timedelta(days=40)).isoformat()}
    draft = make.draft_ready_to_send(
        of=of, answers={"pension_type": "employee", "children": [child]}
    )
    draft.answers["insurance_proof"] = [str(make.attachment(draft, "insurance_proof").pk)]
    draft.save(update_fields=["answers"])
    case = actions.submit_application(draft=draft, by=Actor.of(draft.resident), language="ja")
    case = actions.claim_case(case=case, by=people.caseworker(at=case.department))
    assert case.assigned_to is not None
    proof = case.answers["insurance_proof"]
    with _later(60):
        correction = make.correction_of(case, question_ids=("phone",))
        case = make.answered_correction(correction, phone="03-9999-0000")
        assert case.answers["insurance_proof"] == proof
        assert set(case.corrected) == {"phone"}
        # The office can ask for a better copy of it, too.
        assert make.correction_of(case, question_ids=("insurance_proof",)).draft is not None


def test_the_first_check_is_that_of_the_corrected_answers(
    town: Any, desk: Callable[[User], Client]
) -> None:
    today = timezone.localdate()
    late = {"claim_reason": "birth", "event_on": (today - timedelta(days=60)).isoformat()}
    case = make.claimed_case(of=make.offering("child_allowance"), answers=late)
    assert case.assigned_to is not None
    client, here = desk(case.assigned_to), f"/en/desk/cases/{case.pk}/"

    def said() -> str:
        page = client.get(here).content.decode()
        return page[page.index('id="screening-title"') :].partition("</section>")[0]

    assert "More than 15 days have passed" in said()
    assert said().count(">applies<") == 1
    with _later(30):
        correction = make.correction_of(case, question_ids=("event_on",))
        make.answered_correction(correction, event_on=(today - timedelta(days=5)).isoformat())
    assert ">applies<" not in said()
    assert "with the corrected answers" in said()
