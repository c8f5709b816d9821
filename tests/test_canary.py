"""No personal data in logs, in messages to the broker, or in mails.

Values that occur nowhere else are put through everything that people do and everything that can go
wrong; then what left the platform is searched for them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from celery.signals import before_task_publish
from django.core import mail
from django.core.cache import cache
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import LedgerEntry
from cases.models import Case, Consultation
from common import outbox
from common.models import OutboxRow
from common.tasks import drain_outbox
from config.celery import app
from forms.models import Attachment, Draft
from tests.factories import cases as make
from tests.factories import people
from tests.forms.versions_of import offer, with_question
from tests.portal import steps

NAME = "金糸雀 太郎"
CANARIES = {
    "name": NAME,
    "kana": "カナリア タロウ",
    "address": "金糸雀町4丁目",
    "phone": "090-4242-4242",
    "other phone": "080-4343-4343",
    "email": "kanaria@canary.example",
    "other email": "tori@canary.example",
    "user name": "canary-user",
    "answer": "金糸雀の放鳥",
    "place": "金糸雀の鳥かごの前",
    "file": "金糸雀の地図",
    "refused file": "金糸雀の巣箱",
    "question": "金糸雀は鳴きますか",
    "opinion": "金糸雀はよく鳴く",
    "message": "金糸雀の色を書くこと",
    "correction": "黄色い金糸雀",
    "condition": "金糸雀に餌をやらないこと",
    "reason": "金糸雀が逃げたため",
    "search": "金糸雀をさがす",
    "error": "金糸雀の例外",
    "individual number": "424242424241",
}


def _forms_of(value: str) -> set[str]:
    """As it is, as JSON and as addresses write it, and a number without its dashes."""
    plain = {value, json.dumps(value)[1:-1], quote(value), value.replace(" ", "")}
    return plain | ({value.replace("-", "")} if value[0] == "0" else set())


def found_in(text: str) -> list[str]:
    """Which canaries `text` holds."""
    return [
        what for what, value in CANARIES.items() if any(form in text for form in _forms_of(value))
    ]


@pytest.fixture(autouse=True)
def _in_japanese(japanese: None) -> None:
    """Every test here."""


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Everything that goes to the broker, header and body, as text."""
    messages: list[str] = []

    def note(**what: Any) -> None:
        messages.append(
            json.dumps(
                [what["headers"], what["properties"], what["body"]],
                ensure_ascii=False,
                default=str,
            )
        )

    monkeypatch.setattr(app.conf, "broker_url", "memory://")
    monkeypatch.setattr(app.amqp, "_producer_pool", None)
    before_task_publish.connect(note, weak=False)
    yield messages
    before_task_publish.disconnect(note)


@pytest.fixture
def world(town: Any, client_for: Callable[..., Client]) -> World:
    of = make.offering()
    offer(
        of,
        with_question(
            "activity", id="my_number", type="text", format="individual_number", sensitive=True,
        ),
    )  # fmt: skip
    resident = people.resident(
        name=NAME, name_kana=CANARIES["kana"], phone=CANARIES["phone"], email=CANARIES["email"]
    )
    claims = resident.eid.claims
    claims["person.address"]["value"]["streetAddress"] = CANARIES["address"]
    resident.eid.save(update_fields=["claims"])
    assert of.is_published
    worker, asked = people.caseworker(), people.consultee()
    browser = client_for(town, resident)
    browser.raise_request_exception = False
    return World(
        browser,
        people.sign_in_staff(client_for(town), worker),
        people.sign_in_staff(client_for(town), asked),
        resident,
    )


