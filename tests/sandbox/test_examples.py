"""What the demo gives its desks to do, and the bank's file that goes with it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from billing import banking, queries
from billing.models import FeeDue
from cases import desk, represented, saved
from cases.assigning.models import AssignmentRule
from cases.models import Case
from cases.prepared_letters import matching
from cases.prepared_letters.models import PreparedLetter
from common import outbox
from identity import claims
from identity.models import Representation, Role, User
from sandbox import examples
from sandbox.examples import letters
from tenants import context
from tests.factories import cases as make
from tests.factories import people


@pytest.fixture
def seeded(town: Any) -> None:
    make.offering("dog_registration", department=people.department("permits"))
    examples.seed()
    examples.seed()


def test_finance_desk_has_fees_of_every_kind_once(seeded: None) -> None:
    counts = queries.counts()
    assert (counts["in_open"], counts["in_overdue"], counts["in_paid"]) == (4, 1, 2)
    assert counts["in_surplus"] == 1
    assert Case.objects.filter(waivers__state="asked").count() == 1
    assert outbox.drain().failed == 0
    assert FeeDue.objects.count() == 6


def test_bank_file_has_a_line_of_each_kind(seeded: None, town: Any) -> None:
    clerk = people.staff(Role.FINANCE, at=None)
    answer = Client(HTTP_HOST=settings.PLATFORM_DOMAIN).get("/sandbox/bank/shiomi.csv")
    assert answer.headers["Content-Type"].startswith("text/csv")
    with context.municipality(town):
        statement = banking.take_in(content=answer.content, name="bank-shiomi.csv", by=clerk)
        states = list(statement.lines.order_by("number").values_list("state", flat=True))
    assert states == ["matched", "suggested", "suggested", "unmatched"]
    assert Client(HTTP_HOST=settings.PLATFORM_DOMAIN).get("/sandbox/bank/x.csv").status_code == 404


def test_letters_fit_the_people_of_the_sandbox(town: Any) -> None:
    of = make.offering(letters.SERVICE)
    letters.seed(of, people.admin())
    letters.seed(of, people.admin())
    assert PreparedLetter.objects.count() == 3
    found = {}
    for person in json.loads(letters._PERSONAS.read_text(encoding="utf-8")):
        user = people.resident()
        user.eid.claims = claims.normalise(
            person.get("claims", {}), issuer="x", acr="x", asserted_at=timezone.now()
        )
        user.eid.save()
        letter = matching.of_resident(of, user)
        if letter is not None:
            found[person["id"]] = letter.number
    assert found == {
        "single_parent": "2026-000123", "rare_kanji": "2026-000124",
        "foreign_resident": "2026-000125",
    }  # fmt: skip


def test_desk_has_something_of_everything_once(seeded: None) -> None:
    worker = User.objects.get(username="yamamoto")
    assert [one.name for one in saved.visible_to(worker)] == ["わたしの審査中", "担当者待ち"]
    assert AssignmentRule.objects.get().members.get().person == worker
    counts = desk.inbox_counts(worker)
    assert (counts["messages"], counts["undelivered"], counts["unassigned"]) == (1, 1, 3)
    assert outbox.drain().failed == 0
    assert desk.inbox_counts(worker)["undelivered"] == 1


def test_a_persona_is_represented_and_finds_it(seeded: None) -> None:
    acting = Representation.objects.get()
    born = acting.birth_date.isoformat()
    person = people.resident(name=acting.name, name_kana=acting.name_kana, born=born)
    person.eid.claims["person.address"]["value"] = acting.address
    person.eid.save()
    outbox.drain()
    acting.refresh_from_db()
    assert acting.person == person
    assert represented.sent_for(person).count() == 1
