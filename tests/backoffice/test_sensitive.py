"""The Individual Number of an application: who sees it where, and what is said of it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import translation

from audit.models import LedgerEntry
from cases import actions, copies, exports, opinions, search
from cases.exports import Format, Selection
from cases.models import Case
from cases.models_desk import SearchRow
from catalogue import letter_fields
from catalogue.models import Offering
from common import outbox
from common.actor import Actor
from forms import profile, sensitive
from forms.models import ProfileFact
from identity.models import User
from tests.factories import cases as make
from tests.factories import people
from tests.forms.versions_of import offer, with_question

NUMBER = "123456789018"
OTHER = "210987654320"
MASK = "Entered, not shown"
Desk = Callable[[User], Client]


@pytest.fixture
def of(town: Any) -> Offering:
    of = make.offering()
    offer(
        of,
        with_question(
            "activity",
            id="my_number",
            type="text",
            format="individual_number",
            sensitive=True,
            required=False,
            label={"ja": "個人番号", "en": "Individual Number"},
        ),
    )
    return of


@pytest.fixture
def case(of: Offering) -> Case:
    return make.claimed_case(of=of, answers={"my_number": sensitive.seal(NUMBER)})


@pytest.fixture
def office(case: Case, desk: Desk) -> Client:
    assert case.assigned_to is not None
    return desk(case.assigned_to)


def show(client: Client, case: Case, place: str = "my_number") -> Any:
    with translation.override("en"):
        return client.post(reverse("desk:show", args=[case.pk]), {"place": place})


def test_caseworker_sees_it_once_and_the_resident_sees_that(
    case: Case, office: Client, client_for: Callable[..., Client], town: Any
) -> None:
    with translation.override("en"):
        page = office.get(reverse("desk:case", args=[case.pk])).content.decode()
    assert NUMBER not in page
    assert MASK in page
    assert "sealed:" not in page
    assert not LedgerEntry.objects.filter(event="answer.shown").exists()

    answer = show(office, case)
    assert answer.status_code == 200
    assert NUMBER in answer.content.decode()
    assert answer["Cache-Control"] == "private, no-store"
    entry = LedgerEntry.objects.get(event="answer.shown")
    assert (entry.about, entry.object_id) == (case.resident_id, str(case.pk))
    assert entry.data == {"question": "my_number", "place": "my_number"}
    with translation.override("en"):
        again = office.get(reverse("desk:case", args=[case.pk])).content.decode()
        mine = client_for(town, case.resident).get(reverse("portal:my_data")).content.decode()
    assert NUMBER not in again
    assert "looked at a number that is kept hidden" in mine


def test_nobody_else_is_shown_it(case: Case, desk: Desk) -> None:
    asked = make.actions.request_consultation(
        case=case, department=people.department("parks"), question="？", by=case.assigned_to
    )
    assert show(desk(people.consultee(at=asked.department)), case).status_code == 404
    assert show(desk(people.caseworker(at=people.department("parks"))), case).status_code == 404
    assert not LedgerEntry.objects.filter(event="answer.shown").exists()


@pytest.mark.parametrize("place", ["", "purpose", "no_such", "my_number-0"])
def test_what_is_not_hidden_there_is_not_found(case: Case, office: Client, place: str) -> None:
    assert show(office, case, place).status_code == 404


def test_number_whose_key_is_gone_is_said_so(case: Case, office: Client, settings: Any) -> None:
    settings.SENSITIVE_ANSWER_KEYS = ["another"]
    answer = show(office, case)
    assert answer.status_code == 409
    assert "This answer cannot be read any more." in answer.content.decode()


def test_resident_reads_that_it_is_there(
    case: Case, client_for: Callable[..., Client], town: Any
) -> None:
    with translation.override("en"):
        address = reverse("portal:sent", args=[case.pk])
        page = client_for(town, case.resident).get(address).content.decode()
    assert MASK in page
    assert NUMBER not in page


def test_database_has_it_nowhere_in_plain_digits(case: Case) -> None:
    make.decision_on(make.opinions_on(case), "approved", by=case.assigned_to)
    assert outbox.drain().failed == 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(
                f'SELECT count(*) FROM "{table}" row WHERE row::text LIKE %s',  # noqa: S608
                [f"%{NUMBER}%"],
            )
            assert cursor.fetchone() == (0,), table


@pytest.mark.parametrize("as_format", list(Format))
def test_no_export_has_it(case: Case, as_format: Format) -> None:
    by = case.assigned_to
    assert by is not None
    with translation.override("en"):
        made = exports.export(
            Selection(case.offering), as_format=as_format, purpose="x", by=by, language="en"
        )
    with made.file as file:
        raw = file.read()
    if as_format is Format.XLSX:
        from openpyxl import load_workbook

        book = load_workbook(io.BytesIO(raw), read_only=True)
        text = str([list(row) for row in book.active.iter_rows(values_only=True)])
    else:
        text = raw.decode()
    assert case.application.receipt_number in text
    for never in (NUMBER, "sealed:", "my_number", "Individual Number", MASK):
        assert never not in text
    if as_format is Format.JSON:
        assert "purpose" in json.loads(text)["applications"][0]["answers"]


def test_search_copy_letter_and_opinion_go_without_it(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    search.put(case)
    row = SearchRow.objects.get(case=case)
    assert "sealed" not in row.plain
    assert NUMBER not in row.plain
    monkeypatch.setattr(copies.documents, "issue", lambda **made: made["html"])
    monkeypatch.setattr(copies, "document_of", lambda _application: None)
    html = str(copies.make(case.application))
    assert "個人番号" in html
    assert NUMBER not in html
    assert "sealed:" not in html
    form = case.application.version.form
    assert "answer.my_number" not in letter_fields.names(form)
    assert "answer.purpose" in letter_fields.names(form)
    assert not opinions.needed_for_an_opinion(form.questions_by_id["my_number"])


def test_correction_says_that_it_changed_and_no_more(case: Case, office: Client) -> None:
    correction = make.correction_of(case, question_ids=("my_number",))
    make.answered_correction(correction, my_number=sensitive.seal(OTHER))
    with translation.override("en"):
        page = office.get(reverse("desk:case", args=[case.pk])).content.decode()
    assert "Changed, not shown" in page
    for never in (NUMBER, OTHER, "sealed:"):
        assert never not in page
    assert OTHER in show(office, case).content.decode()


def test_kept_answers_and_other_applications_go_without_it(of: Offering) -> None:
    draft = make.draft_ready_to_send(of=of, answers={"my_number": sensitive.seal(NUMBER)})
    profile.keep(draft, by=Actor.of(draft.applicant))
    kept = json.dumps(list(ProfileFact.objects.values_list("value", flat=True)))
    assert kept != "[]"
    assert "sealed:" not in kept


def test_submission_takes_a_sealed_number_only(of: Offering) -> None:
    from common.errors import InvalidInput

    draft = make.draft_ready_to_send(of=of, answers={"my_number": NUMBER})
    with pytest.raises(InvalidInput):
        actions.submit_application(draft=draft, by=Actor.of(draft.applicant), language="ja")
