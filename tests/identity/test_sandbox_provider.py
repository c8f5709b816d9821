"""The sandbox eID itself, in its own process: personas sign in, cancel, fail and sign out."""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
import requests

from identity import claims as eid_claims
from identity.models import EidClient, User
from sandbox.eid import registration
from sandbox.ports import free_port
from sandbox.servers import node_program

pytestmark = pytest.mark.servers

PEOPLE = {person["id"]: person for person in registration.personas()}
ALL_CONCEPTS = sorted(eid_claims.CONCEPTS)


class Receiver:
    """Where the provider sends its back-channel logouts."""

    def __init__(self) -> None:
        received: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                received.append(parse_qs(self.rfile.read(length).decode())["logout_token"][0])
                self.send_response(200)
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        self.received = received
        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.base = f"http://shiomi.localhost:{self.server.server_address[1]}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)


def start(config: Path, **environment: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [node_program(), str(registration.PROVIDER)],
        env={**os.environ, "EID_CONFIG": str(config), **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(10)


def wait_until_ready(issuer: str) -> None:
    for _turn in range(150):
        try:
            if requests.get(f"{issuer}/healthz", timeout=1).ok:
                return
        except requests.ConnectionError:
            pass
        time.sleep(0.1)
    raise AssertionError("the sandbox eID did not start")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def issuer(town: Any, tmp_path: Path, receiver: Receiver) -> Iterator[str]:
    """The provider with Shiomi registered, running."""
    address = f"http://127.0.0.1:{free_port()}"
    config = tmp_path / "eid.json"
    registration.register_towns([(town, receiver.base)], address, config)
    process = start(config)
    wait_until_ready(address)
    yield address
    stop(process)


class Visitor:
    """A browser at the town (in this process) and at the provider (by HTTP)."""

    def __init__(self, town_browser: Any, base: str) -> None:
        self.town = town_browser
        self.host = urlsplit(base).netloc
        self.http = requests.Session()
        self.http.trust_env = False

    def get(self, path: str, **query: str) -> Any:
        return self.town.get(path, query, HTTP_HOST=self.host)

    def choose_page(self, *concepts: str, **query: str) -> requests.Response:
        session = self.town.session
        session[eid_claims.SESSION_KEY] = list(concepts)
        session.save()
        self.town.cookies["sessionid"] = session.session_key
        leave = self.get("/eid/start/", **query)
        return self.http.get(leave["Location"], timeout=10)

    def choose(self, page: requests.Response, person: str) -> Any:
        """Press a person's button; follows the provider's redirects back to the town."""
        action = re.search(r'<form method="post" action="([^"]+)"', page.text)
        assert action
        response = self.http.post(
            urljoin(page.url, action[1]), {"login": person}, allow_redirects=False, timeout=10
        )
        for _turn in range(5):
            target = urljoin(response.url, response.headers["location"])
            if urlsplit(target).netloc == self.host:
                parts = urlsplit(target)
                return self.town.get(f"{parts.path}?{parts.query}", HTTP_HOST=self.host)
            response = self.http.get(target, allow_redirects=False, timeout=10)
        raise AssertionError("the provider did not lead back")

    def user(self) -> User | None:
        key = self.town.session.get("_auth_user_id")
        return User.objects.get(pk=key) if key else None


@pytest.fixture
def visitor(browser: Any, issuer: str, receiver: Receiver) -> Visitor:
    return Visitor(browser, receiver.base)


SIGNS_IN = [key for key, person in PEOPLE.items() if "claims" in person]


def test_every_persona_signs_in_with_complete_data(
    visitor: Visitor, client_for: Callable[..., Any], town: Any, receiver: Receiver
) -> None:
    subjects = set()
    for person in SIGNS_IN:
        visitor = Visitor(client_for(town), receiver.base)
        page = visitor.choose_page(*ALL_CONCEPTS, next="/probe/residents/")
        response = visitor.choose(page, person)
        assert response["Location"] == "/probe/residents/", person
        user = visitor.user()
        assert user is not None
        said = PEOPLE[person]["claims"]
        values = {key: entry["value"] for key, entry in user.eid.claims.items()}
        assert values["person.fullName"] == said["name"] == user.name
        assert values["person.fullNameKana"] == said["name#ja-Kana-JP"]
        assert values["person.dateOfBirth"] == said["birthdate"]
        assert values["person.sex"] == said["gender"]
        assert values["person.nationality"] == said["nationality"]
        assert values["person.address"]["postalCode"] == said["address"]["postal_code"].replace(
            "-", ""
        )
        assert all(
            values["person.address"][part] for part in ("prefecture", "city", "streetAddress")
        )
        assert values.get("contact.email") == said.get("email")
        assert user.eid.acr == "aal3 crl"
        subjects.add(user.eid.subject)
        assert user.eid.subject not in SIGNS_IN
    assert len(subjects) == len(SIGNS_IN)


def test_only_what_was_asked_is_handed_out_and_named(visitor: Visitor) -> None:
    page = visitor.choose_page("person.dateOfBirth", next="/")
    assert "生年月日" in page.text
    assert "<li>住所</li>" not in page.text
    visitor.choose(page, "adult")
    user = visitor.user()
    assert user is not None
    assert set(user.eid.claims) == {
        "person.fullName", "person.fullNameKana", "person.dateOfBirth",
    }  # fmt: skip


def test_persona_page_speaks_english_too(visitor: Visitor) -> None:
    page = visitor.choose_page("person.address", next="/")
    assert 'lang="ja"' in page.text
    english = visitor.http.get(f"{page.url}?lang=en", timeout=10)
    assert 'lang="en"' in english.text
    assert "<li>Address</li>" in english.text
    assert "Shiomi City" in english.text
    assert all(
        person["note"]["en"].replace("'", "&#39;") in english.text for person in PEOPLE.values()
    )


def test_formatted_address_of_every_persona_gives_the_same_parts(issuer: str) -> None:
    from identity.addresses import normalise_address

    for person in SIGNS_IN:
        address = PEOPLE[person]["claims"]["address"]
        assert normalise_address({"formatted": address["formatted"]}) == normalise_address(address)


@pytest.mark.parametrize(
    ("person", "code"),
    [
        ("cancels", "cancelled"),
        ("expired_card", "card_expired"),
        ("provider_down", "provider_down"),
    ],
)
def test_persona_who_does_not_come_through(person: str, code: str, visitor: Visitor) -> None:
    response = visitor.choose(visitor.choose_page(next="/"), person)
    assert response["Location"] == "/eid/problem/"
    assert visitor.town.session["eid_problem"]["code"] == code
    assert visitor.user() is None


def test_same_browser_may_choose_another_persona(visitor: Visitor) -> None:
    visitor.choose(visitor.choose_page(next="/"), "adult")
    first = visitor.user()
    visitor.town.post("/sign-out/", HTTP_HOST=visitor.host)
    visitor.choose(visitor.choose_page(next="/"), "guardian")
    second = visitor.user()
    assert first is not None
    assert second is not None
    assert (first.name, second.name) == ("佐藤 恵", "小林 直樹")


def test_step_up_at_the_provider(visitor: Visitor) -> None:
    visitor.choose(visitor.choose_page(next="/"), "adult")
    session = visitor.town.session
    session["eid_auth"] = {**session["eid_auth"], "auth_time": time.time() - 900}
    session.save()
    page = visitor.choose_page(next="/probe/delicate/", step_up="1")
    assert visitor.choose(page, "adult")["Location"] == "/probe/delicate/"
    assert visitor.get("/probe/delicate/").content == b"delicate"


def test_sign_out_at_the_provider_ends_the_session_here_by_the_back_channel(
    visitor: Visitor, issuer: str, receiver: Receiver
) -> None:
    visitor.choose(visitor.choose_page(next="/"), "adult")
    hint = visitor.town.session["oidc_id_token"]
    assert visitor.get("/probe/residents/").status_code == 200
    page = visitor.http.get(f"{issuer}/session/end", params={"id_token_hint": hint}, timeout=10)
    action = re.search(r'<form[^>]*action="([^"]+)"', page.text)
    xsrf = re.search(r'name="xsrf" value="([^"]+)"', page.text)
    assert action
    assert xsrf
    visitor.http.post(action[1], {"xsrf": xsrf[1], "logout": "yes"}, timeout=10)
    for _turn in range(50):
        if receiver.received:
            break
        time.sleep(0.1)
    [token] = receiver.received
    response = visitor.town.post(
        "/eid/backchannel-logout/", {"logout_token": token}, HTTP_HOST=visitor.host
    )
    assert response.status_code == 200
    assert visitor.get("/probe/residents/").status_code == 302


def test_sign_out_here_leads_to_the_provider_and_back(visitor: Visitor) -> None:
    visitor.choose(visitor.choose_page(next="/"), "adult")
    visitor.town.post("/sign-out/", HTTP_HOST=visitor.host)
    leave = visitor.get("/eid/sign-out/")
    page = visitor.http.get(leave["Location"], timeout=10)
    action = re.search(r'<form[^>]*action="([^"]+)"', page.text)
    xsrf = re.search(r'name="xsrf" value="([^"]+)"', page.text)
    assert action
    assert xsrf
    response = visitor.http.post(
        action[1], {"xsrf": xsrf[1], "logout": "yes"}, allow_redirects=False, timeout=10
    )
    assert response.headers["location"].startswith(f"http://{visitor.host}/signed-out/?state=")


def test_registered_towns_keep_their_keys(town: Any, other_town: Any, tmp_path: Path) -> None:
    config = tmp_path / "deep" / "eid.json"
    towns = [(town, "http://shiomi.localhost:1"), (other_town, "http://suginosawa.localhost:1")]
    first = registration.register_towns(towns, "http://127.0.0.1:9", config)
    before = config.read_text("utf-8")
    assert first == ["madoguchi-shiomi", "madoguchi-suginosawa"]
    assert config.stat().st_mode & 0o077 == 0
    client = EidClient.objects.get(issuer="http://127.0.0.1:9")
    assert (client.client_id, client.is_active) == ("madoguchi-shiomi", True)
    registration.register_towns(towns, "http://127.0.0.1:9", config)
    assert config.read_text("utf-8") == before
    private = client.private_key("sig")
    assert private is not None
    assert private["d"] not in before
    registration.register_towns(towns, "http://127.0.0.1:10", config)
    assert json.loads(config.read_text("utf-8"))["issuer"] == "http://127.0.0.1:10"
    assert EidClient.objects.filter(is_active=True).count() == 1


def test_provider_can_be_down(
    town: Any, tmp_path: Path, browser: Any, receiver: Receiver, settings: Any
) -> None:
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"
    config = tmp_path / "eid.json"
    registration.register_towns([(town, receiver.base)], issuer, config)
    process = start(config, EID_DOWN="1")
    try:
        for _turn in range(100):
            try:
                status = requests.get(f"{issuer}/jwks", timeout=1).status_code
                break
            except requests.ConnectionError:
                time.sleep(0.1)
        assert status == 503
    finally:
        stop(process)
