"""Applications as CSV, XLSX and JSON: what is in the file, who may have it, who learns of it."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import date, timedelta
from typing import Any

import jsonschema
import openpyxl
import pytest
import yaml
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from django.utils.translation import gettext

from audit.models import LedgerEntry
from audit.queries import about
from cases import columns, exports, records
from cases.exports import Format, Selection
from cases.models import Case
from catalogue.models import Offering
from common.errors import InvalidInput, NotAllowed
from forms import versions
from forms.definitions import load
from identity.models import Role, User
from tests.factories import cases as make
from tests.factories import people
from tests.forms.nested import ANSWERS, FAMILY

PURPOSE = "議会への報告のため"


@pytest.fixture
def offering(town: Any) -> Offering:
    return make.offering()


@pytest.fixture
def worker(offering: Offering) -> User:
    return people.caseworker(at=offering.department)


def export(
    offering: Offering, by: User, as_format: Format = Format.CSV, language: str = "en", **of: Any
) -> exports.Exported:
    chosen = Selection(offering, **of)
    return exports.export(chosen, as_format=as_format, purpose=PURPOSE, by=by, language=language)


def rows_of(raw: bytes) -> list[dict[str, str]]:
    text = raw.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def as_csv(offering: Offering, by: User, **options: Any) -> list[dict[str, str]]:
    with export(offering, by, **options).file as file:
        return rows_of(file.read())


def as_json(offering: Offering, by: User, **options: Any) -> dict[str, Any]:
    with export(offering, by, Format.JSON, **options).file as file:
        found: dict[str, Any] = json.loads(file.read())
        return found


def receipts(offering: Offering, by: User, **options: Any) -> set[str]:
    return {row["Receipt number"] for row in as_csv(offering, by, **options)}


def receipt(case: Case) -> str:
    return str(case.application.receipt_number)


def changed(offering: Offering, change: Any) -> None:
    """Offer another version of the form, as `change` leaves its data."""
    data = offering.form_version.form.as_json()
    change(data)
    offering.form_version = versions.publish(load(data))
    offering.save(update_fields=["form_version"])


def question(data: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        one for step in data["steps"] for one in step["questions"] if one["id"] == name
    )
    return found


class TestRows:
    def test_a_row_for_each_application(self, offering: Offering, worker: User) -> None:
        case = make.submitted_case(of=offering)
        decided = make.claimed_case(of=offering, by=worker)
        make.decision_on(decided, "refused", by=worker)
        rows = {row["Receipt number"]: row for row in as_csv(offering, worker)}
        assert rows.keys() == {receipt(case), receipt(decided)}
        row = rows[receipt(case)]
        assert row["Received on"] == case.received_on.isoformat()
        assert (row["Stage"], row["Outcome"]) == (case.stage_now.title.in_language("en"), "")
        assert rows[receipt(decided)]["Outcome"] == "Refused"
        questions = offering.form_version.form.questions_by_id
        labels = {name: one.label.in_language("en") for name, one in questions.items()}
        assert row[labels["purpose"]] == "地域の紹介番組の撮影"
        assert row[labels["use_from"]] == case.answers["use_from"]
        assert row[labels["crew"]] == "6"
        assert row[labels["site_plan"]] == "位置図.pdf"
        assert row[labels["fee_waiver"]] == "No"
        assert row[labels["act_type"]] != "photography"
        assert row[f"{labels['address']}: Postal code"] == "100-0001"

    def test_columns_are_in_the_order_of_the_form(self, offering: Offering, worker: User) -> None:
        make.submitted_case(of=offering)
        with export(offering, worker).file as file:
            head = next(csv.reader(io.StringIO(file.read().decode("utf-8-sig"), newline="")))
        assert head[:4] == ["Receipt number", "Received on", "Stage", "Outcome"]
        labels = [one.label.in_language("en") for one in offering.form_version.form.questions()]
        found = [label.split(": ")[0] for label in head[4:]]
        assert list(dict.fromkeys(found)) == list(dict.fromkeys(labels))

    def test_labels_are_in_the_readers_language(self, offering: Offering, worker: User) -> None:
        make.submitted_case(of=offering)
        label = offering.form_version.form.questions_by_id["fee_waiver"].label
        for language in ("ja", "en"):
            with translation.override(language):
                no = gettext("No")
            (row,) = as_csv(offering, worker, language=language)
            assert row[label.in_language(language)] == no

    def test_corrected_answers_stand_in_the_place_of_the_first(
        self, offering: Offering, worker: User
    ) -> None:
        case = make.claimed_case(of=offering, by=worker)
        make.answered_correction(make.correction_of(case, by=worker), purpose="別の目的")
        (row,) = as_csv(offering, worker)
        assert "別の目的" in row.values()
        assert "地域の紹介番組の撮影" not in row.values()

    def test_xlsx_keeps_types(self, offering: Offering, worker: User) -> None:
        case = make.submitted_case(of=offering)
        with export(offering, worker, Format.XLSX).file as file:
            sheet = openpyxl.load_workbook(file).active
        head = {cell.value: place for place, cell in enumerate(sheet[1])}
        questions = offering.form_version.form.questions_by_id

        def cell(name: str) -> Any:
            return sheet[2][head[questions[name].label.in_language("en")]]

        assert cell("use_from").value.date().isoformat() == case.answers["use_from"]
        assert (cell("crew").value, cell("crew").data_type) == (6, "n")
        assert cell("phone").data_type == "s"
        assert cell("phone").value == case.answers["phone"]
        postal = sheet[2][head[f"{questions['address'].label.in_language('en')}: Postal code"]]
        assert (postal.value, postal.data_type) == ("100-0001", "s")

    def test_json_is_valid_against_the_schema_it_names(
        self, offering: Offering, worker: User
    ) -> None:
        case = make.submitted_case(of=offering)
        found = as_json(offering, worker)
        assert found["purpose"] == PURPOSE
        assert found["service"]["slug"] == offering.slug
        (record,) = found["applications"]
        assert record["receipt_number"] == receipt(case)
        version = offering.form_version
        assert record["form"] == {"key": version.key, "version": version.number}
        assert record["schema"].endswith(f"/forms/{version.key}/{version.number}/schema.json")
        jsonschema.validate(record["answers"], version.form.json_schema())
        assert record["answers"] == case.answers
        assert [file["id"] for file in record["files"]] == case.answers["site_plan"]
        assert len(record["files"][0]["sha256"]) == 64

    @pytest.mark.parametrize("as_format", list(Format))
    def test_nothing_fits(self, offering: Offering, worker: User, as_format: Format) -> None:
        made = export(offering, worker, as_format, first=date(1999, 1, 1), last=date(1999, 1, 2))
        with made.file as file:
            raw = file.read()
        assert made.count == 0
        if as_format is Format.CSV:
            assert raw.startswith("\ufeffReceipt number,Received on".encode())
            assert raw.count(b"\r\n") == 1
        elif as_format is Format.JSON:
            assert json.loads(raw)["applications"] == []
        else:
            sheet = openpyxl.load_workbook(io.BytesIO(raw)).active
            assert sheet.max_row == 1


class TestGroups:
    @pytest.fixture
    def allowance(self, town: Any) -> Offering:
        return make.offering("child_allowance")

    @pytest.fixture
    def welfare(self, allowance: Offering) -> User:
        return people.caseworker(at=allowance.department)

    @pytest.fixture
    def claims(self, allowance: Offering) -> list[Case]:
        one = make.child_allowance_answers(allowance)
        child = one["children"][0]
        two = [child, child | {"child_name": "=HYPERLINK(1)"}]
        return [
            make.submitted_case(of=allowance),
            make.submitted_case(of=allowance, answers={"children": two}),
        ]

    def test_csv_is_a_zip_with_a_file_for_each_group(
        self, allowance: Offering, welfare: User, claims: list[Case]
    ) -> None:
        made = export(allowance, welfare)
        assert (made.content_type, made.filename.split(".")[-1]) == ("application/zip", "zip")
        with made.file as file, zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            main = rows_of(archive.read(names[0]))
            children = rows_of(archive.read(names[1]))
        assert names[1] == "Children you bring up.csv"
        assert {row["Receipt number"]: row["Children you bring up: number"] for row in main} == {
            receipt(claims[0]): "1",
            receipt(claims[1]): "2",
        }
        assert sorted(
            (row["Receipt number"], row["Number of the entry"]) for row in children
        ) == sorted(
            [(receipt(claims[0]), "1"), (receipt(claims[1]), "1"), (receipt(claims[1]), "2")]
        )
        assert {row["Name"] for row in children} == {"山田 空", "'=HYPERLINK(1)"}

    def test_a_group_within_a_group_has_a_table_with_the_number_of_the_entry_around(
        self, offering: Offering, worker: User
    ) -> None:
        family = yaml.safe_load(FAMILY)["steps"][0]["questions"][:2]
        changed(offering, lambda data: data["steps"][0]["questions"].extend(family))
        case = make.submitted_case(of=offering, answers=ANSWERS)
        with (
            export(offering, worker).file as file,
            zipfile.ZipFile(io.BytesIO(file.read())) as archive,
        ):
            tables = {
                name.removesuffix(".csv").split("-")[-1]: rows_of(archive.read(name))
                for name in archive.namelist()
            }
        members, incomes = (
            next(rows for name, rows in tables.items() if word in name)
            for word in ("Members", "Incomes")
        )
        names = ("Number of the entry", "Name", "Incomes: number")
        assert [tuple(row[name] for name in names) for row in members] == [
            ("1", "空", "2"), ("2", "海", ""),
        ]  # fmt: skip
        key = ("Receipt number", "Members: number of the entry", "Number of the entry", "Amount")
        assert [tuple(row[name] for name in key) for row in incomes] == [
            (receipt(case), "1", "1", "200000"), (receipt(case), "1", "2", "30000"),
        ]  # fmt: skip
        (told,) = as_json(offering, worker)["applications"]
        assert told["answers"]["members"] == case.answers["members"]

    def test_xlsx_has_a_sheet_for_each_group(
        self, allowance: Offering, welfare: User, claims: list[Case]
    ) -> None:
        with export(allowance, welfare, Format.XLSX).file as file:
            book = openpyxl.load_workbook(file)
        children = book["Children you bring up"]
        head = [cell.value for cell in children[1]]
        names = [row[head.index("Name")] for row in children.iter_rows(min_row=2)]
        assert {cell.value for cell in names} == {"山田 空", "=HYPERLINK(1)"}
        assert {cell.data_type for cell in names} == {"s"}
        born = children[2][head.index("Date of birth")]
        assert born.is_date

    def test_digits_keep_their_zeros(self, allowance: Offering, welfare: User) -> None:
        account = {"bankCode": "0001", "branchCode": "007", "accountType": "ordinary",
                   "number": "0000042", "holder": "ヤマダ　ハナコ"}  # fmt: skip
        answers = {"account_kind": "other", "account": account}
        form = allowance.form_version.form
        name = next(one.id for one in form.questions() if one.type == "bank_account")
        answers[name] = answers.pop("account")
        choices = form.questions_by_id["account_kind"].choices
        answers["account_kind"] = next(o.value for o in choices if o.value != "registered")
        draft = make.draft_ready_to_send(of=allowance, answers=answers)
        files = [one.id for one in form.questions() if one.type == "file"]
        draft.answers |= {one: [str(make.attachment(draft, one).pk)] for one in files}
        draft.save(update_fields=["answers"])
        from cases.actions import submit_application
        from common.actor import Actor

        submit_application(draft=draft, by=Actor.of(draft.resident), language="ja")
        with export(allowance, welfare, Format.XLSX).file as file:
            sheet = openpyxl.load_workbook(file).worksheets[0]
        row = {head.value: cell for head, cell in zip(sheet[1], sheet[2], strict=True)}
        label = form.questions_by_id[name].label.in_language("en")
        parts = ("Bank code (4 digits)", "Branch code (3 digits)", "Account number (7 digits)")
        found = [row[f"{label}: {part}"] for part in parts]
        assert [cell.value for cell in found] == ["0001", "007", "0000042"]
        assert {cell.data_type for cell in found} == {"s"}


HOSTILE = ["=1+1", "＝1+1", "+1", "-1", "@x", '=cmd|"/C calc"!A0', "'=1", 'a"b,c', "x\u2028y"]


class TestHostileAnswers:
    @pytest.mark.parametrize("text", HOSTILE)
    def test_no_answer_is_a_formula(self, offering: Offering, worker: User, text: str) -> None:
        make.submitted_case(
            of=offering, answers={"purpose": text, "place_detail": {"description": f"{text}\n=2"}}
        )
        label = offering.form_version.form.questions_by_id["purpose"].label.in_language("en")
        (row,) = as_csv(offering, worker)
        purpose = row[label]
        assert purpose in {text, f"'{text}"}
        assert not [cell for cell in row.values() if cell[:1] in set("=+-@＝＋－＠\t\r")]
        with export(offering, worker, Format.XLSX).file as file:
            cells = [cell for cell in openpyxl.load_workbook(file).active[2] if cell.value]
        assert text in {cell.value for cell in cells}
        assert {cell.data_type for cell in cells} <= {"s", "n", "d"}
        assert as_json(offering, worker)["applications"][0]["answers"]["purpose"] == text


class TestVersions:
    @pytest.fixture
    def three(self, offering: Offering) -> list[Case]:
        """Version 1 as it is; 2 asks one more and names another anew; 3 asks one less."""
        cases = [make.submitted_case(of=offering)]

        def second(data: dict[str, Any]) -> None:
            question(data, "purpose")["label"] = {"ja": "使用の目的（新）", "en": "Purpose (new)"}
            step = next(s for s in data["steps"] if question(data, "crew") in s["questions"])
            place = step["questions"].index(question(data, "crew"))
            loud = {"value": "loud", "label": {"ja": "大", "en": "Loud"}}
            more: dict[str, Any] = {
                "id": "noise",
                "type": "choice",
                "label": {"ja": "音", "en": "Noise"},
            }
            more["choices"] = [loud]
            step["questions"].insert(place + 1, more)

        changed(offering, second)
        cases.append(make.submitted_case(of=offering, answers={"noise": "loud"}))

        def third(data: dict[str, Any]) -> None:
            for step in data["steps"]:
                step["questions"] = [one for one in step["questions"] if one["id"] != "noise"]
            hours = question(data, "hours")
            hours["label"] = {"ja": "時間（三版）", "en": "Hours (3)"}

        changed(offering, third)
        cases.append(make.submitted_case(of=offering))
        return cases

    def test_columns_are_the_union_with_the_newest_labels(
        self, offering: Offering, worker: User, three: list[Case]
    ) -> None:
        rows = {row["Receipt number"]: row for row in as_csv(offering, worker)}
        assert [rows[receipt(case)]["Noise"] for case in three] == ["", "Loud", ""]
        assert [rows[receipt(case)]["Hours (3)"] for case in three] == ["9時から17時まで"] * 3
        assert {rows[receipt(case)]["Purpose (new)"] for case in three} == {"地域の紹介番組の撮影"}
        head = list(rows[receipt(three[0])])
        crew = offering.form_version.form.questions_by_id["crew"].label.in_language("en")
        assert head.index("Noise") == head.index(crew) + 1

    def test_json_names_the_version_of_each(
        self, offering: Offering, worker: User, three: list[Case]
    ) -> None:
        found = {one["receipt_number"]: one for one in as_json(offering, worker)["applications"]}
        numbers = [found[receipt(case)]["form"]["version"] for case in three]
        assert numbers == [case.application.version.number for case in three]
        assert len(set(numbers)) == 3
        for case in three:
            schema = case.application.version.form.json_schema()
            jsonschema.validate(found[receipt(case)]["answers"], schema)

    def test_merging_keeps_what_only_an_older_version_asks_in_its_place(self) -> None:
        def keys(names: str) -> list[tuple[str, str]]:
            return [(name, "") for name in names]

        assert columns.merged([keys("acd"), keys("abcd"), keys("zxd")]) == keys("zxabcd")
        assert columns.merged([keys("ab"), keys("ba")]) == keys("ab")
        assert columns.merged([]) == []

    def test_a_question_that_changed_its_type(self, offering: Offering, worker: User) -> None:
        before = make.submitted_case(of=offering)

        def text_instead(data: dict[str, Any]) -> None:
            crew = question(data, "crew")
            crew.clear()
            crew |= {"id": "crew", "type": "text", "label": {"ja": "人数（文）", "en": "Crew"}}

        changed(offering, text_instead)
        after = make.submitted_case(of=offering, answers={"crew": "六人くらい"})
        rows = {row["Receipt number"]: row["Crew"] for row in as_csv(offering, worker)}
        assert rows == {receipt(before): "6", receipt(after): "六人くらい"}


class TestChoice:
    def test_period_and_stage(self, offering: Offering, worker: User) -> None:
        old, new = make.submitted_case(of=offering), make.claimed_case(of=offering, by=worker)
        day = new.received_on
        Case.objects.filter(pk=old.pk).update(received_on=day - timedelta(days=10))
        week = day - timedelta(days=7)
        assert receipts(offering, worker) == {receipt(old), receipt(new)}
        assert receipts(offering, worker, first=week) == {receipt(new)}
        assert receipts(offering, worker, last=week) == {receipt(old)}
        assert receipts(offering, worker, first=day, last=day) == {receipt(new)}
        assert receipts(offering, worker, stage=new.stage) == {receipt(new)}

    def test_other_services_are_not_in_it(self, offering: Offering, worker: User) -> None:
        case = make.submitted_case(of=offering)
        make.submitted_case(of=make.offering("child_allowance"))
        assert receipts(offering, worker) == {receipt(case)}

    def test_a_wrong_period_is_refused(self, offering: Offering, worker: User) -> None:
        with pytest.raises(InvalidInput) as refused:
            export(offering, worker, first=date(2026, 2, 1), last=date(2026, 1, 1))
        assert refused.value.errors.keys() == {"last"}

    @pytest.mark.parametrize("purpose", ["", "x" * 201])
    def test_a_purpose_is_needed(self, offering: Offering, worker: User, purpose: str) -> None:
        with pytest.raises(InvalidInput) as refused:
            exports.check(Selection(offering), purpose, worker)
        assert refused.value.errors.keys() == {"purpose"}

    @pytest.mark.parametrize(
        ("typed", "kept"),
        [("  a\n b\t", "a b"), ("\x00\u202e", ""), ("統計\u3000のため", "統計 のため")],
    )
    def test_a_purpose_is_one_visible_line(self, typed: str, kept: str) -> None:
        assert exports.purpose_of(typed) == kept

    def test_too_many_at_once_are_refused(
        self, offering: Offering, worker: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(exports, "MOST", 1)
        make.submitted_case(of=offering)
        assert exports.check(Selection(offering), PURPOSE, worker) == 1
        make.submitted_case(of=offering)
        with pytest.raises(InvalidInput) as refused:
            exports.check(Selection(offering), PURPOSE, worker)
        assert refused.value.errors.keys() == {"first"}


class TestWhoMay:
    def test_only_cases_of_ones_own_departments(self, offering: Offering, worker: User) -> None:
        mine, moved = make.submitted_case(of=offering), make.submitted_case(of=offering)
        Case.objects.filter(pk=moved.pk).update(department=people.department("child_welfare"))
        assert receipts(offering, worker) == {receipt(mine)}
        other = people.caseworker(at="child_welfare")
        assert receipts(offering, other) == {receipt(moved)}
        everywhere = people.staff(Role.LEAD, at=None)
        for user in (people.admin(), everywhere):
            assert receipts(offering, user) == {receipt(mine), receipt(moved)}

    @pytest.mark.parametrize("role", [Role.CONSULTEE, Role.FINANCE, Role.EDITOR])
    def test_other_roles_export_nothing(self, offering: Offering, role: Role) -> None:
        make.consulted_case(of=offering)
        with pytest.raises(NotAllowed):
            export(offering, people.staff(role, at="parks"))
        assert not LedgerEntry.objects.filter(event__contains="exported").exists()

    def test_services_to_choose_from(self, offering: Offering, worker: User) -> None:
        allowance = make.offering("child_allowance")
        mine = set(exports.offerings_for(worker))
        assert offering in mine
        assert {one.department for one in mine} == {offering.department}
        assert allowance not in mine
        assert set(exports.offerings_for(people.admin())) >= {offering, allowance}
        assert list(exports.offerings_for(people.consultee())) == []
        moved = make.submitted_case(of=allowance)
        Case.objects.filter(pk=moved.pk).update(department=offering.department)
        assert set(exports.offerings_for(worker)) == mine | {allowance}

    def test_look_alike_rows_of_the_other_town_are_not_in_it(
        self, offering: Offering, worker: User, in_town: Any
    ) -> None:
        """The same service, slug, form, department and applicant there."""
        with in_town("suginosawa"):
            foreign = receipt(make.submitted_case(of=make.offering()))
        case = make.submitted_case(of=offering)
        for as_format in Format:
            with export(offering, worker, as_format).file as file:
                raw = file.read()
            if as_format is Format.XLSX:
                with zipfile.ZipFile(io.BytesIO(raw)) as archive:
                    raw = archive.read("xl/worksheets/sheet1.xml")
            assert receipt(case).encode() in raw
            assert foreign.encode() not in raw

    def test_a_file_of_somebody_else_is_not_named(self, offering: Offering, worker: User) -> None:
        """Should an answer ever name a file that is not the applicant's."""
        stranger = make.draft_ready_to_send(of=offering, resident=people.resident(name="別 人"))
        file = make.attachment(stranger, "site_plan", filename="secret.pdf")
        case = make.submitted_case(of=offering)
        corrected = {"site_plan": [str(file.pk), "no-id"]}
        Case.objects.filter(pk=case.pk).update(corrected=corrected)
        (row,) = as_csv(offering, worker)
        assert not [cell for cell in row.values() if "secret" in cell]
        assert records.files_of([Case.objects.get(pk=case.pk)]) == {}


