"""A person without JavaScript: follows links, fills in forms and reads pages over HTTP.

``*.localhost`` names lead to this machine whatever the resolver says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from bs4 import BeautifulSoup, Tag
from requests.adapters import HTTPAdapter

#: name → (file name, content, content type)
Files = Mapping[str, tuple[str, bytes, str]]


class WalkError(AssertionError):
    """A page was not what a person needs to go on; the message shows what it was."""


class _Loopback(HTTPAdapter):
    """Connects to 127.0.0.1 and asks for the host that the address names."""

    def get_connection_with_tls_context(
        self, request: Any, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        address = urlsplit(request.url)
        return self.poolmanager.connection_from_host("127.0.0.1", address.port, "http")

    def send(self, request: Any, *args: Any, **kwargs: Any) -> requests.Response:
        # Only for the way: a redirect copies headers, and cookies go by this one.
        request.headers["Host"] = urlsplit(request.url).netloc
        try:
            return super().send(request, *args, **kwargs)
        finally:
            del request.headers["Host"]


class Page:
    """What came back."""

    def __init__(self, response: requests.Response) -> None:
        self.response = response
        self.url = response.url
        self.status = response.status_code
        self.content = response.content

    @property
    def soup(self) -> BeautifulSoup:
        return BeautifulSoup(self.content, "html.parser")

    @property
    def text(self) -> str:
        """The words of the page, spaces folded."""
        main = self.soup.find("main") or self.soup
        return " ".join(main.get_text(" ").split())

    def says(self, *words: str) -> Page:
        """Raises `WalkError` unless every one of `words` can be read."""
        text = self.text
        for word in words:
            if word not in text:
                raise WalkError(f"{self.url} ({self.status}) does not say “{word}”: {text[:600]}")
        return self

    def link(self, *, containing: str) -> str:
        """The address of the first link whose address or words contain `containing`."""
        for anchor in self.soup.find_all("a", href=True):
            words = " ".join(anchor.get_text(" ").split())
            if containing in anchor["href"] or containing in words:
                return urljoin(self.url, str(anchor["href"]))
        raise WalkError(f"{self.url}: no link with “{containing}”: {self.text[:400]}")

    def forms(self) -> list[Form]:
        return [Form(self, tag) for tag in self.soup.find_all("form")]

    def form(self, *, having: str) -> Form:
        """The first form with a field or button named `having`, or whose address contains it."""
        for form in self.forms():
            if having in form.names or having in form.action:
                return form
        names = [(form.action, sorted(form.names)) for form in self.forms()]
        raise WalkError(f"{self.url}: no form with “{having}”; there are {names}")


class Form:
    """A form with the values a browser would send."""

    def __init__(self, page: Page, tag: Tag) -> None:
        self.page = page
        self.tag = tag
        self.action = urljoin(page.url, str(tag.get("action") or page.url))
        self.method = str(tag.get("method") or "get").lower()
        self.values: list[tuple[str, str]] = []
        self.names: set[str] = set()
        self.buttons: list[tuple[str, str]] = []
        fields: Iterable[Tag] = tag.find_all(["input", "select", "textarea", "button"])
        for field in fields:
            self._read(field)

    def _read(self, field: Tag) -> None:
        name = str(field.get("name") or "")
        if not name or field.has_attr("disabled"):
            return
        self.names.add(name)
        kind = str(field.get("type") or ("submit" if field.name == "button" else "text"))
        if kind in ("submit", "image"):
            self.buttons.append((name, str(field.get("value") or "")))
        elif kind in ("checkbox", "radio"):
            if field.has_attr("checked"):
                self.values.append((name, str(field.get("value") or "on")))
        elif field.name == "select":
            options = field.find_all("option")
            chosen = [option for option in options if option.has_attr("selected")] or options[:1]
            self.values += [(name, str(option.get("value", ""))) for option in chosen]
        elif field.name == "textarea":
            self.values.append((name, field.get_text()))
        elif kind != "file":
            self.values.append((name, str(field.get("value") or "")))

    def filled(
        self, given: Mapping[str, str | list[str]], button: str = ""
    ) -> list[tuple[str, str]]:
        """The values with `given` in place. Raises `WalkError` for a name the form lacks."""
        unknown = set(given) - self.names
        if unknown:
            raise WalkError(f"{self.page.url}: no field {sorted(unknown)} in {sorted(self.names)}")
        values = [(name, value) for name, value in self.values if name not in given]
        for name, value in given.items():
            values += [(name, one) for one in ([value] if isinstance(value, str) else value)]
        if button:
            name, _, value = button.partition("=")
            pressed = [pair for pair in self.buttons if pair[0] == name and value in ("", pair[1])]
            if not pressed:
                raise WalkError(f"{self.page.url}: no button “{button}” in {self.buttons}")
            values.append(pressed[0])
        return values


class Walker:
    """One browser: cookies, redirects, forms."""

    def __init__(self, base: str, language: str = "ja") -> None:
        self.base = base
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.mount("http://", _Loopback())
        self._session.headers["Accept-Language"] = language

    def get(self, address: str, *, expect: int = 200) -> Page:
        return self._checked(self._session.get(urljoin(self.base, address), timeout=30), expect)

    def submit(
        self,
        form: Form,
        given: Mapping[str, str | list[str]] | None = None,
        *,
        files: Files | None = None,
        button: str = "",
        expect: int = 200,
    ) -> Page:
        """Send `form` with `given` filled in, and follow where it leads.

        `button` is the name of the button that is pressed, or ``name=value``.
        """
        values = form.filled(given or {}, button)
        if form.method == "get":
            answer = self._session.get(form.action, params=values, timeout=30)
        else:
            headers = {"Referer": form.page.url, "Origin": form.page.url.split("/", 3)[0] + "//"
                       + urlsplit(form.page.url).netloc}  # fmt: skip
            multipart: Any = dict(files) if files else None
            if multipart is None and "multipart" in str(form.tag.get("enctype") or ""):
                multipart = {}
            answer = self._session.post(
                form.action, data=values, files=multipart or None, headers=headers, timeout=60
            )
        return self._checked(answer, expect)

    @staticmethod
    def _checked(response: requests.Response, expect: int) -> Page:
        page = Page(response)
        if response.status_code != expect:
            steps = [*(step.url for step in response.history), response.url]
            words = page.text[:600] if "html" in response.headers.get("Content-Type", "") else ""
            raise WalkError(
                f"{response.request.method} {' → '.join(steps)} answered "
                f"{response.status_code}, not {expect}: {words}"
            )
        return page
