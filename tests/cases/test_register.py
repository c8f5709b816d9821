"""The public register says which permits are in force, and names nobody."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client
from django.utils import timezone

from cases import register, register_search
from cases.models import Case, RegisterEntry
from catalogue.registry import catalogue
from catalogue.template import PublicRegister, ServiceTemplate, TemplateError
from common import chores, outbox
from common.errors import NotFound
from documents.models import Document
from tests.factories import cases as make


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.outbox._wake_worker", lambda: None)


def _permit(**answers: Any) -> RegisterEntry:
    """A permit free of charge, so that it is in the register at once."""
    free = {"fee_waiver": True, "waiver_reason": "community"}
    case = make.claimed_case(answers={**free, **answers})
    make.decision_on(case, waive_fee=True)
    outbox.drain()
    return RegisterEntry.objects.get(decision__case=case)


def _read(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def test_a_permit_is_listed_without_its_holder(
    town: Any, client_for: Callable[..., Client]
) -> None:
    entry = _permit()
    page = _read(client_for(town), "/en/register/park-use/")
    assert entry.number in page
    assert "not valid yet" in page
    park = entry.decision.case.answers["park"]
    choices = entry.offering.form_version.form.questions_by_id["park"].choices
    assert next(str(each.label) for each in choices if each.value == park) in page
    for private in ("山田", "ヤマダ", "千代田", "090-1234", "hanako", "地域の紹介番組", "噴水"):
        assert private not in page
    assert str(entry.decision.case.application.receipt_number) not in page


def test_an_organisation_is_named_and_a_person_who_typed_one_is_not(town: Any) -> None:
    listed_name = "港まつり実行委員会"
    as_one = _permit(for_organisation=True, organisation_name=listed_name, organisation_role="会長")
    alone = _permit(for_organisation=False, organisation_name="山田商店")
    listed = register.public_list("park-use", "ja")
    names = {
        row.number: register.public(row, listed, "ja").organisation
        for row in register.entries_of(listed)
    }
    assert names == {as_one.number: listed_name, alone.number: ""}


def test_the_state_of_a_permit(town: Any) -> None:
    entry = _permit()
    listed = register.public_list("park-use", "ja")
    today = timezone.localdate()

    def state() -> str:
        fresh = register.entries_of(listed).get(pk=entry.pk)
        return register.public(fresh, listed, "ja").state

    def valid_now() -> bool:
        return register.entries_of(listed, only_valid=True).filter(pk=entry.pk).exists()

    assert (state(), valid_now()) == ("not_yet", False)
    entry.valid_from, entry.valid_until = today, today
    entry.save()
    assert (state(), valid_now()) == ("valid", True)
    Document.objects.filter(pk=entry.decision.letter_id).update(revoked_at=timezone.now())
    assert (state(), valid_now()) == ("revoked", False)
    Document.objects.update(revoked_at=None)
    entry.valid_from = entry.valid_until = today - timedelta(days=1)
    entry.save()
    assert (state(), valid_now()) == ("ended", False)
    entry.valid_from = entry.valid_until = today - timedelta(days=370)
    entry.save()
    assert not register.entries_of(listed).exists()


def test_a_permit_without_an_end_leaves_when_it_was_revoked_long_enough_ago(town: Any) -> None:
    entry = _permit()
    entry.valid_from, entry.valid_until = timezone.localdate() - timedelta(days=900), None
    entry.save()
    listed = register.public_list("park-use", "ja")
    papers = Document.objects.filter(pk=entry.decision.letter_id)
    assert register.entries_of(listed).get() == entry
    papers.update(revoked_at=timezone.now() - timedelta(days=360))
    assert register.entries_of(listed).get() == entry
    papers.update(revoked_at=timezone.now() - timedelta(days=370))
    assert not register.entries_of(listed).exists()


def test_corrected_answers_count(town: Any) -> None:
    entry = _permit()
    case = Case.objects.get(decision=entry.decision)
    case.corrected = {"area_m2": 77}
    case.save(update_fields=["corrected"])
    listed = register.public_list("park-use", "ja")
    shown = register.public(register.entries_of(listed).get(), listed, "ja")
    assert any("77" in answer for answer in shown.answers)


def test_open_data_has_the_same_rows(town: Any, client_for: Callable[..., Client]) -> None:
    numbers = {_permit().number for _each in range(3)}
    response = client_for(town).get("/register/park-use/data.csv")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert {row[0] for row in rows[1:]} == numbers
    assert len({len(row) for row in rows}) == 1
    assert "山田" not in text


def test_statements_do_not_grow_with_the_entries(
    town: Any, client_for: Callable[..., Client], django_assert_max_num_queries: Any
) -> None:
    for _each in range(3):
        _permit()
    client = client_for(town)
    client.get("/register/park-use/")
    with django_assert_max_num_queries(8):
        client.get("/register/park-use/")


def test_what_is_not_public_is_not_there(town: Any, client_for: Callable[..., Client]) -> None:
    make.offering("child_allowance")
    client = client_for(town)
    assert client.get("/register/child-allowance/").status_code == 404
    assert client.get("/register/child-allowance/data.csv").status_code == 404
    assert client.get("/register/nothing/").status_code == 404
    with pytest.raises(NotFound):
        register.public_list("child-allowance", "ja")
    assert "child-allowance" not in _read(client, "/en/register/")


def test_another_towns_permits_are_not_there(
    town: Any, client_for: Callable[..., Client], in_town: Any
) -> None:
    entry = _permit()
    with in_town("suginosawa"):
        make.offering()
    assert entry.number not in _read(client_for("suginosawa"), "/en/register/park-use/")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"questions": ["purpose"]}, "'purpose' is a long_text, which may name a person"),
        ({"questions": ["name"]}, "'name' is a text, which may name a person"),
        ({"questions": ["address"]}, "'address' is a address, which may name a person"),
        ({"questions": ["site_plan"]}, "'site_plan' is a file, which may name a person"),
        ({"questions": ["nothing"]}, "no question 'nothing'"),
        ({"organisation": "name_kana", "applies_as": "park"}, "'park' is no question of type"),
        ({"organisation": "organisation_name", "applies_as": ""}, "go together"),
        ({"questions": []}, "at least 1"),
    ],
)
def test_a_register_that_would_name_somebody_is_refused(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    folder = tmp_path / "park_use"
    shutil.copytree(catalogue().get("park_use").folder, folder)
    path = folder / "service.yaml"
    service = yaml.safe_load(path.read_text())
    service["register"]["public"] |= changes
    path.write_text(yaml.safe_dump(service, allow_unicode=True))
    with pytest.raises(TemplateError, match=said):
        ServiceTemplate(folder, "tests")


def test_registers_of_the_catalogue_name_no_person() -> None:
    rules = {
        template.key: template.service.register_entry.public
        for _key, template in catalogue().items()
        if template.service.register_entry
    }
    public = {key: rule for key, rule in rules.items() if isinstance(rule, PublicRegister)}
    assert "park_use" in public
    assert not set(public) & {"child_allowance", "school_aid", "child_medical_aid"}


def test_the_register_is_searched_by_number_place_and_day(
    town: Any, client_for: Callable[..., Client]
) -> None:
    entry, other = _permit(), _permit()
    client = client_for(town)
    case = entry.decision.case
    choices = entry.offering.form_version.form.questions_by_id["park"].choices
    park = next(each.label for each in choices if each.value == case.answers["park"])

    def numbers(query: str) -> set[str]:
        page = _read(client, f"/en/register/park-use/?{query}")
        across = _read(client, f"/en/register/?{query}")
        found = {one.number for one in (entry, other) if f">{one.number}<" in page}
        assert found == {one.number for one in (entry, other) if f">{one.number}<" in across}
        return found

    both = {entry.number, other.number}
    assert numbers(f"q={entry.number}") == {entry.number}
    for language in ("ja", "en"):
        assert numbers(f"q={park.in_language(language)}") == both
    assert numbers(f"on={entry.valid_from}") == both
    assert numbers(f"on={entry.valid_from - timedelta(days=1)}") == set()
    assert numbers(f"q={entry.number}&on={entry.valid_until}") == {entry.number}
    for private in ("山田", "噴水", case.application.receipt_number, "、"):
        assert numbers(f"q={private}") == set(), private
    response = client.get(f"/en/register/?q=x&service=park-use&on={entry.valid_from}")
    assert response["Location"] == f"/en/register/park-use/?q=x&on={entry.valid_from}"


def test_a_day_that_is_none_is_said_at_its_field(
    town: Any, client_for: Callable[..., Client]
) -> None:
    make.offering()
    for path in ("/en/register/", "/en/register/park-use/"):
        response = client_for(town).get(f"{path}?q=park&on=tomorrow")
        page = response.content.decode()
        assert response.status_code == 422
        assert 'aria-describedby="register-on-error"' in page
        assert 'value="tomorrow"' in page
        assert 'value="park"' in page


def test_what_is_not_public_any_more_is_not_found(
    town: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = _permit()
    listed = register.public_list("park-use", "ja")
    assert list(register_search.found([listed], entry.number)) == [entry]
    narrower = listed.rule.model_copy(update={"questions": listed.rule.questions[:1]})
    monkeypatch.setattr(register, "rule_of", lambda _offering: narrower)
    changed = register.public_list("park-use", "ja")
    assert list(register_search.found([changed], entry.number)) == []
    chores.chores.get("cases.register_words")()
    assert list(register_search.found([changed], entry.number)) == [entry]


def test_pages_of_a_long_register_end_somewhere(
    town: Any, client_for: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _each in range(3):
        _permit()
    client = client_for(town)
    assert "Only the newest" not in _read(client, "/en/register/park-use/")
    monkeypatch.setattr("portal.views.register.MOST_SHOWN", 2)
    assert "Only the newest 2 are shown" in _read(client, "/en/register/park-use/")
