"""What is not one's own does not exist: other residents, other towns, made-up ids, no sign-in."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from catalogue.models import Offering
from common import outbox
from forms.models import Attachment, Draft
from identity.models import User
from notifications.models import Message
from tests.factories import cases as make
from tests.factories import people

CASE_PAGES = ("case", "receipt", "sent", "withdraw", "correction", "correction_send", "pay")
DRAFT_PAGES = ("draft", "check", "discard")


def addresses(
    case_id: Any, draft_id: Any, file_id: Any, letter_id: Any, message_id: Any
) -> list[str]:
    return [
        *[reverse(f"portal:{name}", args=[case_id]) for name in CASE_PAGES],
        *[reverse(f"portal:{name}", args=[draft_id]) for name in DRAFT_PAGES],
        reverse("portal:step", args=[draft_id, "place"]),
        reverse("portal:attachment", args=[file_id]),
        reverse("portal:thumbnail", args=[file_id]),
        reverse("portal:document", args=[case_id, letter_id]),
        reverse("portal:message", args=[message_id]),
    ]


def everything_of(resident: User, offering: Offering) -> list[str]:
    """Every address that belongs to this resident alone."""
    case = make.claimed_case(of=offering, resident=resident)
    make.decision_on(case, "refused")
    outbox.drain()
    case.refresh_from_db()
    draft = make.draft_ready_to_send(of=offering, resident=resident)
    file = Attachment.objects.filter(owner=resident).first()
    message = Message.objects.filter(recipient=resident).first()
    assert file is not None
    assert message is not None
    return addresses(case.pk, draft.pk, file.pk, case.decision.letter_id, message.pk)


@pytest.fixture
def foreign(offering: Offering) -> list[str]:
    return everything_of(people.resident(name="別の 人"), offering)


@pytest.fixture
def of_another_town(town: Any, in_town: Any) -> Iterator[list[str]]:
    with in_town("suginosawa"):
        found = everything_of(people.resident(name="杉野 沢子"), make.offering())
    return found  # type: ignore[return-value]


def answers(client: Client, paths: list[str]) -> set[int]:
    found = set()
    for path in paths:
        for response in (client.get(path), client.post(path), client.get("/en" + path)):
            found.add(response.status_code)
            if getattr(response, "streaming", False):
                assert b"".join(response.streaming_content)
    return found


def test_pages_of_somebody_else_are_not_there(browser: Client, foreign: list[str]) -> None:
    assert answers(browser, foreign) <= {404, 405}


def test_pages_of_another_town_are_not_there(
    offering: Offering, browser: Client, of_another_town: list[str]
) -> None:
    assert answers(browser, of_another_town) <= {404, 405}


def test_made_up_ids_are_not_there(browser: Client) -> None:
    ids = [uuid.uuid4() for _ in range(5)]
    assert answers(browser, addresses(*ids)) <= {404, 405}


def test_without_sign_in_everything_leads_to_it(visitor: Client, foreign: list[str]) -> None:
    own = [
        *foreign,
        reverse("portal:applications"),
        reverse("portal:messages"),
        reverse("portal:message_settings"),
        reverse("portal:my_data"),
    ]
    for path in own:
        answer = visitor.get(path)
        assert answer.status_code == 302, path
        assert answer.headers["Location"].startswith("/sign-in/?next="), path


def test_nothing_was_changed_by_the_tries(browser: Client, foreign: list[str]) -> None:
    before = list(Draft.objects.order_by("pk").values_list("pk", "state", "lock"))
    answers(browser, foreign)
    assert list(Draft.objects.order_by("pk").values_list("pk", "state", "lock")) == before


def test_staff_have_no_resident_pages(town: Any, client_for: Any, foreign: list[str]) -> None:
    client = people.sign_in_staff(client_for(town), people.caseworker())
    assert answers(client, foreign) <= {403, 405}
