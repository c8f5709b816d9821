"""Made-up people who have sent an application to which nothing has to be attached."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from cases import actions
from cases.models import Case
from catalogue.models import Offering
from common.actor import Actor
from forms import drafts
from identity.models import Representation, User
from identity.representation import queries as representations

SERVICE = "dog_registration"


def sent(
    offering: Offering,
    name: str,
    kana: str,
    *,
    email: str = "",
    acts_for: Representation | None = None,
) -> Case:
    """An application for `SERVICE` that was sent today, by `name` or by who acts for them."""
    resident = (
        acts_for.owner
        if acts_for
        else User.objects.create_resident(name=name, name_kana=kana, email=email, language="ja")
    )
    draft = drafts.open_draft(
        resident=resident,
        version=offering.form_version,
        subject=offering.slug,
        claims=representations.claims(acts_for, {}) if acts_for else {},
        representation=acts_for,
    )
    known = draft.form.questions_by_id
    usual = {key: value for key, value in _answers(name, kana).items() if key in known}
    draft.answers = {**usual, **draft.answers}
    draft.steps_done = [step.id for step in draft.form.steps]
    draft.save(update_fields=["answers", "steps_done"])
    return actions.submit_application(draft=draft, by=Actor.of(resident), language="ja")


def _answers(name: str, kana: str) -> dict[str, Any]:
    today = timezone.localdate()
    return {
        "name": name,
        "name_kana": kana,
        "birth_date": "1980-05-01",
        "address": {
            "postalCode": "100-0001",
            "prefecture": "東京都",
            "city": "汐見市",
            "streetAddress": "港町1-1",
        },
        "phone": "090-1234-5678",
        "email": "example@example.test",
        "kept_at_home": True,
        "procedures": ["register"],
        "dog_name": "ハチ",
        "breed": "柴犬",
        "birth_known": True,
        "born": (today - timedelta(days=120)).isoformat(),
        "acquired_on": (today - timedelta(days=10)).isoformat(),
        "dog_sex": "male",
        "colour": "茶",
        "microchip": "none",
        "agreed": True,
    }
