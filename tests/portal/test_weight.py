"""How heavy a page is: SQL statements and compressed bytes."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import brotli
import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalogue.models import Offering
from identity.models import User
from tests.factories import cases as make
from tests.portal import steps

MOST_STATEMENTS = 12
MOST_BYTES = 30_000


def statements(work: Callable[[], Any]) -> int:
    """What the server runs, set_config included, BEGIN and COMMIT added."""
    with CaptureQueriesContext(connection) as captured:
        work()
    inner = [q for q in captured.captured_queries if "SAVEPOINT" not in (q["sql"] or "")]
    return len(inner) + 2


@lru_cache
def _of_file(path: str) -> int:
    found = finders.find(path.removeprefix("/static/"))
    assert found, path
    return len(brotli.compress(Path(found).read_bytes()))


def weight(client: Client, response: Any) -> int:
    """Bytes of the page and all it loads: static files by brotli, pages by gzip."""
    html = response.content.decode()
    total = len(gzip.compress(response.content, 6))
    linked = re.findall(r'<link rel="(?:stylesheet|icon)"[^>]* href="([^"]+)"', html)
    linked += re.findall(r'<script src="([^"]+)"', html)
    linked += re.findall(r' data-uploader="([^"]+)"', html)  # comes by itself, last of all
    linked += re.findall(r' data-uploads="([^"]+)"', html)  # and asks there for its words
    assert len(linked) >= 4
    for path in linked:
        if path.startswith("/static/"):
            total += _of_file(path)
        else:
            total += len(gzip.compress(client.get(path).content, 6))
    return total


@pytest.mark.parametrize("language", ["", "/en"])
def test_start_page_is_light(offering: Offering, visitor: Client, language: str) -> None:
    path = f"{language}/apply/park-use/"
    visitor.get(path)
    assert statements(lambda: visitor.get(path)) <= MOST_STATEMENTS
    assert weight(visitor, visitor.get(path)) <= MOST_BYTES


@pytest.mark.parametrize("step_id", ["applicant", "place", "activity", "documents", "declaration"])
def test_step_is_light(offering: Offering, browser: Client, resident: User, step_id: str) -> None:
    draft = steps.begin(browser, resident)
    path = "/en" + steps.step_url(draft, step_id)
    page = browser.get(path)
    shown = page.context["page"]
    assert statements(lambda: browser.get(path)) <= MOST_STATEMENTS
    assert (
        statements(lambda: browser.post(path, {"_seen": shown.seen, "_shown": shown.shown}))
        <= MOST_STATEMENTS
    )
    assert weight(browser, page) <= MOST_BYTES


def test_saving_a_step_is_light(offering: Offering, browser: Client, resident: User) -> None:
    draft = steps.begin(browser, resident)
    page = browser.get(steps.step_url(draft, "place")).context["page"]
    fields = steps.place_fields(draft) | {"_seen": page.seen, "_shown": page.shown}
    count = statements(lambda: browser.post(steps.step_url(draft, "place"), fields))
    assert count <= MOST_STATEMENTS
    draft.refresh_from_db()
    assert draft.answers["area_m2"] == 20


@pytest.mark.parametrize("name", ["applications", "messages", "my_data"])
def test_lists_cost_the_same_for_one_and_three(
    offering: Offering, browser: Client, resident: User, name: str
) -> None:
    from common import outbox

    make.submitted_case(of=offering, resident=resident)
    outbox.drain()
    browser.get(reverse(f"portal:{name}"))
    one = statements(lambda: browser.get(reverse(f"portal:{name}")))
    for _ in range(2):
        make.submitted_case(of=offering, resident=resident)
    outbox.drain()
    assert statements(lambda: browser.get(reverse(f"portal:{name}"))) == one
    assert one <= MOST_STATEMENTS


def test_case_page_costs_the_same_for_a_long_story(
    offering: Offering, browser: Client, resident: User
) -> None:
    case = make.submitted_case(of=offering, resident=resident)
    path = reverse("portal:case", args=[case.pk])
    browser.get(path)
    short = statements(lambda: browser.get(path))
    worked = make.claimed_case(of=offering, resident=resident)
    for _ in range(3):
        make.answered_correction(make.correction_of(worked), purpose="別の目的")
    long = statements(lambda: browser.get(reverse("portal:case", args=[worked.pk])))
    assert long == short
    assert short <= MOST_STATEMENTS


def test_check_page_is_light(offering: Offering, browser: Client, resident: User) -> None:
    draft = make.draft_ready_to_send(of=offering, resident=resident)
    path = reverse("portal:check", args=[draft.pk])
    browser.get(path)
    assert statements(lambda: browser.get(path)) <= MOST_STATEMENTS
    assert weight(browser, browser.get(path)) <= MOST_BYTES
