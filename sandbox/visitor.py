"""Somebody in front of a browser: used by the tests of the story and by `sandbox.screenshots`."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import BrowserContext, Page, Response

from sandbox.walk import WalkError

PATIENCE = 30.0


def check(holds: object, what: str) -> None:
    """Raises `WalkError` when it does not hold."""
    if not holds:
        raise WalkError(what)


@dataclass
class Visitor:
    """One browser at one town. Pages are read by their fields and addresses, not by their words,
    so that the same story can be told in every language."""

    context: BrowserContext
    page: Page
    base: str
    language: str
    #: What looking at a page does: a check in the tests, a picture in `sandbox.screenshots`.
    eye: Callable[[Page, str], None]
    scripts: bool = True

    @property
    def prefix(self) -> str:
        return "" if self.language == "ja" else f"/{self.language}"

    def say(self, ja: str, en: str) -> str:
        return ja if self.language == "ja" else en

    @property
    def text(self) -> str:
        """The words of the page."""
        return " ".join(self.page.inner_text("main").split())

    # --- going --------------------------------------------------------------------------------

    def go(self, path: str, *, status: int = 200) -> Response:
        """Open an address of the town, in the visitor's language."""
        url = path if path.startswith("http") else self.base + self.prefix + path
        answer = self.page.goto(url)
        if answer is None or answer.status != status:
            raise WalkError(f"{url} answered {answer and answer.status}: {self.text[:400]}")
        return answer

    def follow(self, css: str) -> None:
        """Click the first link that fits, and arrive."""
        self._leave(css)

    def press(self, css: str) -> None:
        """Press the first button that fits, and arrive."""
        self._leave(css)

    def _leave(self, css: str) -> None:
        with self.page.expect_navigation(wait_until="load"):
            self.page.locator(css).first.click()

    @contextlib.contextmanager
    def refreshed(self) -> Iterator[None]:
        """What is done here makes a script fetch a part of the page, which then is in place."""
        with self.page.expect_response(lambda answer: answer.request.method == "POST"):
            yield
        self.is_quiet()

    def is_quiet(self) -> None:
        """Wait until no script is fetching anything."""
        self.page.wait_for_function(
            "() => !document.querySelector('.htmx-request, .htmx-settling, .htmx-swapping')"
        )

    def wait_for(self, path: str, css: str) -> None:
        """Look again until what the worker does has been done."""
        deadline = time.monotonic() + PATIENCE
        while True:
            self.go(path)
            if self.page.locator(css).count():
                return
            check(time.monotonic() < deadline, f"{path} never showed {css}: {self.text[:600]}")
            self.page.wait_for_timeout(250)

    # --- filling in ---------------------------------------------------------------------------

    def fill(self, values: Mapping[str, Any], *, within: str = "main") -> None:
        """Fill in fields by name, as a person would: only what can be seen, in this order.

        `within`: a selector, where a page has several forms with fields of one name.
        """
        for name, value in values.items():
            self.fill_one(name, value, within)

    def fill_one(self, name: str, value: Any, within: str = "main") -> None:
        field = self.page.locator(f'{within} [name="{name}"]:not([type="hidden"])')
        field.first.wait_for(state="attached", timeout=20_000)
        kind = field.first.get_attribute("type") or ""
        if kind in ("radio", "checkbox"):
            for one in value if isinstance(value, list) else [value]:
                self._choose(f'{within} [name="{name}"][value="{one}"]')
        elif kind == "file":
            field.first.set_input_files(value)
        elif field.first.evaluate("e => e.tagName") == "SELECT":
            field.first.select_option(value)
        else:
            field.first.fill(value)

    def _choose(self, css: str) -> None:
        box = self.page.locator(css)
        if box.is_checked():
            return
        refreshes = self.scripts and box.evaluate("e => !!e.closest('[hx-trigger^=change]')")
        # People press the words beside the small circle; they cover it, too.
        around = box.locator("xpath=ancestor::label")
        words = (
            around
            if around.count()
            else self.page.locator(f'label[for="{box.get_attribute("id")}"]')
        )
        with self.refreshed() if refreshes else contextlib.nullcontext():
            words.click()
        self.page.locator(f"{css}:checked").wait_for(state="attached", timeout=20_000)

    def fill_date(self, name: str, iso: str) -> None:
        year, month, day = iso.split("-")
        self.fill({f"{name}-year": year, f"{name}-month": month, f"{name}-day": day})

    def save(self) -> None:
        """The page's main button."""
        self.press("main form .actions > button.button")

    # --- looking ------------------------------------------------------------------------------

    def look(self, name: str) -> None:
        self.eye(self.page, f"{name} [{self.language}]")

    def shows(self, *words: str) -> None:
        text = self.text
        for word in words:
            check(word in text, f"{self.page.url} does not say “{word}”: {text[:800]}")
