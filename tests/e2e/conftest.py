"""One demo and one browser for all stories of a run.

One worker runs them all (`tests.distribution`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from sandbox.browser import FLAGS, chromium
from sandbox.visitor import Visitor
from tests.e2e.demo import QuickDemo, quick_demo
from tests.e2e.looking import Findings

PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 900}
#: Milliseconds for whatever a page does: a machine may have other work.
PATIENCE = 20_000
_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            # The embedded servers leave the closing of their log files to the garbage collector.
            item.add_marker(
                pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
            )


@pytest.fixture(scope="module")
def demo() -> Iterator[QuickDemo]:
    with quick_demo() as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def open_browser(
    demo: QuickDemo, browser: Browser, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Visitor]]:
    """``open_browser(town, language, script=True, size=PHONE)``: a browser without a past."""
    opened: list[BrowserContext] = []

    def make(
        town: str = "shiomi",
        language: str = "en",
        *,
        script: bool = True,
        size: dict[str, int] = DESKTOP,
        findings: Findings | None = None,
        **more: Any,
    ) -> Visitor:
        context = browser.new_context(
            viewport=size,  # type: ignore[arg-type]
            locale=language,
            timezone_id="Asia/Tokyo",
            accept_downloads=True,
            **more,
        )
        context.set_default_timeout(PATIENCE)
        opened.append(context)
        page = context.new_page()
        findings = findings or Findings()
        findings.watch(page, script=script)
        return Visitor(context, page, demo.address(town), language, findings.look, script)

    yield make
    failed = getattr(request.node, "has_failed", False)
    for context in opened:
        for page in context.pages:
            if failed:
                _tell(request, page)
        context.close()
    if failed:
        request.node.add_report_section("teardown", "servers", demo.log())


def _tell(request: pytest.FixtureRequest, page: Page) -> None:
    words = " ".join(page.inner_text("body").split())[:1500]
    request.node.add_report_section("teardown", "page", f"{page.url}\n{words}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[Any]:
    report = yield
    if report.when == "call":
        item.has_failed = report.failed  # type: ignore[attr-defined]
    return report
