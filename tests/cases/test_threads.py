"""Messages between residents and offices: both sides, nudges, limits, what goes with it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.models import LedgerEntry
from cases import actions, threads, writing
from cases.models import Case, Thread, ThreadMessage
from cases.models_desk import Absence
from common import outbox
from common.actor import Actor
from common.errors import NotAllowed
from forms.models import Attachment, Draft
from identity.models import EidIdentity, User
from identity.representation import actions as representing
from notifications.models import Message
from tenants.files import PrivateStorage
from tests.factories import behalf, people
from tests.factories import cases as make
from tests.portal import sending, steps

Browser = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _quiet(japanese: None, settings: Any) -> None:
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture
def case(town: Any) -> Case:
    return make.claimed_case()


@pytest.fixture
def resident(case: Case) -> User:
    return case.resident


@pytest.fixture
def worker(case: Case) -> User:
    assert case.assigned_to is not None
    return case.assigned_to


@pytest.fixture
def at_home(town: Any, resident: User, client_for: Callable[..., Client]) -> Client:
    return client_for(town, resident)


@pytest.fixture
def desk(town: Any, client_for: Callable[..., Client]) -> Browser:
    return lambda user: people.sign_in_staff(client_for(town), user)


def page(client: Client, name: str, *ids: Any, status: int = 200) -> str:
    answer = client.get("/en" + reverse(name, args=ids))
    assert answer.status_code == status
    return answer.content.decode()


def write(client: Client, name: str, *ids: Any, **fields: Any) -> Any:
    """Post the page as a browser would: with what is hidden in it."""
    path = reverse(name, args=ids)
    return client.post(path, {**hidden(client.get(path).content.decode()), **fields})


def hidden(html: str) -> dict[str, str]:
    return dict(
        re.findall(r'<input type="hidden" name="(draft|_seen|_shown)" value="([^"]*)"', html)
    )


def nudges(user: User) -> list[str]:
    outbox.drain()
    told = Message.objects.filter(recipient=user, key__contains=":message:")
    return [row.kind for row in told]


# --- There and back -------------------------------------------------------------------------------


def test_resident_writes_and_the_office_answers(
    case: Case, resident: User, worker: User, at_home: Client, desk: Browser
) -> None:
    assert "Write to the office" in page(at_home, "portal:case", case.pk)
    answer = write(
        at_home, "portal:thread_new", case.pk,
        subject="テントの大きさ", text="3メートル四方です。\n<b>2張</b>",
        files=steps.picture(),
    )  # fmt: skip
    thread = Thread.objects.get()
    assert answer.headers["Location"] == reverse("portal:thread", args=[case.pk, thread.pk])
    assert (thread.subject, thread.unread_by_office) == ("テントの大きさ", True)

    # The caseworker finds it, with its file, and is told once, without a word of it.
    outbox.drain()
    (told,) = [letter for letter in mail.outbox if worker.email in letter.to]
    whole = f"{told.subject}{told.body}{told.alternatives}"
    assert case.application.receipt_number in whole
    assert "テント" not in whole
    assert "3メートル" not in whole
    assert resident.name not in whole
    assert "返信しても" in told.body
    client = desk(worker)
    tab = re.search(
        r'view=messages[^>]*>[^<]*<span class="count">(\d+)', page(client, "desk:inbox")
    )
    assert tab
    assert tab[1] == "1"
    assert case.application.receipt_number in client.get("/desk/?view=messages").content.decode()
    assert "to be read" in page(client, "desk:threads_short", case.pk)
    text = page(client, "desk:thread", case.pk, thread.pk)
    assert "3メートル四方です。" in text
    assert "&lt;b&gt;2張&lt;/b&gt;" in text
    assert "The resident has read everything" in text
    file = client.get(reverse("desk:thread_file", args=[case.pk, _file(thread)]))
    assert b"".join(file.streaming_content).startswith(b"\x89PNG")
    assert "attachment" in file["Content-Disposition"]
    events = LedgerEntry.objects.filter(about=resident.pk).values_list("event", flat=True)
    assert {"message.written", "case.opened", "attachment.opened"} <= set(events)
    assert '<span class="count">0' in page(client, "desk:inbox").replace("\n", "")

    # The answer, with a file: the resident is told, reads it, and takes the file.
    write(
        client, "desk:thread", case.pk, thread.pk,
        text="ありがとうございます。", files=steps.picture(),
    )  # fmt: skip
    mail.outbox.clear()
    outbox.drain()
    (told,) = mail.outbox
    assert told.to == [resident.email]
    assert "ありがとう" not in f"{told.subject}{told.body}{told.alternatives}"
    assert "返信されても、お読みすることができません" in told.body
    assert "The office has written to you" in page(at_home, "portal:case", case.pk)
    assert "Unread:" in page(at_home, "portal:threads", case.pk)
    inbox = page(at_home, "portal:messages")
    assert "Conversations with the office" in inbox
    assert "unread:</span>" in inbox.replace(" ", "")
    text = page(at_home, "portal:thread", case.pk, thread.pk)
    assert "許認可課" in text or "Permits" in text
    assert worker.name not in text
    own, theirs = re.findall(r'href="([^"]+/messages/files/[^"]+)"', text)
    for link in (own, theirs):
        assert b"".join(at_home.get(link).streaming_content).startswith(b"\x89PNG")
    # Read now, the notice too.
    assert "The office has written to you" not in page(at_home, "portal:case", case.pk)
    assert not Message.objects.filter(recipient=resident, kind="message_written", read_at=None)
    assert "The resident has read everything" in page(client, "desk:thread", case.pk, thread.pk)


def _file(thread: Thread) -> Any:
    return thread.messages.get().files[0]


def test_nothing_is_sent_without_words(case: Case, at_home: Client) -> None:
    answer = write(at_home, "portal:thread_new", case.pk, subject="", text="書きかけ")
    assert answer.status_code == 422
    html = answer.content.decode()
    assert "f-summary" in html
    assert "書きかけ" in html
    assert not ThreadMessage.objects.exists()
    # It is there again, also in another browser.
    assert "書きかけ" in page(at_home, "portal:thread_new", case.pk)


def test_a_file_that_is_refused_loses_nothing(case: Case, at_home: Client) -> None:
    bad = SimpleUploadedFile("見積.docx", b"PK\x03\x04[Content_Types].xml")
    answer = write(at_home, "portal:thread_new", case.pk, subject="件名", text="本文", files=bad)
    assert answer.status_code == 422
    assert "本文" in answer.content.decode()
    assert not ThreadMessage.objects.exists()


def test_saved_to_send_later(case: Case, worker: User, desk: Browser) -> None:
    client = desk(worker)
    answer = write(client, "desk:thread_new", case.pk, subject="確認", text="途中", _do="leave")
    assert answer.headers["Location"] == reverse("desk:threads", args=[case.pk])
    assert not ThreadMessage.objects.exists()
    assert "途中" in page(client, "desk:thread_new", case.pk)
    other = desk(people.caseworker(name="佐藤 次郎"))
    assert "途中" not in page(other, "desk:thread_new", case.pk)


def test_a_lost_session_loses_nothing(
    case: Case, resident: User, at_home: Client, town: Any
) -> None:
    path = reverse("portal:thread_new", args=[case.pk])
    fields = hidden(at_home.get(path).content.decode())
    at_home.logout()
    at_home.post(path, {**fields, "subject": "あとで", "text": "長い文章"})
    at_home.force_login(resident)
    html = at_home.get(path).content.decode()
    assert "長い文章" in html
    assert "もう一度" in html or "f-notice" in html
    assert not ThreadMessage.objects.exists()


def test_a_double_click_and_another_window_send_once(case: Case, at_home: Client) -> None:
    path = reverse("portal:thread_new", args=[case.pk])
    first, second = (hidden(at_home.get(path).content.decode()) for _ in range(2))
    typed = {"subject": "件名", "text": "一度だけ"}
    one, two = (at_home.post(path, {**first, **typed}) for _ in range(2))
    assert one.headers["Location"] == two.headers["Location"]
    # The other window has something else by now: it is kept, and not sent by mistake.
    answer = at_home.post(path, {**second, "subject": "別件", "text": "別の話"})
    assert answer.status_code == 200
    html = answer.content.decode()
    assert "別の話" in html
    assert "f-notice" in html
    assert ThreadMessage.objects.count() == 1
    again = at_home.post(path, {**hidden(html), "subject": "別件", "text": "別の話"})
    assert again.status_code == 302
    assert ThreadMessage.objects.count() == 2


def test_files_in_pieces_of_staff(case: Case, worker: User, desk: Browser) -> None:
    client = desk(worker)
    html = page(client, "desk:thread_new", case.pk)
    address = re.search(r'data-uploads="([^"]+)"', html)
    assert address
    data = sending.photo(1)
    made = sending.announce(client, address[1], data, question="files")
    url = made.headers["Location"]
    assert "/desk/uploads/" in url
    sending.all_of(client, url, data)
    field = sending.end(client, url)
    assert field.status_code == 200
    small = re.search(r'<img src="([^"]+)"', field.content.decode())
    assert small
    assert client.get(small[1])["Content-Type"] == "image/jpeg"
    other = desk(people.caseworker(name="佐藤 次郎"))
    for path in (address[1], small[1], url):
        assert other.get(path).status_code == 404
    kept = re.search(r'name="files-kept" value="([0-9a-f-]{36})"', field.content.decode())
    assert kept
    write(client, "desk:thread_new", case.pk, subject="写真", text="ご確認ください",
          **{"files-kept": ["", kept[1]]})  # fmt: skip
    assert [str(each) for each in ThreadMessage.objects.get().files] == [kept[1]]


# --- Unread, nudges -------------------------------------------------------------------------------


def test_at_most_one_unread_nudge(
    case: Case, resident: User, worker: User, at_home: Client
) -> None:
    first = make.message_about(case, by=worker)
    make.message_about(case, by=worker, thread=first.thread, text="もう一つ")
    make.message_about(case, by=worker, subject="別件")
    assert nudges(resident) == ["message_written"]
    page(at_home, "portal:thread", case.pk, first.thread_id)
    make.message_about(case, by=worker, thread=first.thread, text="さらに")
    assert nudges(resident) == ["message_written"] * 2


def test_what_was_read_before_the_worker_came_needs_no_nudge(
    case: Case, resident: User, worker: User
) -> None:
    message = make.message_about(case, by=worker)
    threads.read(thread=message.thread, by=resident)
    assert nudges(resident) == []


def test_who_of_the_office_has_read(
    case: Case, resident: User, worker: User, desk: Browser
) -> None:
    thread = make.message_about(case, by=resident).thread
    colleague = people.caseworker(name="佐藤 次郎")
    page(desk(colleague), "desk:thread", case.pk, thread.pk)
    thread.refresh_from_db()
    assert thread.unread_by_office  # it is not on the colleague's desk
    text = page(desk(worker), "desk:thread", case.pk, thread.pk)
    assert "Read by 佐藤 次郎" in text
    assert "new to you" in text
    thread.refresh_from_db()
    assert not thread.unread_by_office
    assert "new to you" not in page(desk(worker), "desk:thread", case.pk, thread.pk)


def test_a_substitute_reads_for_the_absent(case: Case, resident: User, worker: User) -> None:
    thread = make.message_about(case, by=resident).thread
    substitute, today = people.caseworker(name="代理 人"), timezone.localdate()
    Absence.objects.create(absent=worker, substitute=substitute, first=today, last=today)
    threads.read(thread=thread, by=substitute)
    thread.refresh_from_db()
    assert not thread.unread_by_office


def test_leads_are_told_while_nobody_has_the_case(town: Any) -> None:
    case = make.submitted_case()
    lead = people.staff(people.Role.LEAD, name="課長")
    make.message_about(case, by=case.resident)
    assert nudges(lead) == ["resident_wrote"]


# --- Who may, and until when ----------------------------------------------------------------------


def test_of_a_closed_case_until_its_day(
    case: Case, resident: User, worker: User, at_home: Client, desk: Browser
) -> None:
    thread = make.message_about(case, by=worker).thread
    actions.withdraw(case=Case.objects.get(pk=case.pk), by=Actor.of(resident))
    assert 'name="text"' in page(at_home, "portal:thread", case.pk, thread.pk)
    fields = hidden(page(at_home, "portal:thread", case.pk, thread.pk))
    Case.objects.filter(pk=case.pk).update(closed_at=timezone.now() - timedelta(days=31))
    for client, side in ((at_home, "portal"), (desk(worker), "desk")):
        for name, ids in (("thread", [thread.pk]), ("threads", []), ("thread_new", [])):
            text = page(client, f"{side}:{name}", case.pk, *ids)
            assert "No message can be sent here now" in text
            assert "turn to the office" in text
            assert "<textarea" not in text
    # Opened in time, sent too late: it is not sent, and what was typed can be copied.
    late = at_home.post(
        reverse("portal:thread", args=[case.pk, thread.pk]), {**fields, "text": "間に合わず"}
    )
    assert late.status_code == 409
    assert "間に合わず" in late.content.decode()
    assert thread.messages.count() == 1


def test_somebody_whose_authority_was_revoked_reads_but_does_not_write(
    town: Any, client_for: Callable[..., Client]
) -> None:
    acts_for = behalf.attorney_of(people.resident())
    case = make.claimed_case(acts_for=acts_for)
    assert case.assigned_to is not None
    thread = make.message_about(case, by=case.assigned_to).thread
    representing.revoke(representation=acts_for, by=Actor.of(case.resident))
    text = page(client_for(town, case.resident), "portal:thread", case.pk, thread.pk)
    assert "図面を送ります。" in text
    assert "it was revoked" in text


def test_somebody_without_an_account_is_not_written_to(
    case: Case, worker: User, desk: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cases.models.Application.helped", object())
    assert 'name="text"' in page(desk(worker), "desk:thread_new", case.pk)
    EidIdentity.objects.filter(user=case.resident).delete()
    assert "Please write by post or call" in page(desk(worker), "desk:thread_new", case.pk)


def test_a_file_of_another_case_does_not_exist(
    case: Case, resident: User, at_home: Client, worker: User, desk: Browser
) -> None:
    other = make.claimed_case(resident=people.resident(name="別の 人"))
    theirs = make.message_about(other, by=other.resident, files=1)
    for name, client in (("portal", at_home), ("desk", desk(worker))):
        assert client.get(
            reverse(f"{name}:thread_file", args=[case.pk, theirs.files[0]])
        ).status_code == 404  # fmt: skip
        assert client.get(
            reverse(f"{name}:thread", args=[case.pk, theirs.thread_id])
        ).status_code == 404  # fmt: skip
    # What is only attached to a draft was not sent to anybody.
    draft = writing.draft_of(case=case, thread=None, by=resident)
    unsent = make.attachment(draft, "files")
    answer = desk(worker).get(reverse("desk:thread_file", args=[case.pk, unsent.pk]))
    assert answer.status_code == 404


def test_nobody_floods_a_case(case: Case, resident: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "MOST_A_DAY", 1)
    make.message_about(case, by=resident)
    with pytest.raises(NotAllowed):
        make.message_about(case, by=resident)


def test_a_message_being_written_is_no_application(case: Case, at_home: Client) -> None:
    page(at_home, "portal:thread_new", case.pk)
    draft = Draft.objects.get(subject=f"message:{case.pk}")
    assert str(draft.pk) not in page(at_home, "portal:applications")
    answer = at_home.post(reverse("portal:check", args=[draft.pk]))
    assert answer.headers["Location"] == reverse("portal:applications")


# --- Costs, and the end ---------------------------------------------------------------------------


def test_statements_do_not_grow(
    case: Case, resident: User, worker: User, at_home: Client, desk: Browser
) -> None:
    thread = make.message_about(case, by=worker, files=1).thread
    client = desk(worker)

    def statements() -> list[int]:
        found = []
        for browser, name, ids in (
            (at_home, "portal:threads", [case.pk]),
            (at_home, "portal:thread", [case.pk, thread.pk]),
            (at_home, "portal:messages", []),
            (at_home, "portal:case", [case.pk]),
            (client, "desk:threads", [case.pk]),
            (client, "desk:thread", [case.pk, thread.pk]),
            (client, "desk:case", [case.pk]),
        ):
            page(browser, name, *ids)
            with CaptureQueriesContext(connection) as captured:
                page(browser, name, *ids)
            found.append(len(captured))
        return found

    one = statements()
    for number in range(3):
        make.message_about(case, by=worker, thread=thread, files=2)
        make.message_about(case, by=resident, thread=thread)
        make.message_about(case, by=worker, subject=str(number), files=1)
    assert statements() == one
    assert max(one) <= 20


def test_it_goes_with_the_case(case: Case, resident: User, worker: User) -> None:
    thread = make.message_about(case, by=worker, files=1).thread
    make.message_about(case, by=resident, thread=thread, files=1)
    begun = writing.draft_of(case=case, thread=thread, by=worker)
    make.attachment(begun, "files")
    outbox.drain()
    storage = PrivateStorage()
    names = [row.file.name for row in Attachment.objects.filter(question_id="files")]
    assert len(names) == 3
    from tests.cases.test_retention import _dispose

    actions.withdraw(case=Case.objects.get(pk=case.pk), by=Actor.of(resident))
    Case.objects.filter(pk=case.pk).update(closed_at=timezone.now() - timedelta(days=1_500))
    _dispose(1)
    outbox.drain()
    assert not Thread.objects.exists()
    assert not Draft.objects.filter(subject__startswith="message:").exists()
    assert not Attachment.objects.exists()
    assert not any(storage.exists(name) for name in names)
    assert not Message.objects.exists()
