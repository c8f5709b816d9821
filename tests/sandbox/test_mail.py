"""The demo's mail box: what is sent is kept as a file and shown safely."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.conf import settings
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.test import Client

from sandbox.mail import messages
from sandbox.mail.backend import EmailBackend

PAGE = "/sandbox/mail/"


@pytest.fixture(autouse=True)
def box(settings: Any, tmp_path: Path) -> Path:
    settings.SANDBOX_MAIL_DIR = str(tmp_path / "mail")
    return tmp_path / "mail"


@pytest.fixture
def reader(db: None) -> Client:
    return Client(HTTP_HOST=settings.PLATFORM_DOMAIN)


def send(subject: str = "申請を受け付けました", message_id: str = "<1@x>", **parts: str) -> None:
    email = EmailMultiAlternatives(
        subject=subject,
        body=parts.get("text", "本文\nhttp://shiomi.localhost:8000/a"),
        from_email="汐見市 <no-reply@x.example>",
        to=["persona@example.jp"],
        headers={"Message-ID": message_id},
        connection=mail.get_connection("sandbox.mail.backend.EmailBackend"),
    )
    if "html" in parts:
        email.attach_alternative(parts["html"], "text/html")
    assert email.send() == 1


def test_message_is_kept_as_it_was(box: Path) -> None:
    send(html="<html><head></head><body>𠮷</body></html>")
    (kept,) = messages.newest()
    assert (kept.subject, kept.sender, kept.recipient) == (
        "申請を受け付けました",
        "汐見市",
        "persona@example.jp",
    )
    assert kept.text.startswith("本文")
    assert "𠮷" in kept.html
    assert kept.sent_at is not None
    assert kept.sent_at.utcoffset() is not None
    assert [path.suffix for path in box.iterdir()] == [".eml"]


def test_message_sent_again_is_shown_once() -> None:
    send()
    send()
    send(message_id="<2@x>")
    assert len(messages.newest()) == 2


def test_newest_is_first() -> None:
    for number in range(3):
        send(subject=f"s{number}", message_id=f"<{number}@x>")
    assert [kept.subject for kept in messages.newest()] == ["s2", "s1", "s0"]


def test_half_written_file_is_not_shown(box: Path) -> None:
    send()
    (box / ".part-x").write_bytes(b"Subject: half")
    assert len(messages.newest()) == 1


def test_message_without_recipient_is_not_kept() -> None:
    assert EmailBackend().send_messages([EmailMultiAlternatives(subject="x")]) == 0


def test_full_disk_is_an_error_unless_silent(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: Any, **kwargs: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sandbox.mail.backend.tempfile.mkstemp", full)
    email = EmailMultiAlternatives(subject="x", to=["a@example.jp"])
    with pytest.raises(OSError, match="No space"):
        EmailBackend().send_messages([email])
    assert EmailBackend(fail_silently=True).send_messages([email]) == 0


@pytest.mark.parametrize("name", ["..", "../../etc/passwd", "x", "A" * 32, "0" * 31])
def test_name_that_is_none_finds_nothing(name: str) -> None:
    assert messages.by_name(name) is None


def test_page_empty(reader: Client) -> None:
    assert "No mail yet" in reader.get(PAGE, {"lang": "en"}).content.decode()


def test_page_lists_and_opens(reader: Client) -> None:
    send(html="<p>x</p>")
    page = BeautifulSoup(reader.get(PAGE).content, "html.parser")
    (link,) = page.select(".list a")
    opened = BeautifulSoup(reader.get(link["href"]).content, "html.parser")
    assert opened.h1.get_text() == "申請を受け付けました"
    frame = opened.iframe
    assert frame["sandbox"] == ["allow-popups", "allow-popups-to-escape-sandbox"] or frame[
        "sandbox"
    ] == ("allow-popups allow-popups-to-escape-sandbox")
    assert frame["src"] == f"{link['href']}html/"


def test_page_shows_the_plain_text_with_links(reader: Client) -> None:
    send(html="<p>x</p>")
    (kept,) = messages.newest()
    page = BeautifulSoup(reader.get(f"{PAGE}{kept.name}/?text").content, "html.parser")
    assert page.pre.a["href"] == "http://shiomi.localhost:8000/a"
    assert page.iframe is None


def test_page_escapes_what_a_mail_says(reader: Client) -> None:
    send(subject="<script>alert(1)</script>", text="<script>alert(2)</script>")
    (kept,) = messages.newest()
    page = BeautifulSoup(reader.get(f"{PAGE}{kept.name}/").content, "html.parser")
    assert page.select("script") == []


def test_mails_html_runs_nothing_and_opens_links_elsewhere(reader: Client) -> None:
    send(html="<html><head><title>t</title></head><body><script>1</script></body></html>")
    (kept,) = messages.newest()
    response = reader.get(f"{PAGE}{kept.name}/html/")
    policy = response["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline';")
    assert "sandbox allow-popups" in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert '<base target="_blank">' in response.content.decode()


@pytest.mark.parametrize("path", ["", "{name}/", "{name}/html/"])
def test_page_exists_in_the_demo_only(reader: Client, settings: Any, path: str) -> None:
    send()
    (kept,) = messages.newest()
    assert reader.get(PAGE + path.format(name=kept.name)).status_code == 200
    settings.SANDBOX = False
    assert reader.get(PAGE + path.format(name=kept.name)).status_code == 404


def test_page_of_an_unknown_message_is_not_found(reader: Client) -> None:
    assert reader.get(f"{PAGE}{'0' * 32}/").status_code == 404
