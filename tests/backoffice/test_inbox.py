"""The inbox: views, filters in the address, search, order, pages."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cases import search
from cases.models import Case
from identity.models import User
from tests.factories import cases as make
from tests.factories import people

Desk = Callable[[User], Client]
INBOX = "/en/desk/"


def _numbers(response: Any) -> list[str]:
    return re.findall(r"data-row>([\dA-Z-]+)</a>", response.content.decode())


def _number(case: Case) -> str:
    return case.application.receipt_number


def _of(name: str, **claims: str) -> Case:
    return _findable(make.submitted_case(resident=people.resident(name=name, **claims)))


def _findable(case: Case) -> Case:
    """As the worker leaves it after the submission."""
    search.put(case)
    return case


def test_empty_inbox_says_what_to_do(town: Any, desk: Desk) -> None:
    client = desk(people.caseworker())
    assert b"New applications appear here by themselves" in client.get(INBOX).content
    mine = client.get(f"{INBOX}?view=mine").content
    assert b"Your desk is clear" in mine
    assert b'href="/en/desk/?view=unassigned"' in mine
    assert b"No case fits" in client.get(f"{INBOX}?q=nobody").content


def test_most_urgent_first_and_stopped_last(town: Any, desk: Desk) -> None:
    stopped, later, sooner = _of("一 郎"), _of("二 郎"), _of("三 郎")
    today = timezone.localdate()
    Case.objects.filter(pk=stopped.pk).update(due_on=None, days_left_when_paused=2)
    Case.objects.filter(pk=later.pk).update(due_on=today + timedelta(days=9))
    Case.objects.filter(pk=sooner.pk).update(due_on=today - timedelta(days=9))
    response = desk(people.caseworker()).get(INBOX)
    assert _numbers(response) == [_number(case) for case in (sooner, later, stopped)]
    page = response.content.decode()
    assert "due--late" in page
    assert "stopped, 2 working days" in page


def test_views_show_their_cases_and_counts(town: Any, desk: Desk) -> None:
    me = people.caseworker()
    new, mine, late, waiting = (_of(f"{number} 郎") for number in "一二三四")
    for case in (mine, waiting):
        Case.objects.filter(pk=case.pk).update(assigned_to=me, stage="review")
    Case.objects.filter(pk=late.pk).update(due_on=timezone.localdate() - timedelta(days=1))
    Case.objects.filter(pk=waiting.pk).update(due_on=None)
    closed = _of("五 郎")
    Case.objects.filter(pk=closed.pk).update(closed_at=timezone.now(), due_on=None)
    client = desk(me)
    expected = {
        "mine": {mine, waiting},
        "unassigned": {new, late},
        "open": {new, mine, late, waiting},
        "overdue": {late},
        "waiting": {waiting},
        "closed": {closed},
        "no-such-view": {new, mine, late, waiting},
    }
    for view, cases in expected.items():
        response = client.get(f"{INBOX}?view={view}")
        assert set(_numbers(response)) == {_number(case) for case in cases}, view
    tabs = {tab.title: tab.count for tab in client.get(INBOX).context["tabs"]}
    assert tabs == {
        "Mine": 2,
        "Unassigned": 2,
        "All open": 4,
        "Waiting": 1,
        "Overdue": 1,
        "Messages to read": 0,
        "For my second look": 0,
        "Closed": None,
    }


def test_only_cases_of_ones_own_department(town: Any, desk: Desk) -> None:
    permit = make.submitted_case()
    claim = make.submitted_case(of=make.offering("child_allowance"), resident=permit.resident)
    for at, case in (("permits", permit), ("child_welfare", claim)):
        assert _numbers(desk(people.caseworker(at=at)).get(INBOX)) == [_number(case)]
    assert set(_numbers(desk(people.admin()).get(INBOX))) == {_number(permit), _number(claim)}


@pytest.mark.parametrize(
    "words",
    [
        "山田",
        "山田 花子",
        "山田花子",
        "ヤマダ",
        "やまだ",
        "はなこ",
        "ﾔﾏﾀﾞ",
        "{number}",
        "{lower}",
        "{wide}",
    ],
)
def test_search_finds_number_name_and_kana(town: Any, desk: Desk, words: str) -> None:
    found = _findable(make.submitted_case())
    _of("鈴木 一郎", name_kana="スズキ イチロウ")
    number = _number(found)
    wide = "".join(chr(ord(sign) + 0xFEE0) if sign.isalnum() else sign for sign in number)
    text = words.format(number=number, lower=number.lower(), wide=wide)
    response = desk(people.caseworker()).get(INBOX, {"q": text})
    assert _numbers(response) == [number]


@pytest.mark.parametrize("words", ["%", "_", "'; DROP TABLE cases_case; --", "\x00", "x" * 5000])
def test_search_for_odd_signs_finds_nothing_else(town: Any, desk: Desk, words: str) -> None:
    _findable(make.submitted_case())
    response = desk(people.caseworker()).get(INBOX, {"q": words})
    assert response.status_code == 200
    assert _numbers(response) == [] or not words.strip("\x00")


def test_filters_are_chips_that_can_be_removed(town: Any, desk: Desk) -> None:
    permit = _findable(make.submitted_case())
    _findable(make.submitted_case(of=make.offering("child_allowance"), resident=permit.resident))
    response = desk(people.admin()).get(
        INBOX, {"view": "unassigned", "service": "park-use", "stage": "received", "q": "山田"}
    )
    assert _numbers(response) == [_number(permit)]
    chips = response.context["chips"]
    assert [chip.name for chip in chips] == [
        "Service: Park use permit",
        "Stage: Received",
        "Search: “山田”",
    ]
    assert chips[0].url == "/en/desk/?view=unassigned&stage=received&q=%E5%B1%B1%E7%94%B0"
    row = re.search(r'href="([^"]+)" data-row', response.content.decode())
    assert row is not None
    assert "service=park-use" in row.group(1)


def test_pages_of_the_list_keep_the_filter(
    town: Any, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backoffice.views.inbox.PER_PAGE", 2)
    for number in "一二三四五":
        _of(f"{number} 郎")
    client = desk(people.caseworker())
    first = client.get(INBOX, {"view": "unassigned"})
    second = client.get(_link(first, "next"))
    third = client.get(_link(second, "next"))
    assert [len(_numbers(page)) for page in (first, second, third)] == [2, 2, 1]
    assert len({number for page in (first, second, third) for number in _numbers(page)}) == 5
    assert "view=unassigned" in _link(first, "next")
    back = client.get(_link(third, "prev"))
    assert _numbers(back) == _numbers(second)
    assert _numbers(client.get(_link(back, "prev"))) == _numbers(first)
    for odd in ("0", "x", "next.20269999.20260101." + "0" * 32, "next.-.9." + "f" * 32):
        assert client.get(INBOX, {"at": odd}).status_code == 200
        assert client.get(INBOX, {"at": odd, "view": "closed"}).status_code == 200


def _link(response: Any, rel: str) -> str:
    found = re.search(rf'rel="{rel}" href="([^"]+)"', response.content.decode())
    assert found is not None, rel
    return INBOX + html.unescape(found[1])


def test_consultee_sees_what_waits_for_the_opinion_without_names(town: Any, desk: Desk) -> None:
    consultation = make.consulted_case()
    make.submitted_case(resident=people.resident(name="佐藤 次郎"))
    client = desk(people.consultee())
    response = client.get(INBOX)
    assert _numbers(response) == [_number(consultation.case)]
    assert "山田" not in response.content.decode()
    assert _numbers(client.get(INBOX, {"q": "山田"})) == []
    assert _numbers(client.get(INBOX, {"q": _number(consultation.case)})) != []


def test_statements_stay_the_same_with_more_cases(town: Any, desk: Desk) -> None:
    client = desk(people.caseworker())
    _of("一 郎")
    client.get(INBOX)
    counts = []
    for more in ("", "二三"):
        for number in more:
            _of(f"{number} 郎")
        with CaptureQueriesContext(connection) as statements:
            client.get(INBOX)
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 15


def test_page_obeys_the_strict_policy(town: Any, desk: Desk) -> None:
    make.submitted_case()
    response = desk(people.admin()).get(INBOX)
    page = response.content.decode()
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|<script(?![^>]*src=)", page)
    assert "no-store" in response["Cache-Control"]


def test_address_without_a_language_is_japanese(town: Any, desk: Desk) -> None:
    assert reverse("desk:inbox") == "/desk/"
    assert 'lang="ja"' in desk(people.caseworker()).get("/desk/").content.decode()


def test_what_fits_in_another_view_is_said_with_a_link(town: Any, desk: Desk) -> None:
    open_one, closed = _of("一 郎"), _of("二 郎")
    Case.objects.filter(pk=closed.pk).update(closed_at=timezone.now(), due_on=None)
    client = desk(people.caseworker())
    client.get(f"{INBOX}?q={_number(open_one)}")
    counts = []
    for case in (open_one, closed):
        with CaptureQueriesContext(connection) as statements:
            page = client.get(f"{INBOX}?q={_number(case)}").content.decode()
        counts.append(len(statements))
    assert "No case fits in this view" in page
    assert re.findall(r'<li><a href="([^"]+)">([^<]+) <span class="count">(\d+)', page) == [
        (f"/en/desk/?view=closed&amp;q={_number(closed)}", "Closed", "1")
    ]
    assert counts[1] == counts[0] + 1
    assert "Nor does one in another view" in client.get(f"{INBOX}?q=nobody").content.decode()
    elsewhere = desk(people.caseworker(at="child_welfare"))
    assert "Nor does one" in elsewhere.get(f"{INBOX}?q={_number(closed)}").content.decode()


def test_department_and_days_narrow_the_list(town: Any, desk: Desk) -> None:
    permit = make.submitted_case()
    claim = make.submitted_case(of=make.offering("child_allowance"), resident=permit.resident)
    today = timezone.localdate()
    Case.objects.filter(pk=permit.pk).update(due_on=today)
    Case.objects.filter(pk=claim.pk).update(due_on=today + timedelta(days=9))
    client = desk(people.admin())
    for query, expected in (
        ("department=permits", {permit}),
        ("department=child_welfare", {claim}),
        (f"due_from={today + timedelta(days=1)}", {claim}),
        (f"due_until={today}", {permit}),
        (f"due_from={today}&due_until={today + timedelta(days=9)}", {permit, claim}),
        ("due_until=soon", {permit, claim}),
    ):
        response = client.get(f"{INBOX}?{query}")
        assert set(_numbers(response)) == {_number(case) for case in expected}, query
    assert "There is no such department" in client.get(f"{INBOX}?department=x").content.decode()
    assert 'name="department"' in client.get(INBOX).content.decode()
    assert 'name="department"' not in desk(people.caseworker()).get(INBOX).content.decode()


def test_filters_are_folded_until_one_is_set(town: Any, desk: Desk) -> None:
    make.submitted_case()
    client = desk(people.caseworker())
    assert '<details class="finder__more">' in client.get(f"{INBOX}?q=x").content.decode()
    assert (
        '<details class="finder__more" open>'
        in client.get(f"{INBOX}?stage=review").content.decode()
    )
