"""Extending a period, taking a case up again, the town's closing days: over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from audit.models import LedgerEntry
from cases import actions
from cases.models import Case, ClosingDay
from common.actor import Actor
from common.calendar import is_working_day
from identity.models import Role, User
from tests.factories import cases as make
from tests.factories import people

Desk = Callable[[User], Client]
pytestmark = pytest.mark.usefixtures("town")


def _declared(data: dict[str, Any]) -> None:
    data["clock"]["extension"] = {"days": 5}
    data["moves"] += [
        {"verb": "extend", "from": ["review"], "roles": ["caseworker", "lead"]},
        {"verb": "reopen", "from": ["withdrawn"], "to": "review", "roles": ["lead"]},
    ]


def _url(case: Case, name: str) -> str:
    with translation.override("en"):
        return reverse(f"desk:{name}", args=[case.pk])


def test_extension_at_the_desk(desk: Desk) -> None:
    case = make.claimed_case(of=make.offering_with(_declared))
    client = desk(people.caseworker())
    assert 'name="days"' in client.get(_url(case, "extend")).content.decode()
    posted = {"lock": case.lock, "days": "9", "reason": "現地の確認のため。"}
    refused = client.post(_url(case, "extend"), posted)
    page = refused.content.decode()
    assert refused.status_code == 422
    assert "Write a number of days from 1 to 5." in page
    assert ">現地の確認のため。</textarea>" in page
    assert client.post(_url(case, "extend"), {**posted, "days": "5"}).status_code == 302
    page = client.get(_url(case, "case")).content.decode()
    assert "現地の確認のため。" in page
    assert "The period was extended as far as the rules allow." in page


def test_twice_sent_extension_is_one(desk: Desk) -> None:
    case = make.claimed_case(of=make.offering_with(_declared))
    client = desk(people.caseworker())
    posted = {"lock": case.lock, "days": "2", "reason": "理由"}
    assert client.post(_url(case, "extend"), posted).status_code == 302
    assert client.post(_url(case, "extend"), posted).status_code == 409
    assert len(Case.objects.get(pk=case.pk).clock_log) == 2


def test_reopening_is_offered_to_a_lead(desk: Desk) -> None:
    case = make.claimed_case(of=make.offering_with(_declared))
    case = actions.withdraw(case=case, by=Actor.of(case.resident))
    posted = {"lock": case.lock, "reason": "誤って取り下げたため。"}
    forged = desk(people.caseworker()).post(_url(case, "reopen"), posted)
    assert forged.status_code == 422
    assert Case.objects.get(pk=case.pk).stage == "withdrawn"
    client = desk(people.staff(Role.LEAD))
    assert 'name="reason"' in client.get(_url(case, "reopen")).content.decode()
    assert client.post(_url(case, "reopen"), posted).status_code == 302
    assert Case.objects.get(pk=case.pk).stage == "review"


class TestClosingDays:
    url = "/en/desk/closing-days/"

    def _open_day(self) -> date:
        day = timezone.localdate() + timedelta(days=30)
        while not is_working_day(day):
            day += timedelta(days=1)
        return day

    def test_are_entered_and_taken_out(self, desk: Desk) -> None:
        client, day = desk(people.admin()), self._open_day()
        posted = {"day": day.isoformat(), "reason": "設備の点検"}
        assert client.post(self.url, posted).status_code == 302
        assert "設備の点検" in client.get(self.url).content.decode()
        again = client.post(self.url, posted)
        assert again.status_code == 422
        assert "This day is entered already." in again.content.decode()
        row = ClosingDay.objects.get(day=day)
        for _twice in range(2):
            assert client.post(self.url, {"remove": str(row.pk)}).status_code == 302
        assert not ClosingDay.objects.filter(day=day).exists()
        events = LedgerEntry.objects.filter(object_kind="closing_day").order_by("id")
        assert [entry.event for entry in events] == ["closing_day.added", "closing_day.removed"]

    @pytest.mark.parametrize(
        "day", ["", "x", "2026-02-30", "2020-06-01", "2999-06-01", "2027-01-01", "20270601'--"]
    )
    def test_wrong_day_is_refused(self, desk: Desk, day: str) -> None:
        response = desk(people.admin()).post(self.url, {"day": day, "reason": "点検"})
        assert response.status_code == 422
        assert 'href="#day"' in response.content.decode()
        assert not ClosingDay.objects.exists()

    @pytest.mark.parametrize("row", ["", "x", "-1", "9" * 30, "１"])
    def test_forged_removal_does_nothing(self, desk: Desk, row: str) -> None:
        assert desk(people.admin()).post(self.url, {"remove": row}).status_code == 302

    @pytest.mark.parametrize("role", [Role.CASEWORKER, Role.LEAD, Role.CONSULTEE])
    def test_only_administrators(self, desk: Desk, role: Role) -> None:
        client = desk(people.staff(role))
        posted = {"day": self._open_day().isoformat(), "reason": "点検"}
        assert client.post(self.url, posted).status_code == 403
        assert not ClosingDay.objects.exists()
