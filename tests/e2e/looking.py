"""What is looked at on every page: accessibility, width, the browser's own complaints, weight."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from playwright.sync_api import CDPSession, ConsoleMessage, Page, Response

#: CSS pixels: a small phone, or 1280 px at 400 %; a phone; 1280 px at 200 %.
WIDTHS = (320, 360, 640)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_TOO_WIDE = """() => {
  const root = document.scrollingElement, most = window.innerWidth;
  if (root.scrollWidth <= most) return null;
  const wide = [...document.querySelectorAll('body *')].filter(e => {
    const box = e.getBoundingClientRect();
    if (box.right <= most + 0.5 || !box.width) return false;
    for (let p = e.parentElement; p; p = p.parentElement)
      if (p !== document.body && getComputedStyle(p).overflowX !== 'visible') return false;
    return true;
  });
  return root.scrollWidth + ' px: ' + wide.slice(0, 4).map(e =>
    e.tagName.toLowerCase() + '.' + e.className + ' to '
    + Math.round(e.getBoundingClientRect().right));
}"""


@cache
def _axe() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


def violations(page: Page, within: str = "html") -> list[str]:
    """What axe-core finds on the page as it is (or in a part of it), a line for each element."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_axe())
    found: dict[str, Any] = page.evaluate(
        # Frames are without it, and a sandboxed one cannot answer: newer browsers warn of that.
        "([within, rules]) =>"
        " axe.run(within, {runOnly: rules, resultTypes: ['violations'], iframes: false})",
        [within, RULES],
    )
    return [
        f"{one['id']}: {node['target']} {node['failureSummary'].splitlines()[-1].strip()}"
        for one in found["violations"]
        for node in one["nodes"][:4]
    ]


class NoScript:
    """A page on which no script runs, but for ours: axe waits for promises, which a browser without
    scripts never settles. (Playwright's own switch cannot be turned back.)"""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)
        self._set(disabled=True)

    def _set(self, *, disabled: bool) -> None:
        self._session.send("Emulation.setScriptExecutionDisabled", {"value": disabled})

    @contextlib.contextmanager
    def lifted(self) -> Iterator[None]:
        """The page was loaded without scripts and stays as it is."""
        self._set(disabled=False)
        try:
            yield
        finally:
            self._set(disabled=True)


@dataclass
class Findings:
    """Collects what is wrong over a whole story, so that one run tells everything."""

    problems: list[str] = field(default_factory=list)
    looked_at: Counter[str] = field(default_factory=Counter)
    _without_script: dict[Page, NoScript] = field(default_factory=dict)

    def watch(self, page: Page, *, script: bool = True) -> None:
        """From now on, the page's complaints count as problems."""
        if not script:
            self._without_script[page] = NoScript(page)
        page.on("console", lambda message: self._console(page, message))
        page.on("pageerror", lambda error: self.problems.append(f"{page.url}: {error}"))
        page.on("response", self._response)

    def _console(self, page: Page, message: ConsoleMessage) -> None:
        # The browser also notes every answer of 400 and above here; pages that are meant to be
        # such are judged by the test that asks for them.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.problems.append(f"{page.url}: console: {message.text}")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self.problems.append(f"{response.url} answered {response.status}")
        elif response.status == 404 and response.request.resource_type != "document":
            self.problems.append(f"{response.url} is missing")

    def lifted(self, page: Page) -> contextlib.AbstractContextManager[None]:
        """While this lasts, our scripts run on a page that is watched as one without."""
        switch = self._without_script.get(page)
        return switch.lifted() if switch else contextlib.nullcontext()

    def look(self, page: Page, name: str) -> None:
        """Light and dark, every width."""
        self.looked_at[name] += 1
        size = page.viewport_size
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            with self.lifted(page):
                found = violations(page)
            self.problems += [f"{name} ({scheme}): {line}" for line in found]
        page.emulate_media(color_scheme="light")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            wide = page.evaluate(_TOO_WIDE)
            if wide:
                self.problems.append(f"{name} scrolls sideways at {width}: {wide}")
        if size:
            page.set_viewport_size(size)

    def none(self) -> None:
        """Raises AssertionError with every problem."""
        lines = sorted(set(self.problems))
        assert not lines, f"{len(lines)} problems:\n" + "\n".join(lines)


@dataclass
class Weight:
    """Bytes that come over the line, headers and compression included."""

    session: CDPSession
    total: int = 0
    parts: dict[str, int] = field(default_factory=dict)
    _urls: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.session.send("Network.enable")
        self.session.on("Network.requestWillBeSent", self._asked)
        self.session.on("Network.loadingFinished", self._came)

    def _asked(self, event: dict[str, Any]) -> None:
        self._urls[event["requestId"]] = event["request"]["url"]

    def _came(self, event: dict[str, Any]) -> None:
        size = round(event["encodedDataLength"])
        self.total += size
        self.parts[self._urls.get(event["requestId"], "?").rsplit("/", 2)[-1][-40:]] = size
