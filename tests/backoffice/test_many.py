"""Many cases at once, notes and handing over, absences: over HTTP, forged forms too."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cases import bulk
from cases.models import Case, Decision
from cases.models_desk import Absence, BulkRun
from common.models import OutboxRow
from identity.models import User
from tests.factories import cases as make
from tests.factories import people

Desk = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.outbox._wake_worker", lambda: None)


def _begin(client: Client, *cases: Case) -> str:
    answer = client.post("/en/desk/bulk/", {"case": [str(case.pk) for case in cases]})
    assert answer.status_code == 302
    return str(answer["Location"])


def test_from_the_list_to_the_result(town: Any, desk: Desk) -> None:
    worker = people.caseworker()
    done, not_yet = make.claimed_case(by=worker), make.submitted_case()
    client = desk(worker)
    page = client.get("/en/desk/").content.decode()
    assert f'name="case" value="{done.pk}" form="many"' in page
    url = _begin(client, done, not_yet)
    assert "2 cases chosen" in client.get(url).content.decode()
    assert client.post(url, {"verb": "refuse", "reason": "重なるため。"}).status_code == 302
    preview = client.get(url).content.decode()
    assert "1 case is possible now." in preview
    assert "This is not possible while the case is at “Received”." in preview
    assert Decision.objects.count() == 0
    assert client.post(url, {"start": "1"}).status_code == 302
    assert "data-reload" in client.get(url).content.decode()
    bulk.work_off(OutboxRow.objects.get(kind="cases.bulk").payload)
    result = client.get(url).content.decode()
    assert "Done: Refuse" in result
    assert "data-reload" not in result
    assert (
        done.application.receipt_number
        not in client.get(url, {"only": "refused"}).content.decode().split("<tbody>")[1]
    )
    assert Decision.objects.get().case_id == done.pk


def test_the_same_correction_from_the_questions_to_the_resident(town: Any, desk: Desk) -> None:
    worker = people.caseworker()
    cases = [make.claimed_case(by=worker) for _ in range(2)]
    client = desk(worker)
    url = _begin(client, *cases)
    page = client.get(url).content.decode()
    assert 'name="question_ids" value="site_plan"' in page
    typed = {"verb": "correct", "question_ids": ["site_plan"], "message": "縮尺を。"}
    wrong = client.post(url, {**typed, "due_on": "2020-01-01"})
    text = wrong.content.decode()
    assert wrong.status_code == 422
    assert 'href="#bulk-due_on"' in text
    assert 'value="site_plan" checked' in text
    assert ">縮尺を。</textarea>" in text
    assert client.post(url, typed).status_code == 302
    text = client.get(url).content.decode()
    assert "Preview: Ask for a correction" in text
    assert "2 cases are possible now." in text
    assert 'value="site_plan" checked' in text
    client.post(url, {"start": "1"})
    bulk.work_off(OutboxRow.objects.get(kind="cases.bulk").payload)
    assert "Done: Ask for a correction" in client.get(url).content.decode()
    assert {Case.objects.get(pk=case.pk).stage for case in cases} == {"correction"}
    stalls = make.claimed_case(
        of=make.offering("street_stalls", department=people.department("permits")), by=worker
    )
    mixed = _begin(client, make.claimed_case(by=worker), stalls)
    assert 'name="question_ids"' not in client.get(mixed).content.decode()
    answer = client.post(mixed, typed)
    assert answer.status_code == 422
    assert 'href="#bulk-verb"' in answer.content.decode()


def test_all_of_the_list_keeps_its_filter(town: Any, desk: Desk) -> None:
    worker = people.caseworker()
    make.claimed_case(by=worker)
    unassigned = make.submitted_case()
    client = desk(worker)
    answer = client.post("/en/desk/bulk/?view=unassigned", {"all": "1"})
    run = BulkRun.objects.get()
    assert [item.case_id for item in run.items.all()] == [unassigned.pk]
    assert "/en/desk/?view=unassigned" in client.get(answer["Location"]).content.decode()


@pytest.mark.parametrize("ids", [[], ["x"], ["00000000-0000-4000-8000-000000000000"], ["\x00"]])
def test_nothing_ticked_is_said_on_the_list(town: Any, desk: Desk, ids: list[str]) -> None:
    case = make.submitted_case()
    answer = desk(people.caseworker()).post("/en/desk/bulk/", {"case": ids})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Choose at least one case." in page
    assert case.application.receipt_number in page


@pytest.mark.parametrize(
    ("posted", "status", "said"),
    [
        ({}, 422, "Choose what to do."),
        ({"verb": "fly"}, 422, "Choose what to do."),
        ({"verb": "refuse", "reason": " "}, 422, "A refusal needs its reason in words."),
        ({"verb": "assign", "to": "00000000-0000-4000-8000-000000000000"}, 422, "no such person"),
        ({"start": "1"}, 409, "Look at the preview first."),
    ],
)
def test_forged_forms_are_refused_with_the_reason(
    town: Any, desk: Desk, posted: dict[str, str], status: int, said: str
) -> None:
    client = desk(people.caseworker())
    answer = client.post(_begin(client, make.submitted_case()), posted)
    assert answer.status_code == status
    assert said in answer.content.decode()


def test_nobody_elses_run_exists(town: Any, desk: Desk) -> None:
    url = _begin(desk(people.caseworker()), make.submitted_case())
    other = desk(people.caseworker(name="小川 春"))
    assert other.get(url).status_code == other.post(url, {"start": "1"}).status_code == 404


class TestTeam:
    def _url(self, case: Case) -> str:
        return f"/en/desk/cases/{case.pk}/team/"

    def test_note_tag_hand_over_and_stepping_aside(self, town: Any, desk: Desk) -> None:
        worker, other = people.caseworker(), people.caseworker(name="小川 春")
        case, client = make.claimed_case(by=worker), desk(worker)
        url = self._url(case)
        for posted in (
            {"do": "note", "text": "<b>電話</b>"},
            {"do": "tag", "tag": "急ぎ"},
            {"do": "assign", "to": str(other.pk), "lock": str(case.lock)},
        ):
            assert client.post(url, posted).status_code == 302, posted
        page = client.get(url).content.decode()
        assert "&lt;b&gt;電話&lt;/b&gt;" in page
        assert "On the desk of 小川 春." in page
        assert "急ぎ" in client.get(f"{url}short/").content.decode()
        assert client.get("/en/desk/", {"tag": "急ぎ"}).context["lines"][0].case == case
        assert client.post(url, {"do": "aside", "reason": "兄の申請"}).status_code == 302
        answer = client.post(
            reverse("desk:refuse", args=[case.pk]),
            {"reason": "重なるため。", "lock": str(Case.objects.get(pk=case.pk).lock)},
        )
        assert answer.status_code == 422
        assert not Decision.objects.exists()

    def test_old_page_hands_nothing_over(self, town: Any, desk: Desk) -> None:
        worker = people.caseworker()
        case, client = make.claimed_case(by=worker), desk(worker)
        answer = client.post(self._url(case), {"do": "release", "lock": str(case.lock - 1)})
        assert answer.status_code == 409
        assert "Somebody else changed this case" in answer.content.decode()
        assert Case.objects.get(pk=case.pk).assigned_to == worker

    @pytest.mark.parametrize(
        "posted",
        [
            {}, {"do": "x"}, {"do": "note"}, {"do": "note", "text": "x" * 4001},
            {"do": "tag", "tag": "\x00"}, {"do": "assign", "to": "'"}, {"do": "aside"},
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_said(self, town: Any, desk: Desk, posted: dict[str, str]) -> None:
        worker = people.caseworker()
        case = make.claimed_case(by=worker)
        assert desk(worker).post(self._url(case), posted).status_code == 422

    def test_two_see_each_other(self, town: Any, desk: Desk) -> None:
        one, two = people.caseworker(name="山本 一"), people.caseworker(name="小川 春")
        case = make.submitted_case()
        desk(one).get(f"{self._url(case)}short/")
        page = desk(two).get(f"{self._url(case)}short/").content.decode()
        assert "山本 一 has this case open, too." in page


class TestAbsences:
    def test_entering_and_taking_back(self, town: Any, desk: Desk) -> None:
        worker, other = people.caseworker(), people.caseworker(name="小川 春")
        client, day = desk(worker), timezone.localdate() + timedelta(days=3)
        posted = {"first": str(day), "last": str(day), "substitute": str(other.pk)}
        assert client.post("/en/desk/absences/", posted).status_code == 302
        assert "小川 春" in client.get("/en/desk/absences/").content.decode()
        entry = Absence.objects.get()
        url = f"/en/desk/absences/{entry.pk}/remove/"
        assert desk(other).post(url).status_code == 404
        assert client.post(url).status_code == 302
        assert not Absence.objects.exists()

    def test_what_is_missing_is_said_and_what_was_typed_stays(self, town: Any, desk: Desk) -> None:
        client = desk(people.caseworker())
        answer = client.post("/en/desk/absences/", {"first": "2030-01-01", "last": "soon"})
        assert answer.status_code == 422
        assert set(answer.context["errors"]) == {"last", "substitute"}
        assert 'value="2030-01-01"' in answer.content.decode()


def test_handing_over_to_somebody_who_is_away_warns_and_is_done(town: Any, desk: Desk) -> None:
    worker = people.caseworker()
    away, stands_in = people.caseworker(name="小川 春"), people.caseworker(name="代理 二郎")
    today = timezone.localdate()
    Absence.objects.create(absent=away, substitute=stands_in, first=today, last=today)
    case = make.claimed_case(by=worker)
    client, url = desk(worker), f"/en/desk/cases/{case.pk}/team/"
    assert re.search(r"小川 春 \(away until [^)]+\)</option>", client.get(url).content.decode())
    posted = {"do": "assign", "to": str(away.pk), "lock": str(case.lock)}
    page = client.post(url, posted, follow=True).content.decode()
    assert "小川 春 is away until" in page
    assert "代理 二郎 stands in." in page
    assert Case.objects.get(pk=case.pk).assigned_to == away
