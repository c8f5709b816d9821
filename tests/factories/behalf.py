"""Whom somebody acts for, and signatures of others."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from cases import links
from cases.links import Purpose
from cases.models import Cosignature
from common import outbox
from common.actor import Actor
from forms.models import Draft
from identity.models import Representation, User
from identity.representation import actions
from identity.representation.actions import Declared
from tests.factories import people
from tests.factories.cases import PDF

#: Of the National Tax Agency: published as an example of the check digit.
CORPORATE_NUMBER = "7000012050002"
ADDRESS = {
    "postalCode": "165-0026",
    "prefecture": "東京都",
    "city": "中野区",
    "streetAddress": "新井1-2-3",
    "building": "",
}


@dataclass(frozen=True)
class Paper:
    """A file as the examination leaves it."""

    data: bytes = PDF
    content_type: str = "application/pdf"
    filename: str = "委任状.pdf"

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def years_ago(years: int) -> date:
    today = timezone.localdate()
    return date(today.year - years, 6, 15)


def declared(kind: str, **changes: Any) -> Declared:
    """What somebody types about a child, a person or an organisation."""
    usual: dict[str, dict[str, Any]] = {
        "guardian": {
            "name": "山田 空",
            "name_kana": "ヤマダ　ソラ",
            "birth_date": years_ago(7),
            "basis": "family_register",
        },
        "attorney": {
            "name": "鈴木 ハル",
            "name_kana": "スズキ　ハル",
            "birth_date": years_ago(80),
            "basis": "power_of_attorney",
        },
        "organisation": {
            "name": "株式会社みなと映像",
            "name_kana": "ミナトエイゾウ",
            "organisation_number": CORPORATE_NUMBER,
            "basis": "authorisation",
        },
    }
    return Declared(**{"kind": kind, "address": ADDRESS, **usual[kind], **changes})


def _made(kind: str, owner: User | None, document: Paper | None, **changes: Any) -> Representation:
    owner = owner or people.resident()
    return actions.declare(
        owner=owner, declared=declared(kind, **changes), by=Actor.of(owner), document=document
    )


def guardian_of_a_child(owner: User | None = None, **changes: Any) -> Representation:
    return _made("guardian", owner, None, **changes)


def attorney_of(owner: User | None = None, **changes: Any) -> Representation:
    """`owner` holds a power of attorney."""
    return _made("attorney", owner, Paper(), **changes)


def employee_of(owner: User | None = None, **changes: Any) -> Representation:
    return _made("organisation", owner, None, **changes)


def as_known(person: User) -> dict[str, Any]:
    """`person` described as their eID does, for somebody who acts for them."""
    told = {concept: entry["value"] for concept, entry in person.eid.claims.items()}
    return {
        "name": told["person.fullName"],
        "name_kana": told["person.fullNameKana"],
        "birth_date": date.fromisoformat(told["person.dateOfBirth"]),
        "address": told["person.address"],
    }


def attorney_for(person: User, owner: User | None = None, **changes: Any) -> Representation:
    """`owner` holds a power of attorney of `person`, who has an account and is recognised."""
    owner = owner or people.resident(
        name="鈴木 一郎", name_kana="スズキ イチロウ", born="1970-01-02"
    )
    made = attorney_of(owner, **{**as_known(person), **changes})
    outbox.drain()
    return Representation.objects.get(pk=made.pk)


def asked_to_sign(
    draft: Draft, address: str = "tanaka@example.jp", **fields: Any
) -> tuple[Cosignature, str]:
    """A request for a signature under `draft`, and the token of its link."""
    row = Cosignature(
        draft=draft,
        address=address,
        language="ja",
        **({"expires_at": timezone.now() + timedelta(days=1)} | fields),
    )
    token = links.new_token(Purpose.COSIGN, row.pk)
    row.token_hash = links.token_hash(token)
    row.save(force_insert=True)
    return row, token
