"""Each notice is declared completely and says no more than it may."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.template.loader import get_template
from django.utils import translation

from common.registry import Registry
from common.text import Text
from notifications import notices as all_notices
from notifications import wording
from notifications.errors import NoticeError
from notifications.notice import LANGUAGES, Notice, NoticeContext, Wording, notices, register

NUMBER = "260401-7K3F9QXM"
EVERYTHING: dict[str, Any] = {
    "receipt_number": NUMBER,
    "service": Text({"ja": "カナリア給付金", "en": "Canary benefit"}),
    "path": "/applications/6b6a2b1e-7c1c-4c5e-9a5e-0c9f7a1f2b3c/",
    "received_on": date(2026, 4, 1),
    "due_on": date(2026, 4, 20),
    "paid_on": date(2026, 4, 3),
    "until": date(2026, 4, 15),
    "code": "12345678",
    "remarks": 2,
    "stage": Text({"ja": "カナリア段階", "en": "Canary stage"}),
    "department": Text({"ja": "公園緑地課", "en": "Parks"}),
    "colleague": "山本 真理",
    "first": date(2026, 4, 6),
    "last": date(2026, 4, 10),
    "rule": "公園は交代で",
    "without_sign_in": True,
}


#: To an address that may belong to nobody we know: no name is said, not even in an inbox.
TO_AN_ADDRESS = {
    "cosignature_asked", "resume_link_asked", "opinion_asked", "guest_reminder", "guest_code",
    "case_link_asked",
}  # fmt: skip
#: Between colleagues, or about the mails themselves.
ABOUT_NO_SERVICE = {
    "stands_in", "mail_undelivered", "rule_broken", "acts_for_you", "representation_ended",
}  # fmt: skip


def context_of(notice: type[Notice]) -> dict[str, Any]:
    given = {key: EVERYTHING[key] for key in notice.context.model_fields}
    # Before an application is sent there is no number to name.
    return given if has_number(notice) else {**given, "receipt_number": ""}


def has_number(notice: type[Notice]) -> bool:
    return not issubclass(notice.context, all_notices.BeforeSendingContext)


def test_every_notice_of_the_platform_is_registered() -> None:
    assert set(notices) == {
        "application_received", "correction_requested", "consultation_requested", "decision_made",
        "fee_due", "payment_received", "document_ready", "case_stage_changed",
        "representation_doubted", "cosignature_asked", "cosignatures_complete",
        "cosignature_refused", "cosignature_void", "fee_reminder", "fee_demand", "fee_lapsed",
        "waiver_decided", "fee_refunded", "resume_link_asked",
        "period_extended", "case_reopened", "deemed_refusal",
        "case_due_soon", "case_overdue", "opinion_reminder", "opinion_asked", "decided_together",
        "guest_reminder", "guest_code", "stands_in", "decision_revoked",
        "mail_undelivered", "message_written", "resident_wrote",
        "correction_reminder", "correction_overdue", "rule_broken", "case_link_asked",
        "permit_ends",
        "correction_answered", "opinion_given", "opinion_overdue", "case_withdrawn",
        "case_assigned", "second_look_asked", "proposal_confirmed", "proposal_returned",
        "draft_expires", "acts_for_you", "representation_ended", "applicant_ended_representation",
    }  # fmt: skip


def worded(kind: str, language: str, *, private: bool) -> Wording:
    """To somebody whose name has to be escaped; `private`: as it stands in the inbox."""
    notice = notices.get(kind)
    context = notice.checked(context_of(notice))
    return notice.worded(context, language=language, name="<O'Neill>", town="", private=private)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", sorted(notices))
def test_notice_reads_in_every_language(kind: str, language: str) -> None:
    notice, words = notices.get(kind), worded(kind, language, private=True)
    assert (NUMBER in words.subject) == has_number(notice)
    assert (NUMBER in words.body) == has_number(notice)
    assert ("<O'Neill>" in words.body) == (kind not in TO_AN_ADDRESS)
    assert "{" not in words.subject + words.body
    named = ("カナリア給付金" if language == "ja" else "Canary benefit") in words.body
    assert named == (kind not in ABOUT_NO_SERVICE)
    assert ("2026" in words.body) == bool(
        {"received_on", "due_on", "paid_on", "until", "first"} & set(context_of(notice))
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", sorted(notices))
def test_notice_outside_the_inbox_keeps_the_service_to_itself(kind: str, language: str) -> None:
    notice = notices.get(kind)
    words = notice.worded(
        notice.checked(context_of(notice)), language=language, name="A", town="", private=False
    )
    assert "カナリア" not in words.subject + words.body
    assert "Canary" not in words.subject + words.body


PERSONAL = {
    "name", "names", "applicant", "applicant_name", "sender_name", "resident", "person", "who",
    "colleague", "author", "address", "street", "phone", "telephone", "email", "mail", "born",
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", sorted(notices))
def test_mail_says_nothing_of_a_person(kind: str, language: str) -> None:
    notice, words = notices.get(kind), worded(kind, language, private=False)
    for text in (words.subject, words.body):
        assert "O'Neill" not in text
        assert "山本" not in text
        assert "Dear ," not in text
    assert not words.body.startswith(("様", "さん"))
    # What is said outside has no field that could hold a name, an address or a number to call.
    said = set(notice.context.model_fields) - notice.context.PRIVATE
    assert not said & PERSONAL
    source = get_template(notice.template_name(language)).template.source
    used = set(re.findall(r"\{\{ (\w+)", source))
    assert used <= {*notice.context.model_fields, "name", "town"}


@pytest.mark.parametrize("kind", sorted(notices))
def test_notice_without_optional_context_reads_well(kind: str) -> None:
    notice = notices.get(kind)
    required = {
        key: value
        for key, value in context_of(notice).items()
        if notice.context.model_fields[key].is_required()
    }
    for language in LANGUAGES:
        words = notice.worded(
            notice.checked(required), language=language, name="A", town="", private=True
        )
        assert "None" not in words.body


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": "浜通2-3-4"},
        {"receipt_number": "x" * 41},
        {"receipt_number": "山田太郎"},
        {"path": "https://evil.example/"},
        {"path": "//evil.example/"},
        {"path": "javascript:alert(1)"},
        {"received_on": "soon"},
    ],
)
def test_notice_refuses_what_it_must_not_tell(wrong: dict[str, Any]) -> None:
    notice = all_notices.ApplicationReceived
    with pytest.raises(NoticeError) as refused:
        notice.checked({"receipt_number": NUMBER, "received_on": date(2026, 4, 1)} | wrong)
    assert str(next(iter(wrong.values()))) not in str(refused.value)


def test_register_refuses_a_missing_template() -> None:
    class Lonely(Notice):
        kind = "lonely"

    with pytest.raises(NoticeError, match=r"lonely\.ja\.txt"):
        register(Lonely, Registry("notice"))


def test_register_refuses_a_kind_that_is_taken() -> None:
    class Second(Notice):
        kind = "decision_made"

    fresh: Registry[type[Notice]] = Registry("notice")
    register(all_notices.DecisionMade, fresh)
    with pytest.raises(ValueError, match="registered twice"):
        register(Second, fresh)


def test_register_refuses_a_context_of_another_type() -> None:
    class Loose(Notice):
        kind = "decision_made"
        context = dict  # type: ignore[assignment]

    with pytest.raises(NoticeError):
        register(Loose, Registry("notice"))


def test_context_is_frozen() -> None:
    context = NoticeContext(receipt_number=NUMBER)
    with pytest.raises(ValueError, match="frozen"):
        context.receipt_number = "x"  # type: ignore[misc]


def test_link_labels_are_translated_late() -> None:
    for kind in notices:
        notice = notices.get(kind)
        with translation.override("en"):
            assert str(notice.link_label)


#: Those that only somebody with an account gets.
NEEDS_AN_ACCOUNT = {
    "cosignature_asked", "cosignatures_complete", "cosignature_refused", "draft_expires",
}  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", sorted(set(notices) - NEEDS_AN_ACCOUNT))
def test_a_mail_to_whoever_has_no_account_speaks_of_the_link_only(kind: str, language: str) -> None:
    notice = notices.get(kind)
    words = wording.worded(
        notice,
        notice.checked(context_of(notice)),
        own=None,
        language=language,
        name="A",
        town="",
        private=False,
    )
    told = words.body.replace("ログインせずに", "").lower()
    assert "sign in" not in told
    assert "ログイン" not in told
    if language == "en":
        assert "we mail you a link to your application" in words.body
