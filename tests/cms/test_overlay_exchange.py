"""Settings of a service go from town to town as YAML, and on to a newer template."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from audit.models import LedgerEntry
from catalogue import overlay as overlays
from catalogue.models import Offering
from catalogue.overlay import Overlay
from cms.models import OverlayEdit
from cms.overlays import yaml_text
from tests.cms.test_form_builder import fields, make_editor, soup, words
from tests.factories import cases as make
from tests.factories import people

SERVICE = "/admin/forms/park-use/"
YAML = f"{SERVICE}settings/yaml/"
UPDATE = f"{SERVICE}update/"

EVERYTHING: dict[str, Any] = {
    "department": "civil",
    "clock": {"days": 12, "unit": "calendar_days"},
    "fees": {
        "rates": {"event": 2000}, "free": True,
        "explanation": {"ja": "無料です。", "en": "Free."},
        "legal_basis": {"ja": "条例", "en": "Ordinance"},
    },
    "consultations": [
        {
            "id": "own_roads", "name": {"ja": "道路課", "en": "Roads"}, "department": "roads",
            "question": {"ja": "支障はありますか。", "en": "Does it\nhinder you?"},
            "when": "area_m2 > 10", "required": False, "stages": ["review", "correction"],
            "days": 3, "remind": 1, "again": True,
        },
        {
            "id": "police", "name": {"ja": "警察署", "en": "Police"}, "body": "police",
            "question": {"ja": "意見", "en": "Opinion"}, "stages": ["review"], "days": 7,
            "sees": ["park"],
        },
    ],
    "sign_in": {
        "sign_in": "required", "assurance": "high",
        "cosign": {"count": 2, "by": {"ja": "役員", "en": "The board"}},
    },
}  # fmt: skip


@pytest.fixture
def desk(town: Any, client_for: Callable[..., Any]) -> Any:
    return people.sign_in_staff(client_for(town), make_editor())


@pytest.fixture
def park(town: Any) -> Offering:
    people.department("roads")
    people.department("civil")
    return make.offering()


def fresh() -> Offering:
    return Offering.objects.get(template_key="park_use")


def bring(desk: Any, source: str) -> Any:
    page = fields(soup(desk.get(YAML)), "#yaml-form")
    return desk.post(YAML, page | {"source": source})


def publish(desk: Any) -> Any:
    there = f"{SERVICE}settings/publish/"
    page = fields(soup(desk.get(there)), "#publish-form")
    return desk.post(there, page | {"_do": "publish", "note": "隣町から"})


def test_everything_goes_there_and_back_without_loss(desk: Any, park: Offering) -> None:
    brought = Overlay.model_validate(EVERYTHING)
    assert bring(desk, yaml_text.write(park, brought)).status_code == 302
    assert fresh().workflow_version_id == park.workflow_version_id  # nothing is published yet
    assert publish(desk).status_code == 302
    now = fresh()
    assert overlays.of(now) == brought
    assert now.sign_in_rules.signers == 2
    assert [each.id for each in now.workflow.consultations] == ["own_roads", "police"]
    again = desk.get(f"{YAML}download/").content.decode()
    assert yaml_text.read(again, now) == brought
    assert again == yaml_text.write(now, brought)
    # … and the page of the consultations loses nothing of what it does not show.
    there = f"{SERVICE}settings/consultations/"
    typed = fields(soup(desk.get(there))) | {"_do": "save"}
    assert desk.post(there, typed).status_code == 302
    assert overlays.of(fresh()) == brought
    assert OverlayEdit.objects.filter(state="open").count() == 0


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("service: dog_registration", "not the settings of this service"),
        ("- 1", "not the settings of this service"),
        ("service: park_use\nsettings: {clock: {days: x, unit: working_days}}", "clock.days"),
        ("service: park_use\nsettings: {sign_in: {sign_in: never}}", "sign_in.sign_in"),
        ("service: park_use\nsettings: {moon: 1}", "settings.moon"),
        ("service: [", "did not find expected"),
        ("", "paste"),
    ],
)
def test_what_cannot_be_read_is_told_and_kept_in_the_field(
    desk: Any, park: Offering, source: str, said: str
) -> None:
    answer = bring(desk, source)
    assert answer.status_code == 422
    assert said in words(answer)
    assert fields(soup(answer), "#yaml-form")["source"] == [source]
    assert not OverlayEdit.objects.exists()


def test_what_does_not_fit_here_is_named_before_it_is_published(desk: Any, park: Offering) -> None:
    foreign = EVERYTHING | {"department": "elsewhere", "fees": {"rates": {"moon": 5}}}
    assert bring(desk, yaml_text.write(park, Overlay.model_validate(foreign))).status_code == 302
    page = words(desk.get(f"{SERVICE}settings/publish/"))
    assert "no such department" in page
    assert "no amount “moon”" in page
    assert publish(desk).status_code == 422
    assert fresh().department.key == "permits"


def _older(**settings: Any) -> None:
    """The service as it was adopted from an older version of the template."""
    of = fresh()
    Offering.objects.filter(pk=of.pk).update(
        template_version="0.9.0", settings=of.settings | settings
    )


def test_a_newer_template_keeps_the_local_edits(desk: Any, park: Offering) -> None:
    own = {"department": "civil", "clock": {"days": 12, "unit": "calendar_days"},
           "sign_in": {"sign_in": "required"}}  # fmt: skip
    bring(desk, yaml_text.write(park, Overlay.model_validate(own)))
    publish(desk)
    _older()
    assert UPDATE in desk.get(SERVICE).content.decode()
    page = desk.get(UPDATE)
    said = words(page)
    for part in ("0.9.0", "12 days", "6 working days", "Before they begin"):
        assert part in said
    typed = fields(soup(page), "#update-form")
    assert desk.post(UPDATE, typed | {"note": " "}).status_code == 422
    assert desk.post(UPDATE, typed | {"note": "新しい版"}).status_code == 302
    now = fresh()
    assert (now.template_version, now.department.key, now.workflow.clock.days, now.sign_in) == (
        park.template.service.version, "civil", 12, "required",
    )  # fmt: skip
    assert "新しい版" in words(desk.get(SERVICE))
    assert LedgerEntry.objects.filter(event="offering.upgraded").count() == 1


def test_conflicts_with_a_newer_template_are_named(desk: Any, park: Offering) -> None:
    gone = {"id": "own_roads", "name": {"ja": "道路課"}, "department": "roads", "days": 3,
            "question": {"ja": "意見", "en": "Opinion"}, "stages": ["old_stage"]}  # fmt: skip
    _older(rates={"old_rate": 10}, consultations=[gone], choices={"old_question": []})
    page = desk.get(UPDATE)
    said = words(page)
    for part in ("no amount “old_rate”", "the stage “old_stage”", "old_question"):
        assert part in said
    typed = fields(soup(page), "#update-form") | {"note": "新しい版"}
    assert desk.post(UPDATE, typed).status_code == 409
    assert fresh().template_version == "0.9.0"


def test_a_service_changed_meanwhile_is_looked_at_again(desk: Any, park: Offering) -> None:
    _older()
    typed = fields(soup(desk.get(UPDATE)), "#update-form") | {"note": "新しい版"}
    _older(rates={"event": 77})
    assert desk.post(UPDATE, typed).status_code == 409
    assert fresh().template_version == "0.9.0"


@pytest.mark.parametrize("page", [YAML, f"{YAML}download/", UPDATE])
def test_only_whoever_may_edit_the_services_pages(
    park: Offering, client_for: Callable[..., Any], town: Any, page: str
) -> None:
    client = people.sign_in_staff(client_for(town), people.caseworker())
    assert client.get(page).status_code in {302, 403}
