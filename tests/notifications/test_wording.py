"""A municipality's own wordings: checked when saved, merged without tags, the platform's behind."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from django.core import mail as outgoing
from hypothesis import given
from hypothesis import strategies as st

from audit.models import LedgerEntry
from common import outbox
from common.errors import Conflict, InvalidInput
from common.models import OutboxRow
from common.text import Text
from identity.models import User
from notifications import editing, merging, wording
from notifications.actions import MAIL, send
from notifications.merging import Malformed
from notifications.models import TownWording
from notifications.notice import LANGUAGES, notices
from notifications.notices import ApplicationReceived, CaseStageChanged, DecisionMade
from tests.factories import people
from tests.notifications.test_notices import NUMBER, context_of

GOOD = {
    "ja": (
        "お知らせ {receipt_number}",
        "[{name} 様]\n\n[「{service}」の]結果です。{receipt_number}",
    ),
    "en": (
        "News {receipt_number}",
        '[Dear {name},]\n\nthe result[ of "{service}"]: {receipt_number}',
    ),
}


@pytest.mark.parametrize("private", [True, False])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", sorted(notices))
def test_the_platforms_text_reads_the_same_as_a_towns(
    kind: str, language: str, private: bool
) -> None:
    """So a town begins with just what is sent now."""
    notice = notices.get(kind)
    subject, body = wording.platform_text(notice, language)
    own = TownWording(subject=Text({language: subject}), body=Text({language: body}))
    needed = {
        key: value
        for key, value in context_of(notice).items()
        if notice.context.model_fields[key].is_required()
    }
    for context in (context_of(notice), needed):
        said = {
            with_own: wording.worded(
                notice,
                notice.checked(context),
                own=own if with_own else None,
                language=language,
                name="<O'Neill>",
                town="潮見市",
                private=private,
            )
            for with_own in (True, False)
        }
        assert said[True] == said[False]
    assert wording.problems(notice, subject, body) == {}


class TestMerging:
    @pytest.mark.parametrize(
        ("text", "values", "expected"),
        [
            ("a {x} b", {"x": "1"}, "a 1 b"),
            ("a[ {x}] b", {"x": "1"}, "a 1 b"),
            ("a[ {x}] b", {"x": ""}, "a b"),
            ("a[ {x}] b", {}, "a b"),
            ("[{x}{y}]", {"x": "1"}, ""),
            ("{x}", {"x": "{y}[", "y": "secret"}, "{y}["),
            ("{x}", {}, ""),
            ("{% now %}".replace("{% ", "").replace(" %}", ""), {}, "now"),
        ],
    )
    def test_it_puts_values_in_once(self, text: str, values: dict[str, str], expected: str) -> None:
        assert merging.merged(text, values) == expected

    @pytest.mark.parametrize(
        ("text", "code", "line"),
        [
            ("{{ name }}", "brace", 1),
            ("a\n{% load x %}", "brace", 2),
            ("{name.pk}", "brace", 1),
            ("{name!r}", "brace", 1),
            ("{0}", "brace", 1),
            ("{Name}", "brace", 1),
            ("name}", "brace", 1),
            ("a\n\n[ {x}", "open", 3),
            ("[ [{x}] ]", "nested", 1),
            ("a ] b", "close", 1),
            ("[plain]", "plain", 1),
        ],
    )
    def test_what_it_cannot_read_has_a_place(self, text: str, code: str, line: int) -> None:
        with pytest.raises(Malformed) as refused:
            merging.parsed(text)
        assert (refused.value.problem.code, refused.value.problem.line) == (code, line)

    @given(st.text(alphabet="ab{}[]_%. \n", max_size=60))
    def test_any_text_is_read_or_refused(self, text: str) -> None:
        with contextlib.suppress(Malformed):
            assert not set("{}[]") & set(merging.merged(text, {"a": "x"}))


class TestChecks:
    @pytest.mark.parametrize(
        ("subject", "body", "where"),
        [
            ("", "{receipt_number}", "subject"),
            ("a", "", "body"),
            ("a" * 151, "{receipt_number}", "subject"),
            ("a", "{receipt_number}" + "a" * 5_000, "body"),
            ("a\nb", "{receipt_number}", "subject"),
            ("{service}", "{receipt_number}", "subject"),
            ("[{service}]", "{receipt_number}", "subject"),
            ("{name}", "{receipt_number}", "subject"),
            ("a", "no number", "body"),
            ("a", "{receipt_number} {service}", "body"),
            ("a", "{name} {receipt_number}", "body"),
            ("a", "{receipt_number} {stage}", "body"),
            ("a", "{receipt_number} {due_on}", "body"),
            ("a", "{receipt_number} {path}", "body"),
            ("a", "{receipt_number} {password}", "body"),
            ("a", "{receipt_number} {{ name }}", "body"),
        ],
    )
    def test_what_cannot_be_is_refused_at_its_place(
        self, subject: str, body: str, where: str
    ) -> None:
        assert list(wording.problems(CaseStageChanged, subject, body)) == [where]

    def test_a_wording_without_a_language_is_refused(self, town: Any) -> None:
        texts = {**GOOD, "en": ("", "")}
        with pytest.raises(InvalidInput) as refused:
            editing.save(notice=DecisionMade, texts=texts, seen="", by=people.admin())
        assert sorted(refused.value.errors) == ["body-en", "subject-en"]
        assert not TownWording.objects.exists()


class TestSaving:
    def test_the_towns_words_are_sent(self, reader: User) -> None:
        editing.save(notice=DecisionMade, texts=GOOD, seen="", by=people.admin())
        service = Text({"ja": "カナリア給付金", "en": "Canary"})
        context = {"receipt_number": NUMBER, "service": service}
        message = send(DecisionMade, resident=reader, context=context, key="k")
        assert message.subject.in_language("ja") == f"お知らせ {NUMBER}"
        assert message.body.in_language("en") == (
            f'Dear {reader.name},\n\nthe result of "Canary": {NUMBER}'
        )
        row = OutboxRow.objects.get(kind=MAIL)
        outbox.handlers.get(MAIL)(row.payload)
        (mail,) = outgoing.outbox
        assert mail.subject == f"お知らせ {NUMBER}"
        assert f"結果です。{NUMBER}" in mail.body
        assert "カナリア" not in mail.body + str(mail.alternatives[0][0])

    def test_name_is_left_out_of_a_mail_in_older_words_too(self, reader: User) -> None:
        words = {"ja": "{name} 様\n\n結果です。{receipt_number}", "en": "{receipt_number}"}
        subject = {"ja": "お知らせ {receipt_number}", "en": "{receipt_number}"}
        TownWording.objects.create(
            kind=DecisionMade.kind, subject=Text(subject), body=Text(words),
            changed_by=people.admin(),
        )  # fmt: skip
        message = send(DecisionMade, resident=reader, context={"receipt_number": NUMBER}, key="k")
        assert message.body.in_language("ja").startswith(f"{reader.name} 様\n")
        row = OutboxRow.objects.get(kind=MAIL)
        outbox.handlers.get(MAIL)(row.payload)
        (mail,) = outgoing.outbox
        whole = mail.body + str(mail.alternatives[0][0])
        assert reader.name not in whole
        assert "様" not in whole
        assert f"結果です。{NUMBER}" in mail.body

    def test_it_is_this_towns_only(self, reader: User, other_town: Any, in_town: Any) -> None:
        editing.save(notice=DecisionMade, texts=GOOD, seen="", by=people.admin())
        with in_town(other_town):
            theirs = User.objects.create_resident(name="丙")
            message = send(DecisionMade, resident=theirs, context={"receipt_number": "1"}, key="k")
            assert message.subject.in_language("ja") != "お知らせ 1"

    def test_it_is_in_the_ledger_and_can_be_taken_back(self, town: Any) -> None:
        admin = people.admin()
        own = editing.save(notice=DecisionMade, texts=GOOD, seen="", by=admin)
        editing.revert(notice=DecisionMade, seen=editing.stamp(own), by=admin)
        assert not TownWording.objects.exists()
        events = LedgerEntry.objects.filter(object_kind="notice").order_by("pk")
        assert [entry.event for entry in events] == [
            "notice.wording_changed",
            "notice.wording_reverted",
        ]

    def test_two_at_once_overwrite_nothing(self, town: Any) -> None:
        admin = people.admin()
        editing.save(notice=DecisionMade, texts=GOOD, seen="", by=admin)
        other = {language: (subject, body + "!") for language, (subject, body) in GOOD.items()}
        with pytest.raises(Conflict):
            editing.save(notice=DecisionMade, texts=other, seen="", by=admin)
        assert TownWording.objects.get().body["ja"] == GOOD["ja"][1]

    def test_a_newer_text_of_the_platform_is_pointed_out(
        self, town: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        editing.save(notice=DecisionMade, texts=GOOD, seen="", by=people.admin())

        def states() -> dict[str, str]:
            lines = editing.overview("ja")
            return next(dict(line.states) for line in lines if line.notice is DecisionMade)

        assert states() == {"ja": "changed", "en": "changed"}
        real = wording.fingerprint

        def newer(notice: Any, language: str) -> str:
            return "newer" if language == "en" else real(notice, language)

        monkeypatch.setattr(wording, "fingerprint", newer)
        assert states() == {"ja": "changed", "en": "older"}

    def test_what_is_missing_is_shown(self, town: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(town, "languages", ["ja", "en", "zh"])
        assert {line.states["zh"] for line in editing.overview("ja")} == {"missing"}
        TownWording.objects.create(
            kind="decision_made", subject=Text({"ja": "a"}), body=Text({"ja": "b"})
        )
        states = {line.notice: line.states for line in editing.overview("ja")}
        assert states[DecisionMade]["en"] == "missing"
        assert states[ApplicationReceived]["en"] == "platform"

    def test_a_language_that_is_missing_takes_the_platforms_text(self, reader: User) -> None:
        TownWording.objects.create(
            kind="decision_made", subject=Text({"ja": "題"}), body=Text({"ja": "文"})
        )
        context = {"receipt_number": NUMBER}
        message = send(DecisionMade, resident=reader, context=context, key="k")
        assert message.subject.in_language("ja") == "題"
        assert NUMBER in message.subject.in_language("en")

    def test_a_preview_is_worded_for_the_inbox_and_the_mail(self, town: Any) -> None:
        for kind in notices:
            notice = notices.get(kind)
            texts = editing.texts_of(notice, None)
            for language in LANGUAGES:
                inbox = editing.preview(notice, texts, language, private=True)
                mail = editing.preview(notice, texts, language, private=False)
                assert "{" not in inbox.subject + inbox.body + mail.body
        inbox = editing.preview(DecisionMade, GOOD, "ja", private=True)
        mail = editing.preview(DecisionMade, GOOD, "ja", private=False)
        assert "公園使用の許可" in inbox.body
        assert "公園使用の許可" not in mail.body


class TestWebhookAddress:
    def test_it_is_kept_sealed_and_its_secret_told_once(self, town: Any) -> None:
        from notifications.models import WebhookTarget

        admin = people.admin()
        first = editing.set_webhook(url=" https://example.lg.jp/notices ", by=admin)
        second = editing.set_webhook(url="https://example.lg.jp/notices", by=admin)
        assert first != second
        row = WebhookTarget.objects.get()
        assert row.url == "https://example.lg.jp/notices"
        assert second not in str(row.__dict__)
        editing.remove_webhook(by=admin)
        editing.remove_webhook(by=admin)
        assert not WebhookTarget.objects.exists()
        events = LedgerEntry.objects.filter(object_kind="notice").order_by("pk")
        assert [entry.event for entry in events] == [
            "notice.webhook_set", "notice.webhook_set", "notice.webhook_removed",
        ]  # fmt: skip

    @pytest.mark.parametrize(
        "url",
        [
            "", "x", "http://example.jp/", "https://127.0.0.1/", "https://[::1]/", "https://10.0.0.1",
            "https://localhost/", "https://db.internal/", "https://169.254.169.254/latest/",
            "javascript:alert(1)", "https://a:b@example.jp/",
        ],
    )  # fmt: skip
    def test_an_address_that_may_not_be_called_is_refused(self, town: Any, url: str) -> None:
        with pytest.raises(InvalidInput):
            editing.set_webhook(url=url, by=people.admin())