class TestLedger:
    def test_every_export_and_every_application_in_it_is_noted(
        self, offering: Offering, worker: User
    ) -> None:
        cases = [make.submitted_case(of=offering) for _ in range(2)]
        export(offering, worker, stage=cases[0].stage).file.close()
        whole = LedgerEntry.objects.get(event="applications.exported")
        assert (whole.actor_id, whole.purpose, whole.about) == (str(worker.pk), PURPOSE, None)
        assert whole.data == {
            "service": offering.slug, "format": "csv", "count": 2, "first": None, "last": None,
            "stage": cases[0].stage,
        }  # fmt: skip
        for case in cases:
            (entry,) = about(case.resident_id).filter(event="application.exported")
            assert (entry.object_kind, entry.object_id) == ("case", str(case.pk))
            assert (entry.actor_name, entry.purpose) == (worker.name, PURPOSE)
            assert entry.data == {"export": whole.object_id}

    def test_what_is_not_in_it_is_not_noted(self, offering: Offering, worker: User) -> None:
        case = make.submitted_case(of=offering)
        export(offering, worker, last=case.received_on - timedelta(days=1)).file.close()
        assert not LedgerEntry.objects.filter(event="application.exported").exists()
        assert LedgerEntry.objects.get(event="applications.exported").data["count"] == 0


