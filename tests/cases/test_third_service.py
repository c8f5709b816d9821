"""A service is a folder: `tests/services/meeting_room` goes from form to letter by itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.apps import AppConfig, apps
from django.utils import timezone

from cases import actions
from cases.models import Case, RegisterEntry
from catalogue import queries as catalogue_queries
from catalogue.registry import catalogue
from common import outbox
from common.errors import NotAllowed
from identity.models import Role
from notifications.models import Message
from tests.factories import cases as make
from tests.factories import people


@pytest.fixture
def _installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As one line more in INSTALLED_APPS (which cannot be run a second time in one process)."""
    config = AppConfig.create("tests.services.meeting_room")
    config.apps = apps
    monkeypatch.setitem(apps.app_configs, "meeting_room", config)
    catalogue.cache_clear()
    yield
    catalogue.cache_clear()


def _answers(days_ahead: int = 5) -> dict[str, Any]:
    day = timezone.localdate() + timedelta(days=days_ahead)
    return {"use_day": day.isoformat(), "people": 12}


@pytest.mark.usefixtures("_installed")
def test_third_service_goes_from_form_to_letter(town: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.outbox._wake_worker", lambda: None)
    office = people.department("community")
    offering = make.offering("meeting_room", department=office)
    assert offering in catalogue_queries.published()
    lead, caseworker = people.staff(Role.LEAD, at=office), people.caseworker(at=office)

    case = make.submitted_case(of=offering, answers=_answers())
    assert (case.stage, case.application.computed_fee.total) == ("arrived", 0)
    case = actions.claim_case(case=case, by=caseworker)
    with pytest.raises(NotAllowed):
        make.decision_on(case, by=caseworker)
    decision = make.decision_on(case, by=lead)
    case = Case.objects.get(pk=case.pk)
    assert (case.stage, case.closed_at is not None) == ("allowed", True)

    assert outbox.drain().failed == 0
    decision.refresh_from_db()
    assert decision.letter is not None
    assert decision.letter.title == "集会室使用許可書"
    entry = RegisterEntry.objects.get(decision=decision)
    assert entry.number.startswith("集")
    assert entry.valid_from == timezone.localdate() + timedelta(days=5)
    kinds = Message.objects.filter(recipient=case.resident).values_list("kind", flat=True)
    assert len(set(kinds)) == 2


@pytest.mark.usefixtures("_installed")
def test_third_service_is_refused_without_a_claim(town: Any) -> None:
    office = people.department("community")
    offering = make.offering("meeting_room", department=office)
    case = make.submitted_case(of=offering, answers=_answers())
    decision = make.decision_on(case, "refused", by=people.caseworker(at=office))
    assert decision.number.startswith("集")
    assert Case.objects.get(pk=case.pk).stage == "denied"