class World:
    """A resident and two offices, over HTTP."""

    def __init__(self, browser: Client, office: Client, parks: Client, resident: Any) -> None:
        self.browser, self.office, self.parks, self.resident = browser, office, parks, resident

    def fills_in(self) -> Draft:
        browser = self.browser
        draft = steps.begin(browser, self.resident)
        steps.post_step(browser, draft, "applicant", {"phone": CANARIES["error"]})
        steps.post_step(
            browser,
            draft,
            "applicant",
            steps.APPLICANT | {"phone": CANARIES["phone"], "email": CANARIES["email"]},
        )
        place = steps.place_fields(draft) | {"place_detail-description": CANARIES["place"]}
        steps.post_step(browser, draft, "place", place | {"area_m2": CANARIES["answer"]})
        steps.post_step(browser, draft, "place", place)
        activity = steps.ACTIVITY | {
            "purpose": CANARIES["answer"],
            "my_number": CANARIES["individual number"],
        }
        steps.post_step(browser, draft, "activity", activity)
        steps.post_step(browser, draft, "activity", activity)
        for content in (b"MZ\x90\x00 not a picture", b"", b"<svg onload='alert(1)'/>"):
            evil = SimpleUploadedFile(f"{CANARIES['refused file']}.png", content, "image/png")
            answer = steps.post_step(browser, draft, "documents", {"site_plan": evil})
            assert answer.status_code == 422
        plan = steps.picture()
        plan.name = f"{CANARIES['file']}.png"
        steps.post_step(browser, draft, "documents", {"site_plan": plan})
        steps.post_step(browser, draft, "declaration", {"agreed": "yes"})
        assert Attachment.objects.get(draft=draft).filename == f"{CANARIES['file']}.png"
        return draft

    def sends(self, draft: Draft) -> Case:
        answer = self.browser.post(reverse("portal:check", args=[draft.pk]))
        assert answer.status_code == 302, answer.content.decode()
        return Case.objects.get(application__idempotency_key=draft.pk)

    def acts(self, client: Client, case: Case, action: str, *ids: Any, **posted: Any) -> None:
        lock = Case.objects.get(pk=case.pk).lock
        answer = client.post(
            reverse(f"desk:{action}", args=[case.pk, *ids]), {"lock": lock, **posted}
        )
        assert answer.status_code == 302, answer.content.decode()

    def is_consulted(self, case: Case) -> None:
        self.office.get(reverse("desk:inbox"), {"q": CANARIES["search"]})
        self.acts(self.office, case, "claim")
        self.acts(self.office, case, "consult", department="parks", question=CANARIES["question"])
        asked = Consultation.objects.get(case=case)
        self.parks.get(reverse("desk:case", args=[case.pk]))
        self.acts(
            self.parks,
            case,
            "opinion",
            asked.pk,
            opinion="with_conditions",
            text=CANARIES["opinion"],
        )

    def is_corrected(self, case: Case) -> None:
        self.acts(
            self.office,
            case,
            "correct",
            question_ids=["purpose"],
            message=CANARIES["message"],
        )
        address = reverse("portal:correction", args=[case.pk])
        page = self.browser.get(address).context["page"]
        hidden = {"_seen": page.seen, "_shown": page.shown}
        self.browser.post(address, {**hidden, "purpose": CANARIES["correction"]})
        self.browser.post(reverse("portal:correction_send", args=[case.pk]))
        assert Case.objects.get(pk=case.pk).answers["purpose"] == CANARIES["correction"]

    def is_approved(self, case: Case) -> None:
        self.acts(self.office, case, "approve", own=CANARIES["condition"], confirmed="1")

    def is_looked_at(self, case: Case) -> None:
        answer = self.office.post(reverse("desk:show", args=[case.pk]), {"place": "my_number"})
        assert CANARIES["individual number"] in answer.content.decode()

    def is_refused(self, case: Case) -> None:
        self.acts(self.office, case, "claim")
        self.acts(self.office, case, "refuse", reason=CANARIES["reason"], confirmed="1")

    def looks_around(self, case: Case) -> None:
        for name in ("portal:case", "portal:receipt", "portal:sent"):
            assert self.browser.get(reverse(name, args=[case.pk])).status_code == 200
        for name in ("portal:messages", "portal:my_data", "portal:applications"):
            assert self.browser.get(reverse(name)).status_code == 200
        self.browser.get("/search/", {"q": CANARIES["search"]})
        self.browser.get(f"/{quote(CANARIES['search'])}/")
        self.browser.post(
            "/staff/login/", {"login": CANARIES["user name"], "password": CANARIES["error"]}
        )


def _drain() -> None:
    assert outbox.drain().failed == 0
    assert not OutboxRow.objects.exclude(last_error="").exists()


