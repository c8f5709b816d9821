"""The export page and the copy of an application at the desk."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.models import LedgerEntry
from cases import copies, exports
from cases.models import Case
from catalogue.models import Offering
from common.models import OutboxRow
from identity.models import User
from tests.conftest import TownClient
from tests.factories import cases as make
from tests.factories import people

Desk = Callable[[User], Client]
PATH = "/en/desk/export/"
GOOD = {"service": "park-use", "first": "", "last": "", "stage": "", "format": "csv",
        "purpose": "Report to the council"}  # fmt: skip


@pytest.fixture
def offering(town: Any) -> Offering:
    return make.offering()


@pytest.fixture
def case(offering: Offering) -> Case:
    return make.submitted_case(of=offering)


@pytest.fixture
def browser(desk: Desk, offering: Offering) -> Client:
    return desk(people.caseworker(at=offering.department))


def content(answer: Any) -> bytes:
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def exported() -> int:
    return LedgerEntry.objects.filter(event="applications.exported").count()


class TestExport:
    def test_page_is_in_the_menu_and_asks(self, browser: Client, case: Case) -> None:
        assert f'href="{PATH}"' in browser.get("/en/desk/office/").content.decode()
        page = browser.get(PATH).content.decode()
        for name in GOOD:
            assert f'name="{name}"' in page
        assert str(case.offering.title) in page or "park-use" in page

    def test_confirmation_says_how_many_before_anything_happens(
        self, browser: Client, case: Case, offering: Offering
    ) -> None:
        make.submitted_case(of=offering)
        page = browser.post(PATH, GOOD)
        assert page.status_code == 200
        text = page.content.decode()
        assert "Export 2 applications?" in text
        assert "Report to the council" in text
        assert exported() == 0

    def test_confirmed_it_is_a_download(self, browser: Client, case: Case) -> None:
        answer = browser.post(PATH, GOOD | {"confirmed": "1"})
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert answer.headers["Content-Disposition"].startswith('attachment; filename="park-use_')
        assert answer.headers["Cache-Control"] == "private, no-store"
        rows = list(csv.DictReader(io.StringIO(content(answer).decode("utf-8-sig"), newline="")))
        assert [row["Receipt number"] for row in rows] == [case.application.receipt_number]
        assert exported() == 1
        entry = LedgerEntry.objects.get(event="application.exported")
        assert (entry.about, entry.purpose) == (case.resident_id, "Report to the council")

    def test_excel(self, browser: Client, case: Case) -> None:
        raw = content(browser.post(PATH, GOOD | {"confirmed": "1", "format": "xlsx"}))
        sheet = openpyxl.load_workbook(io.BytesIO(raw)).active
        assert sheet["A2"].value == case.application.receipt_number

    def test_nothing_to_export(self, browser: Client, offering: Offering) -> None:
        for more in ({}, {"confirmed": "1"}):
            page = browser.post(PATH, GOOD | {"last": "2000-01-01"} | more)
            assert "No application fits" in page.content.decode()
            assert "Download the file" not in page.content.decode()
        assert exported() == 0

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"service": "nothing"}, "service"), ({"service": ""}, "service"),
            ({"first": "yesterday"}, "first"), ({"last": "2026-02-30"}, "last"),
            ({"first": "2026-02-01", "last": "2026-01-01"}, "last"),
            ({"stage": "park-use:nowhere"}, "stage"), ({"stage": "other:received"}, "stage"),
            ({"format": "exe"}, "format"), ({"format": ""}, "format"),
            ({"purpose": ""}, "purpose"), ({"purpose": " \u3000\n"}, "purpose"),
            ({"purpose": "x" * 201}, "purpose"), ({"purpose": "\x00"}, "purpose"),
            ({"first": "0001-01-01\x00"}, ""), ({"stage": "\x00" * 9}, ""),
        ],
    )  # fmt: skip
    def test_wrong_input_is_said_beside_the_field_and_kept(
        self, browser: Client, case: Case, wrong: dict[str, str], field: str
    ) -> None:
        answer = browser.post(PATH, GOOD | wrong | {"confirmed": "1"})
        if not field:
            assert content(answer)
            return
        assert answer.status_code == 422
        page = answer.content.decode()
        assert f'href="#export-{field}"' in page
        assert f'id="export-{field}"' in page
        if field != "purpose":
            assert "Report to the council" in page
        assert exported() == 0

    def test_back_keeps_what_was_typed(self, browser: Client, case: Case) -> None:
        page = browser.post(PATH, GOOD | {"change": "1", "purpose": '"><b>x'})
        text = page.content.decode()
        assert page.status_code == 200
        assert "&quot;&gt;&lt;b&gt;x" in text
        assert '<option value="park-use" selected>' in text

    def test_posts_from_elsewhere_are_refused(
        self, case: Case, offering: Offering, town: Any
    ) -> None:
        client = TownClient(f"{town.schema_name}.localhost", enforce_csrf_checks=True)
        people.sign_in_staff(client, people.caseworker(at=offering.department))
        assert client.post(PATH, GOOD | {"confirmed": "1"}).status_code == 403
        assert exported() == 0

    def test_a_get_never_exports(self, browser: Client, case: Case) -> None:
        answer = browser.get(PATH, GOOD | {"confirmed": "1"})
        assert answer.headers["Content-Type"].startswith("text/html")
        assert exported() == 0

    def test_another_department_has_nothing_of_it(self, desk: Desk, case: Case) -> None:
        other = desk(people.caseworker(at="police"))
        answer = other.post(PATH, GOOD | {"confirmed": "1"})
        assert answer.status_code == 422
        assert exported() == 0

    def test_a_consulted_office_exports_nothing(self, desk: Desk, offering: Offering) -> None:
        make.consulted_case(of=offering)
        consultee = desk(people.consultee())
        assert consultee.post(PATH, GOOD | {"confirmed": "1"}).status_code == 403
        assert PATH not in consultee.get("/en/desk/").content.decode()

    def test_too_many_are_refused_with_a_way_out(
        self, browser: Client, case: Case, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(exports, "MOST", 0)
        answer = browser.post(PATH, GOOD | {"confirmed": "1"})
        assert answer.status_code == 422
        assert "Choose a shorter period" in answer.content.decode()

    def test_statements_do_not_grow(self, browser: Client, case: Case, offering: Offering) -> None:
        counts = []
        content(browser.post(PATH, GOOD | {"confirmed": "1"}))
        for _ in range(2):
            with CaptureQueriesContext(connection) as captured:
                content(browser.post(PATH, GOOD | {"confirmed": "1"}))
            counts.append(len(captured))
            make.submitted_case(of=offering)
            make.submitted_case(of=offering)
        assert counts[0] == counts[1]


class TestCopy:
    def path(self, case: Case) -> str:
        return f"/en/desk/cases/{case.pk}/copy/"

    def test_handing_it_out_is_in_the_ledger(self, browser: Client, case: Case) -> None:
        assert self.path(case) in browser.get(f"/en/desk/cases/{case.pk}/").content.decode()
        copies.make(case.application)
        assert content(browser.get(self.path(case)))[:5] == b"%PDF-"
        entry = LedgerEntry.objects.get(event="copy.opened")
        assert (entry.about, entry.object_id) == (case.resident_id, str(case.pk))

    def test_until_it_is_there_it_can_be_asked_for(self, browser: Client, case: Case) -> None:
        assert "There is no copy" in browser.get(self.path(case)).content.decode()
        assert browser.post(self.path(case)).status_code == 302
        assert OutboxRow.objects.filter(kind=copies.KIND).count() == 1
        assert "being prepared" in browser.get(self.path(case)).content.decode()
        assert not LedgerEntry.objects.filter(event="copy.opened").exists()

    def test_a_consulted_office_has_none(self, desk: Desk, offering: Offering) -> None:
        case = make.consulted_case(of=offering).case
        copies.make(case.application)
        consultee = desk(people.consultee())
        assert consultee.get(self.path(case)).status_code == 404
        assert self.path(case) not in consultee.get(f"/en/desk/cases/{case.pk}/").content.decode()

    def test_another_department_has_none(self, desk: Desk, case: Case) -> None:
        copies.make(case.application)
        assert desk(people.caseworker(at="police")).get(self.path(case)).status_code == 404
