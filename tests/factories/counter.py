"""Help at the counter: codes, sessions, and what is typed there."""

from __future__ import annotations

from datetime import date
from typing import Any

from common.actor import Actor
from identity.counter import actions, codes
from identity.counter.actions import Person, Recognised
from identity.models import CounterCode, Helping, Role, User
from tests.factories import people
from tests.factories.behalf import ADDRESS

BORN = "1985-04-12"


def helper(*, at: str | None = "permits", name: str = "森 さくら") -> User:
    return people.staff(Role.COUNTER, at=at, name=name)


def code_of(resident: User) -> str:
    """What the resident's phone shows."""
    return codes.make(resident=resident, purpose=CounterCode.Purpose.HELP, by=Actor.of(resident))[0]


def born(year: str = "1985", month: str = "4", day: str = "12") -> dict[str, str]:
    return {"birth_date-year": year, "birth_date-month": month, "birth_date-day": day}


def code_fields(shown: str, **changes: Any) -> dict[str, Any]:
    return {"code": shown, **born(), "basis": "my_number_card", **changes}


def person_fields(**changes: Any) -> dict[str, Any]:
    return {
        "name": "鈴木 ハル",
        "name_kana": "スズキ　ハル",
        **born("昭和20", "5", "1"),
        "address-postalCode": "1650026",
        "address-prefecture": "東京都",
        "address-city": "中野区",
        "address-streetAddress": "新井1-2-3",
        "basis": "other_papers",
        "papers": ["health_insurance", "pension"],
        **changes,
    }


def helping(by: User, resident: User, basis: str = "my_number_card") -> Helping:
    """`by` helps a resident who has shown a code."""
    found = actions.begin_with_code(
        helper=by,
        code=code_of(resident),
        birth_date=date.fromisoformat(BORN),
        recognised=Recognised(basis=basis),
    )
    assert found is not None
    return found


def helping_in_person(by: User, name: str = "鈴木 ハル", same_as: User | None = None) -> Helping:
    """`by` helps somebody without an eID."""
    return actions.begin_in_person(
        helper=by,
        person=Person(
            name=name, name_kana="スズキ　ハル", birth_date=date(1945, 5, 1), address=ADDRESS
        ),
        recognised=Recognised(basis="other_papers", others=("health_insurance", "pension")),
        same_as=same_as,
    )
