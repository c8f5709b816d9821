"""The published schema: its address, who sees it, how it is kept."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from django.test import Client

from cases.models import Case
from catalogue.models import Offering
from forms import versions
from forms.definitions import load
from forms.models import FormVersion
from tests.factories import cases as make


def path_of(version: FormVersion) -> str:
    return f"/forms/{version.key}/{version.number}/schema.json"


def newer(offering: Offering, title: str = "新しい様式") -> FormVersion:
    """Another version of the offering's form, published and not yet offered."""
    data = offering.form_version.form.as_json()
    return versions.publish(load(data | {"title": {"ja": title, "en": "New form"}}))


def test_everybody_reads_the_schema_of_what_is_offered(offering: Offering, visitor: Client) -> None:
    path = path_of(offering.form_version)
    answer = visitor.get(path)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/schema+json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.cookies == {}
    schema = answer.json()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$id"].endswith(path)
    assert "shiomi" in schema["$id"]
    assert schema["properties"]["purpose"]["x-titles"]["en"]


def test_it_is_sent_once(offering: Offering, visitor: Client, browser: Client) -> None:
    path = path_of(offering.form_version)
    first = visitor.get(path)
    tag = first.headers["ETag"]
    again = visitor.get(path, headers={"if-none-match": f'W/"other", {tag}'})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    # The same for everybody, whatever language they read and whoever they are.
    english = browser.get(path, headers={"accept-language": "en"})
    assert (english.content, english.headers["ETag"]) == (first.content, tag)


def test_a_submission_is_valid(offering: Offering, visitor: Client) -> None:
    case = make.submitted_case(of=offering)
    schema = visitor.get(path_of(offering.form_version)).json()
    jsonschema.validate(case.application.answers, schema)


def test_every_version_stays_though_nobody_sent_anything_with_it(
    offering: Offering, visitor: Client
) -> None:
    before = offering.form_version
    offering.form_version = newer(offering)
    offering.save(update_fields=["form_version"])
    for version in (before, offering.form_version):
        answer = visitor.get(path_of(version))
        assert answer.status_code == 200
        assert answer.json()["$id"].endswith(path_of(version))
        assert answer.json()["x-titles"] == version.form.title.as_dict()
        assert "immutable" in answer.headers["Cache-Control"]


def test_versions_of_a_service_that_ended_stay_once_it_was_used(
    offering: Offering, visitor: Client
) -> None:
    after = newer(offering)
    case: Case = make.submitted_case(of=offering)
    Offering.objects.update(is_published=False)
    assert visitor.get(path_of(case.application.version)).status_code == 200
    assert visitor.get(path_of(after)).status_code == 200


def test_service_that_was_never_offered_is_nobodys_business(
    offering: Offering, visitor: Client
) -> None:
    Offering.objects.update(is_published=False)
    assert visitor.get(path_of(offering.form_version)).status_code == 404


@pytest.mark.parametrize(
    "path", ["/forms/nothing/1/schema.json", "/forms/park_use/0/schema.json",
             f"/forms/park_use/{10**30}/schema.json", "/forms/park_use/-1/schema.json",
             "/en/forms/park_use/1/schema.json"],
)  # fmt: skip
def test_what_does_not_exist_is_404(offering: Offering, visitor: Client, path: str) -> None:
    assert visitor.get(path).status_code == 404


def test_it_is_read_only(offering: Offering, visitor: Client) -> None:
    path = path_of(offering.form_version)
    assert visitor.head(path).status_code == 200
    assert {visitor.post(path).status_code, visitor.delete(path).status_code} == {405}


def test_each_town_publishes_its_own(
    offering: Offering, visitor: Client, in_town: Any, client_for: Any
) -> None:
    """Both towns offer park use; the parks, and so the schemas, are their own."""
    with in_town("suginosawa"):
        other = make.offering()
        key, number = other.form_version.key, other.form_version.number
        parks = [option.value for option in other.form_version.form.questions_by_id["park"].choices]
    path = f"/forms/{key}/{number}/schema.json"
    theirs = client_for("suginosawa").get(path).json()
    ours = visitor.get(path_of(offering.form_version)).json()
    assert theirs["properties"]["park"]["enum"] == parks
    assert ours["properties"]["park"]["enum"] != parks
    assert "suginosawa" in theirs["$id"]
    assert "suginosawa" not in json.dumps(ours)