def test_the_whole_story(
    world: World, log_lines: Any, sent: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True) as woken:
        case = world.sends(world.fills_in())
    assert woken
    world.is_consulted(case)
    world.is_looked_at(case)
    world.is_corrected(case)
    with django_capture_on_commit_callbacks(execute=True):
        world.is_approved(case)
        _drain()
    other = world.sends(world.fills_in())
    with django_capture_on_commit_callbacks(execute=True):
        world.is_refused(other)
        _drain()
    world.looks_around(case)

    assert len([line for line in log_lines() if line["event"] == "request"]) > 30
    assert found_in(json.dumps(log_lines(), ensure_ascii=False)) == []
    assert sent
    assert found_in("".join(sent)) == []
    rows = OutboxRow.objects.values_list("kind", "key", "payload")
    assert found_in(json.dumps(list(rows), ensure_ascii=False)) == []
    ledger = LedgerEntry.objects.values_list("event", "object_id", "purpose", "data")
    assert found_in(json.dumps(list(ledger), ensure_ascii=False)) == []
    assert CANARIES["individual number"].encode() not in b"".join(cache._cache.values())
    _check_mails({case, other})


def _check_mails(cases: set[Case]) -> None:
    """The receipt number, and nothing else about the person."""
    numbers = {case.application.receipt_number for case in cases}
    titles = {title for case in cases for title in case.offering.title.values()}
    assert len(mail.outbox) >= 5
    for message in mail.outbox:
        assert len(re.findall("|".join(numbers), message.subject)) == 1
        assert found_in(message.subject) == []
        whole = message.message()
        del whole["To"]
        parts = [part.get_payload(decode=True) for part in whole.walk() if not part.is_multipart()]
        text = "\n".join(str(value) for value in whole.values())
        text += b"\n".join(parts).decode()  # type: ignore[arg-type]
        assert found_in(text) == []
        assert not [title for title in titles if title in text]


class TestWhatGoesWrong:
    def _all(self, log_lines: Any) -> str:
        return json.dumps(log_lines(), ensure_ascii=False)

    @pytest.mark.parametrize("error", [ValueError, SuspiciousFileOperation, PermissionError])
    def test_a_view_that_fails(
        self, world: World, log_lines: Any, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
    ) -> None:
        def fail(*_: Any, **__: Any) -> None:
            raise error(CANARIES["error"])

        case = world.sends(world.fills_in())
        monkeypatch.setattr("cases.queries.progress", fail)
        answer = world.browser.get(
            reverse("portal:case", args=[case.pk]), {"q": CANARIES["search"]}
        )
        assert answer.status_code >= 400
        assert CANARIES["error"] not in answer.content.decode()
        assert any(line.get("error") == error.__name__ for line in log_lines())
        assert found_in(self._all(log_lines)) == []

    def test_a_handler_of_the_outbox_that_fails_until_it_is_given_up(
        self, town: Any, log_lines: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(payload: dict[str, Any]) -> None:
            raise ConnectionError(CANARIES["error"])

        monkeypatch.setitem(outbox.handlers._items, "test.canary", fail)
        monkeypatch.setattr("common.outbox._wake_worker", lambda: None)
        outbox.enqueue("test.canary", "1", {})
        now = timezone.now()
        with time_machine.travel(now, tick=False) as clock:
            for _ in range(outbox.MAX_ATTEMPTS):
                outbox.drain()
                clock.move_to(OutboxRow.objects.get().next_at + timedelta(seconds=1))
        assert OutboxRow.objects.get().state == OutboxRow.State.DEAD
        assert [line["event"] for line in log_lines()][-1] == "outbox.dead"
        assert found_in(self._all(log_lines)) == []
        assert found_in(OutboxRow.objects.get().last_error) == []

    def test_a_broker_that_is_gone(
        self, town: Any, log_lines: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(**options: Any) -> None:
            raise OSError(CANARIES["error"])

        monkeypatch.setitem(outbox.handlers._items, "test.canary", lambda payload: None)
        monkeypatch.setattr(drain_outbox, "apply_async", fail)
        monkeypatch.setattr(connection, "validate_no_atomic_block", lambda: None)
        outbox.enqueue("test.canary", "1", {})
        connection.run_and_clear_commit_hooks()  # as after a commit
        assert any(line.get("error") == "OSError" for line in log_lines())
        assert found_in(self._all(log_lines)) == []

    def test_a_task_that_fails(
        self, town: Any, log_lines: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail() -> None:
            raise LookupError(CANARIES["error"])

        monkeypatch.setattr(outbox, "drain", fail)
        drain_outbox.apply(headers={"_schema_name": town.schema_name})
        assert any(line.get("error") == "LookupError" for line in log_lines())
        assert found_in(self._all(log_lines)) == []
