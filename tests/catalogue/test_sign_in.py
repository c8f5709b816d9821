"""A town asks for more than the template: sign-in, card and signatures. Never for less."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from audit.models import LedgerEntry
from catalogue import offerings
from catalogue.models import Offering
from catalogue.sign_in import SignInRules, as_settings, in_force, problems, why_not
from catalogue.template import Assurance, Cosign, ServiceTemplate, SignIn
from common.actor import SYSTEM, Actor
from common.errors import Conflict, InvalidInput
from common.text import Text
from forms import versions
from forms.definitions import load
from tests.factories import people
from tests.services import joint_event, sure_thing

BY = Text({"ja": "大家さんが署名します。", "en": "The landlord signs."})
LONG = {"ja": "大家", "en": "x" * 201}
ORDINARY, HIGH = Assurance.ORDINARY, Assurance.HIGH


def adopted(key: str) -> Offering:
    return offerings.adopt(key, by=SYSTEM, department=people.department())


def one_by(by: Any) -> Cosign:
    return Cosign(count=1, by=Text(by))


def change(offering: Offering, wanted: SignInRules, **more: Any) -> Offering:
    by = Actor.of(people.admin())
    seen = more.pop("seen", offering.sign_in_rules.mark)
    return offerings.change_sign_in(offering=offering, wanted=wanted, seen=seen, by=by)


def test_stricter_is_kept_through_an_upgrade_and_can_be_taken_back(town: Any) -> None:
    offering = adopted("street_stalls")
    wanted = SignInRules(SignIn.REQUIRED, HIGH, Cosign(count=2, by=BY))
    changed = change(offering, wanted)
    assert changed.sign_in_rules == wanted
    assert (changed.is_sure, changed.begins_without_sign_in) == (True, False)
    entry = LedgerEntry.objects.filter(event="offering.sign_in_changed").get()
    assert entry.data == {"before": "optional ordinary 0", "after": "required high 2"}
    again = adopted("street_stalls")
    assert again.sign_in_rules == wanted
    back = change(again, in_force(again.template.service, {}))
    assert back.sends_without_sign_in
    assert not {"sign_in", "assurance", "cosign"} & back.settings.keys()


def test_same_again_writes_nothing(town: Any) -> None:
    offering = adopted("park_use")
    change(offering, offering.sign_in_rules)
    assert not LedgerEntry.objects.filter(event="offering.sign_in_changed").exists()


def test_page_that_is_out_of_date_changes_nothing(town: Any) -> None:
    offering = adopted("park_use")
    seen = offering.sign_in_rules.mark
    change(offering, SignInRules(SignIn.REQUIRED, ORDINARY, None))
    with pytest.raises(Conflict):
        change(offering, SignInRules(SignIn.REQUIRED, HIGH, None), seen=seen)
    assert not Offering.objects.get(pk=offering.pk).is_sure


@pytest.mark.parametrize(
    ("key", "wanted", "field"),
    [
        ("park_use", SignInRules(SignIn.OPTIONAL, ORDINARY, None), "sign_in"),
        ("child_allowance", SignInRules(SignIn.OPTIONAL, ORDINARY, None), "sign_in"),
        ("child_allowance", SignInRules(SignIn.TO_SEND, ORDINARY, None), "sign_in"),
        ("street_stalls", SignInRules(SignIn.TO_SEND, HIGH, None), "assurance"),
        ("street_stalls", SignInRules(SignIn.OPTIONAL, ORDINARY, one_by(BY)), "signers"),
        ("park_use", SignInRules(SignIn.REQUIRED, ORDINARY, one_by({"ja": "大家"})), "by-en"),
        ("park_use", SignInRules(SignIn.REQUIRED, ORDINARY, one_by(LONG)), "by-en"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(
    town: Any, key: str, wanted: SignInRules, field: str
) -> None:
    offering = adopted(key)
    before = offering.settings
    with pytest.raises(InvalidInput) as refused:
        change(offering, wanted)
    assert list(refused.value.errors) == [field]
    assert Offering.objects.get(pk=offering.pk).settings == before


def test_form_with_a_sensitive_number_is_not_sent_by_guests(town: Any) -> None:
    offering = adopted("street_stalls")
    data = offering.form_version.form.as_json()
    number = {"id": "number", "type": "text", "format": "individual_number", "sensitive": True,
              "label": {"ja": "個人番号", "en": "Individual Number"}}  # fmt: skip
    data["steps"][0]["questions"].append(number)
    offering.form_version = versions.publish(load(data))
    offering.save()
    assert not offering.sends_without_sign_in
    service, form = offering.template.service, offering.form_version.form
    assert why_not(service, form, SignIn.OPTIONAL)
    assert not why_not(service, form, SignIn.TO_SEND)


def test_of_template_and_town_the_stricter_counts() -> None:
    joint = ServiceTemplate(Path(joint_event.__file__).parent, "tests")
    service = joint.service
    assert service.cosign is not None
    own = {"cosign": {"count": 9, "by": {}}, "sign_in": "optional"}
    rules = in_force(service, own)
    assert rules.cosign is not None
    assert (rules.signers, rules.cosign.by) == (service.cosign.most, service.cosign.by)
    assert rules.sign_in is service.sign_in
    fewer = SignInRules(service.sign_in, ORDINARY, None)
    assert list(problems(service, joint.form, fewer, ["ja"])) == ["signers"]
    sure = ServiceTemplate(Path(sure_thing.__file__).parent, "tests").service
    assert in_force(sure, {"assurance": "ordinary"}).assurance is HIGH
    looser = SignInRules(SignIn.REQUIRED, ORDINARY, None)
    assert list(problems(sure, joint.form, looser, ["ja"])) == ["assurance"]
    assert as_settings(sure, in_force(sure, {})) == {}
