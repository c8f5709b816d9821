"""Staff read their messages at the desk, and choose how they are told."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases import telling
from cases.models import Case
from identity.models import Role, User
from notifications import addresses, notices
from notifications.models import Message, Preference
from tests.factories import cases as make
from tests.factories import people

Desk = Callable[[User], Client]
URL = "/en/desk/messages/"


@pytest.fixture
def worker(town: Any) -> User:
    return people.caseworker()


@pytest.fixture
def case(worker: User) -> Case:
    return make.claimed_case(by=worker)


def _tell(case: Case, *happenings: str) -> list[Message]:
    for happening in happenings:
        telling.tell_in_charge(case, notices.CaseOverdue, happening)
    return list(Message.objects.filter(kind="case_overdue").order_by("created_at"))


def _page(client: Client, url: str = URL) -> str:
    return client.get(url).content.decode()


def test_unread_ones_come_first_and_reading_marks_them(
    case: Case, worker: User, desk: Desk
) -> None:
    old, new = _tell(case, "one", "two")
    client = desk(worker)
    page = _page(client, f"{URL}{new.pk}/")
    assert case.application.receipt_number in page
    assert f'href="/en/desk/cases/{case.pk}/">Open the case</a>' in page
    page = _page(client)
    assert "1 is unread." in page
    assert re.findall(rf'href="{URL}([\w-]{{36}})/"', page) == [str(old.pk), str(new.pk)]
    assert page.count('class="is-new"') == 1


def test_all_are_marked_read_at_once_and_only_ones_own(
    case: Case, worker: User, desk: Desk
) -> None:
    _tell(case, "one", "two")
    telling.tell(case, [people.caseworker(name="小川 春")], notices.CaseOverdue, "one")
    client = desk(worker)
    assert client.post(URL).status_code == 302
    page = _page(client)
    assert "You have read them all." in page
    assert "Mark all as read" not in page
    assert Message.objects.filter(read_at=None).get().recipient.name == "小川 春"


def test_a_colleagues_message_does_not_exist(case: Case, desk: Desk) -> None:
    message, *_rest = _tell(case, "one")
    assert desk(people.caseworker()).get(f"{URL}{message.pk}/").status_code == 404
    assert Message.objects.get().read_at is None


def test_bar_says_how_many_are_unread_but_not_about_the_case_in_front(
    case: Case, worker: User, desk: Desk
) -> None:
    other = make.claimed_case(by=worker)
    _tell(case, "one")
    _tell(other, "one", "two")
    client = desk(worker)
    page = _page(client, f"/en/desk/cases/{case.pk}/")
    address = re.search(r'data-load="(/en/desk/messages/unread/[^"]*)"', page)
    assert address
    assert "3</span>" in _page(client, "/en/desk/messages/unread/")
    assert "2</span>" in _page(client, address[1])
    assert "count" in _page(client, "/en/desk/messages/unread/?case=no-id")


def test_list_asks_the_same_statements_for_any_number(case: Case, worker: User, desk: Desk) -> None:
    client, counts = desk(worker), []
    for happenings in (("one",), ("two", "three")):
        _tell(case, *happenings)
        with CaptureQueriesContext(connection) as statements:
            _page(client)
        counts.append(len(statements))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("role", [Role.CONSULTEE, Role.COUNTER, Role.FINANCE, Role.LEAD])
def test_everybody_with_work_at_the_desk_has_them(town: Any, desk: Desk, role: Role) -> None:
    assert "No messages" in _page(desk(people.staff(role)))


def test_how_one_is_told_is_chosen_here(worker: User, desk: Desk) -> None:
    client = desk(worker)
    url = f"{URL}settings/"
    assert 'name="by_post"' not in _page(client, url)
    posted = {
        "digest": "daily", "digest_at": "17:00", "quiet": "1", "quiet_from": "19:00",
        "quiet_until": "08:00", "channels": ["mail"], "language": "en",
    }  # fmt: skip
    assert client.post(url, posted).status_code == 302
    chosen = Preference.objects.get(resident=worker)
    assert (str(chosen.digest_at), str(chosen.quiet_from)) == ("17:00:00", "19:00:00")
    assert '<option value="17:00" selected>' in _page(client, url)
    assert client.post(url, posted | {"digest_at": "noon"}).status_code == 400


def test_address_that_failed_is_tried_again(worker: User, desk: Desk) -> None:
    addresses.bury(worker.pk, addresses.fingerprint(worker.email))
    client, url = desk(worker), f"{URL}settings/"
    assert "Our mails do not reach you" in _page(client, url)
    assert client.post(url, {"again": "1"}).status_code == 302
    assert not addresses.is_dead(worker)
