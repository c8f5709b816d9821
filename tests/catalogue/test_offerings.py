"""Adopting a service: the template with the town's own values, as immutable versions."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation

from audit.models import LedgerEntry
from catalogue import offerings, queries
from catalogue.models import Offering, WorkflowVersion
from catalogue.template import SignIn
from common.actor import SYSTEM, Actor
from common.errors import Conflict
from forms import definitions, versions
from forms.errors import DefinitionError
from forms.models import FormVersion
from tests.factories import people

PARKS = [{"value": "seaside", "label": {"ja": "海浜公園", "en": "Seaside Park"}}]


def _adopt(**changes: Any) -> Offering:
    return offerings.adopt("park_use", by=SYSTEM, department=people.department(), **changes)


def test_town_has_its_own_options(town: Any) -> None:
    offering = _adopt(choices={"park": PARKS})
    question = offering.form_version.form.questions_by_id["park"]
    assert [option.value for option in question.choices] == ["seaside"]
    assert offering.settings["choices"] == {"park": PARKS}


def test_same_adoption_again_makes_no_new_version(town: Any) -> None:
    first = _adopt(choices={"park": PARKS})
    counts = (FormVersion.objects.count(), WorkflowVersion.objects.count())
    second = _adopt(choices={"park": PARKS})
    assert (first.pk, first.form_version_id) == (second.pk, second.form_version_id)
    assert (FormVersion.objects.count(), WorkflowVersion.objects.count()) == counts


def test_changed_options_are_a_new_version_and_the_old_one_stays(town: Any) -> None:
    first = _adopt(choices={"park": PARKS})
    old = first.form_version_id
    second = _adopt(choices={"park": [{**PARKS[0], "value": "harbour"}]})
    assert second.form_version_id != old
    kept = FormVersion.objects.get(pk=old).form.questions_by_id["park"]
    assert [option.value for option in kept.choices] == ["seaside"]


def test_option_of_a_question_that_does_not_exist_is_refused(town: Any) -> None:
    with pytest.raises(DefinitionError, match="no question 'moon'"):
        _adopt(choices={"moon": PARKS})


def test_rate_that_the_service_does_not_know_is_refused(town: Any) -> None:
    with pytest.raises(ValueError, match="no rate 'moon'"):
        _adopt(rates={"moon": 100})


def test_unpublished_offering_is_not_offered(town: Any) -> None:
    offering = _adopt(publish=False)
    assert offering not in queries.published()


def test_adoption_is_in_the_ledger(town: Any) -> None:
    offering = _adopt()
    entry = LedgerEntry.objects.filter(object_kind="offering").order_by("-id")[0]
    assert (entry.object_id, entry.event) == (str(offering.pk), "offering.upgraded")
    assert entry.data["template"] == "park_use"


def test_workflow_of_a_running_case_does_not_change(town: Any) -> None:
    offering = _adopt()
    assert offering.workflow.digest == offering.workflow_version.digest


def test_note_and_publisher_stay_with_the_version(town: Any) -> None:
    editor = people.admin()
    changed = [{**PARKS[0], "value": "harbour"}]
    offering = offerings.adopt(
        "park_use", by=Actor.of(editor), department=people.department(),
        choices={"park": changed}, note=" 港の公園を加えた ",
    )  # fmt: skip
    version = FormVersion.objects.get(pk=offering.form_version_id)
    assert (version.note, version.published_by) == ("港の公園を加えた", editor)
    assert _adopt(choices={"park": changed}, note="same again").form_version_id == version.pk
    version.refresh_from_db()
    assert version.note == "港の公園を加えた"


def test_note_that_is_too_long_is_refused(town: Any) -> None:
    with pytest.raises(DefinitionError, match="longer than 500"):
        _adopt(choices={"park": PARKS}, note="長" * 501)


def test_second_editor_is_told_and_changes_nothing(town: Any) -> None:
    seen = _adopt(choices={"park": PARKS}).form_version_id
    first = _adopt(choices={"park": [{**PARKS[0], "value": "harbour"}]}, expected=seen)
    number = FormVersion.objects.get(pk=first.form_version_id).number
    with translation.override("en"), pytest.raises(Conflict) as refusal:
        _adopt(choices={"park": [{**PARKS[0], "value": "hill"}]}, expected=seen)
    assert str(refusal.value).startswith(f"Somebody published version {number} on ")
    kept = Offering.objects.get(pk=first.pk)
    assert kept.form_version_id == first.form_version_id
    assert kept.settings["choices"]["park"][0]["value"] == "harbour"
    again = _adopt(
        choices={"park": [{**PARKS[0], "value": "hill"}]}, expected=first.form_version_id
    )
    assert again.settings["choices"]["park"][0]["value"] == "hill"


def _built(offering: Offering) -> FormVersion:
    """A form of the town's own, as the form builder publishes it."""
    data = offering.form_version.form.as_json()
    data["steps"][0]["questions"][0]["label"] = {"ja": "お名前（町独自）", "en": "Name, our way"}
    offering.form_version = versions.publish(definitions.load(data))
    offering.settings = {**offering.settings, "own_form": True}
    offering.save()
    return offering.form_version


def test_own_form_outlives_a_newer_template(town: Any) -> None:
    own = _built(_adopt(choices={"park": PARKS}))
    again = _adopt(choices={"park": PARKS}, rates={"event": 7})
    assert again.form_version_id == own.pk
    assert again.settings["rates"] == {"event": 7}
    assert _adopt().form_version_id == own.pk


def test_own_form_is_given_up_when_that_is_wanted(town: Any) -> None:
    own = _built(_adopt())
    again = _adopt(replace_form=True)
    assert again.form_version_id != own.pk
    assert "own_form" not in again.settings


def test_own_form_that_no_longer_fits_is_said(town: Any) -> None:
    offering = _adopt()
    data = offering.form_version.form.as_json()
    step = next(step for step in data["steps"] if step["id"] == "place")
    step["questions"] = [one for one in step["questions"] if one["id"] != "hours"]
    offering.form_version = versions.publish(definitions.load(data))
    offering.settings = {**offering.settings, "own_form": True}
    offering.save()
    with pytest.raises(DefinitionError, match="letter hours"):
        _adopt()


def test_town_can_be_stricter_about_the_sign_in_but_not_looser(town: Any) -> None:
    def adopt(key: str, sign_in: SignIn | None = None) -> Offering:
        return offerings.adopt(key, by=SYSTEM, department=people.department(), sign_in=sign_in)

    assert adopt("street_stalls").sends_without_sign_in
    stricter = adopt("street_stalls", SignIn.TO_SEND)
    assert (stricter.begins_without_sign_in, stricter.sends_without_sign_in) == (True, False)
    assert adopt("street_stalls").sign_in is SignIn.TO_SEND  # left as the town had it
    assert not adopt("street_stalls", SignIn.REQUIRED).begins_without_sign_in
    assert "sign_in" not in adopt("street_stalls", SignIn.OPTIONAL).settings
    with pytest.raises(ValueError, match="'park_use' says 'to_send', which 'optional' is looser"):
        adopt("park_use", SignIn.OPTIONAL)