class TestCosts:
    def test_statements_are_the_same_for_one_and_for_three(
        self, offering: Offering, worker: User
    ) -> None:
        make.submitted_case(of=offering)
        export(offering, worker).file.close()
        counts = []
        for more in (0, 2):
            for _ in range(more):
                make.submitted_case(of=offering)
            with CaptureQueriesContext(connection) as captured:
                export(offering, worker).file.close()
            counts.append(len(captured))
        assert counts[0] == counts[1]

    def test_a_chunk_more_costs_two_statements(
        self, offering: Offering, worker: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Its files and its entries in the ledger; the cases come from one cursor."""
        for _ in range(4):
            make.submitted_case(of=offering)
        counts = {}
        for size in (4, 2, 1):
            monkeypatch.setattr(exports, "CHUNK", size)
            export(offering, worker).file.close()
            with CaptureQueriesContext(connection) as captured:
                export(offering, worker).file.close()
            counts[size] = len(captured)
        assert (counts[2] - counts[4], counts[1] - counts[4]) == (2, 6)

    def test_applications_are_not_collected(
        self, offering: Offering, worker: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Never more cases alive than the chunk at hand and the one before it."""
        import gc

        monkeypatch.setattr(exports, "CHUNK", 2)
        for _ in range(9):
            make.submitted_case(of=offering)
        gc.collect()
        before = sum(type(one) is Case for one in gc.get_objects())
        alive: list[int] = []
        whole = columns.Columns.rows

        def counted(self: Any, case: Case, files: Any) -> Any:
            gc.collect()
            alive.append(sum(type(one) is Case for one in gc.get_objects()) - before)
            return whole(self, case, files)

        monkeypatch.setattr(columns.Columns, "rows", counted)
        export(offering, worker).file.close()
        assert len(alive) == 9
        assert max(alive) <= 4
