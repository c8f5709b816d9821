"""Signatures of others: asked for, given, refused, void; and the sending that waits for them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.models import LedgerEntry
from cases import actions, cosigning, links, signatures
from cases.links import Purpose
from cases.models import Application, Cosignature
from catalogue.models import Offering
from catalogue.registry import catalogue
from common import outbox
from common.actor import Actor
from common.errors import Conflict, DomainError, InvalidInput, NotAllowed, NotFound
from forms import drafts
from forms.models import Draft
from identity.models import EidIdentity, User
from notifications.models import Message
from tests.factories import behalf, people, services
from tests.factories import cases as make

State = Cosignature.State
ADDRESS = "tanaka@example.jp"


@pytest.fixture
def offering(town: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Offering]:
    monkeypatch.setattr("common.outbox._wake_worker", lambda: None)
    services.install("joint_event", monkeypatch)
    yield services.offered("joint_event")
    catalogue.cache_clear()


@pytest.fixture
def draft(offering: Offering) -> Draft:
    return make.draft_ready_to_send(of=offering, answers=services.answers())


@pytest.fixture
def signer(town: Any) -> User:
    return people.resident(name="田中 実", email=ADDRESS, born="1970-01-01")


def _ask(draft: Draft, *addresses: str) -> list[Cosignature]:
    return cosigning.ask(
        draft=draft,
        addresses=addresses or [ADDRESS],
        by=Actor.of(draft.resident),
        language="ja",
    )


def _sign(row: Cosignature, user: User) -> Cosignature:
    fresh = cosigning.by_token(links.new_token(Purpose.COSIGN, row.pk))
    return cosigning.sign(signature=fresh, seen=cosigning.digest_of(fresh.draft), user=user)


def _change(draft: Draft, **answers: Any) -> int:
    draft.answers = {**draft.answers, **answers}
    draft.save(update_fields=["answers"])
    offering = Offering.objects.get(slug=draft.subject)
    return cosigning.void_outdated(draft=draft, offering=offering, by=Actor.of(draft.resident))


def _send(draft: Draft) -> Any:
    return actions.submit_application(draft=draft, by=Actor.of(draft.resident), language="ja")


def _refusal(act: Any, kind: type[DomainError] = NotAllowed) -> str:
    with pytest.raises(kind) as refused:
        act()
    assert kind is InvalidInput or str(refused.value)
    return refused.value.code


class TestAsking:
    def test_each_gets_a_mail_with_a_link_of_their_own(self, draft: Draft) -> None:
        rows = _ask(draft, ADDRESS, "Sato@Example.jp ")
        outbox.drain()
        outbox.drain()
        assert [m.to for m in mail.outbox] == [[ADDRESS], ["sato@example.jp"]]
        for row, sent in zip(rows, mail.outbox, strict=True):
            token = links.new_token(Purpose.COSIGN, row.pk)
            assert f"/cosign/{token}/" in str(sent.body)
            assert row.token_hash == links.token_hash(token)
            for private in (draft.resident.name, "行事"):
                assert private not in str(sent.body).split("http")[0], private

    def test_database_does_not_hold_the_token(self, draft: Draft) -> None:
        (row,) = _ask(draft)
        token = links.new_token(Purpose.COSIGN, row.pk)
        from common.models import OutboxRow

        held = [*OutboxRow.objects.values_list("payload", flat=True), vars(row)]
        assert token not in str(held)
        assert len(token) == 43

    def test_mail_is_not_sent_when_it_was_taken_back_before(self, draft: Draft) -> None:
        (row,) = _ask(draft)
        cosigning.take_back(draft=draft, signature_id=row.pk, by=Actor.of(draft.resident))
        outbox.drain()
        assert mail.outbox == []

    @pytest.mark.parametrize(
        "addresses",
        [
            [""],
            ["tanaka"],
            ["tanaka@example.jp", "TANAKA@example.jp"],
            ["hanako@example.jp"],
            ["a@b.jp\nBcc: x@y.jp"],
            [f"x{n}@example.jp" for n in range(4)],
        ],
    )
    def test_wrong_addresses(self, draft: Draft, addresses: list[str]) -> None:
        _refusal(lambda: _ask(draft, *addresses), InvalidInput)
        assert not Cosignature.objects.exists()

    def test_only_what_is_complete(self, draft: Draft) -> None:
        del draft.answers["people"]
        draft.save(update_fields=["answers"])
        assert _refusal(lambda: _ask(draft)) == "not_complete"

    def test_only_by_whose_draft_it_is(self, draft: Draft, signer: User) -> None:
        code = _refusal(
            lambda: cosigning.ask(
                draft=draft, addresses=[ADDRESS], by=Actor.of(signer), language="ja"
            )
        )
        assert code == "not_yours"

    def test_only_where_the_service_wants_it(self, town: Any) -> None:
        assert _refusal(lambda: _ask(make.draft_ready_to_send())) == "no_cosign"

    def test_no_flood(self, draft: Draft, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(cosigning, "MOST_MAILS", 2)
        (row,) = _ask(draft)
        again = {"draft": draft, "by": Actor.of(draft.resident), "language": "ja"}
        row = cosigning.ask_again(signature_id=row.pk, **again)
        _refusal(lambda: cosigning.ask_again(signature_id=row.pk, **again), Conflict)

    def test_foreign_ids(self, draft: Draft, offering: Offering) -> None:
        other = make.draft_ready_to_send(
            of=offering, resident=people.resident(name="別の 人"), answers=services.answers()
        )
        (foreign,) = _ask(other)
        by = Actor.of(draft.resident)
        for wrong in (foreign.pk, "x", ""):
            _refusal(
                lambda wrong=wrong: cosigning.take_back(draft=draft, signature_id=wrong, by=by),
                NotFound,
            )


class TestSigning:
    def test_signed_with_whose_eid_and_what(self, draft: Draft, signer: User) -> None:
        (row,) = _ask(draft)
        row = _sign(row, signer)
        assert (row.state, row.signed_by, row.signer_name) == ("signed", signer, "田中 実")
        assert (row.acr, row.digest) == ("aal2", cosigning.digest_of(draft))
        outbox.drain()
        told = Message.objects.get(recipient=draft.resident)
        assert told.kind == "cosignatures_complete"

    def test_link_works_once(self, draft: Draft, signer: User) -> None:
        (row,) = _ask(draft)
        _sign(row, signer)
        assert _refusal(lambda: _sign(row, signer)) == "used"
        assert _refusal(lambda: _sign(row, people.resident(name="別の 人"))) == "used"

    def test_not_by_oneself(self, draft: Draft) -> None:
        (row,) = _ask(draft)
        assert _refusal(lambda: _sign(row, draft.resident)) == "oneself"

    def test_not_by_oneself_behind_another_account(self, draft: Draft) -> None:
        (row,) = _ask(draft)
        twin = people.resident(name="山田 花子")
        twin.eid.issuer, twin.eid.subject = "https://other.example", draft.resident.eid.subject
        twin.eid.save()
        assert _refusal(lambda: _sign(row, User.objects.get(pk=twin.pk))) == "oneself"

    def test_one_person_signs_once(self, draft: Draft, signer: User) -> None:
        first, second = _ask(draft, ADDRESS, "sato@example.jp")
        _sign(first, signer)
        assert _refusal(lambda: _sign(second, signer)) == "twice"
        with pytest.raises(IntegrityError), transaction.atomic():
            Cosignature.objects.filter(pk=second.pk).update(
                state="signed", signed_by=signer, digest="x"
            )

    def test_expired(self, draft: Draft, signer: User) -> None:
        (row,) = _ask(draft)
        Cosignature.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        assert _refusal(lambda: _sign(row, signer)) == "expired"

    def test_taken_back(self, draft: Draft, signer: User) -> None:
        (row,) = _ask(draft)
        cosigning.take_back(draft=draft, signature_id=row.pk, by=Actor.of(draft.resident))
        assert _refusal(lambda: _sign(row, signer)) == "void"

    def test_older_link_is_void_after_asking_again(self, draft: Draft, signer: User) -> None:
        (row,) = _ask(draft)
        newer = cosigning.ask_again(
            draft=draft, signature_id=row.pk, by=Actor.of(draft.resident), language="ja"
        )
        assert _refusal(lambda: _sign(row, signer)) == "void"
        assert _sign(newer, signer).state == State.SIGNED

    def test_draft_that_was_deleted(self, draft: Draft, signer: User) -> None:
        (row,) = _ask(draft)
        drafts.discard(draft=draft, by=Actor.of(draft.resident))
        assert _refusal(lambda: _sign(row, signer)) == "void"

    @pytest.mark.parametrize("wrong", ["", "x" * 43, "x" * 5000, "\x00"])
    def test_made_up_token(self, draft: Draft, wrong: str) -> None:
        _ask(draft)
        _refusal(lambda: cosigning.by_token(wrong), NotFound)

    def test_token_of_another_town(self, draft: Draft, in_town: Any) -> None:
        (row,) = _ask(draft)
        here = links.new_token(Purpose.COSIGN, row.pk)
        assert cosigning.by_token(here).pk == row.pk
        with in_town("suginosawa"):
            _refusal(lambda: cosigning.by_token(here), NotFound)
            assert links.new_token(Purpose.COSIGN, row.pk) != here

    def test_secret_that_is_being_changed(self, draft: Draft, settings: Any) -> None:
        (row,) = _ask(draft)
        token = links.new_token(Purpose.COSIGN, row.pk)
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", [settings.SECRET_KEY]
        assert links.token_of(Purpose.COSIGN, row.pk, row.token_hash) == token
        settings.SECRET_KEY_FALLBACKS = []
        with pytest.raises(LookupError):
            links.token_of(Purpose.COSIGN, row.pk, row.token_hash)

    def test_answers_that_changed_while_reading(self, draft: Draft, signer: User) -> None:
        (row,) = _ask(draft)
        fresh = cosigning.by_token(links.new_token(Purpose.COSIGN, row.pk))
        seen = cosigning.open_request(signature=fresh, user=signer)
        _change(draft, people=13)
        _refusal(lambda: cosigning.sign(signature=fresh, seen=seen, user=signer), Conflict)
        assert Cosignature.objects.get().state == State.ASKED

    def test_refused_with_a_reason(self, draft: Draft, signer: User) -> None:
        (row,) = _ask(draft)
        fresh = cosigning.by_token(links.new_token(Purpose.COSIGN, row.pk))
        _refusal(lambda: cosigning.refuse(signature=fresh, reason=" ", user=signer), InvalidInput)
        row = cosigning.refuse(signature=fresh, reason="聞いていません", user=signer)
        assert (row.state, row.reason) == (State.REFUSED, "聞いていません")
        outbox.drain()
        told = Message.objects.get(recipient=draft.resident)
        assert told.kind == "cosignature_refused"
        assert "聞いて" not in str(told.body)
        assert _refusal(lambda: _sign(row, signer)) == "used"

    def test_ledger_shows_the_applicant_who_read_and_signed(
        self, draft: Draft, signer: User
    ) -> None:
        (row,) = _ask(draft)
        fresh = cosigning.by_token(links.new_token(Purpose.COSIGN, row.pk))
        cosigning.open_request(signature=fresh, user=signer)
        _sign(row, signer)
        entries = LedgerEntry.objects.filter(event__startswith="cosignature.").order_by("id")
        assert [(e.event, e.about, e.actor_name) for e in entries] == [
            ("cosignature.asked", draft.resident_id, "山田 花子"),
            ("cosignature.opened", draft.resident_id, "田中 実"),
            ("cosignature.signed", draft.resident_id, "田中 実"),
        ]
        assert {str(entry.data) for entry in entries} == {str({"signature": str(row.pk)})}


class TestChanging:
    def test_change_voids_the_signature_and_tells_the_signer(
        self, draft: Draft, signer: User
    ) -> None:
        (row,) = _ask(draft)
        _sign(row, signer)
        assert _change(draft, people=12) == 0
        assert _change(draft, people=13) == 1
        assert Cosignature.objects.get().state == State.VOID
        outbox.drain()
        told = Message.objects.get(recipient=signer)
        assert told.kind == "cosignature_void"
        assert _refusal(lambda: _send(draft)) == "not_signed"
        assert _sign(_ask(draft)[0], signer).state == State.SIGNED
        assert _send(draft).stage == "arrived"

    def test_signature_under_other_answers_never_counts(self, draft: Draft, signer: User) -> None:
        """Even when nobody voided it: the sending looks at what was signed."""
        (row,) = _ask(draft)
        _sign(row, signer)
        draft.answers = {**draft.answers, "people": 14}
        draft.save(update_fields=["answers"])
        assert Cosignature.objects.get().state == State.SIGNED
        assert _refusal(lambda: _send(draft)) == "not_signed"

    def test_looking_only_voids_nothing(self, draft: Draft, signer: User) -> None:
        (row,) = _ask(draft)
        _sign(row, signer)
        draft.answers = {**draft.answers, "people": 14}  # not saved
        offering = Offering.objects.get(slug=draft.subject)
        by = Actor.of(draft.resident)
        assert cosigning.void_outdated(draft=draft, offering=offering, by=by) == 0


class TestSending:
    def test_waits_until_all_have_signed(self, draft: Draft, signer: User) -> None:
        assert _refusal(lambda: _send(draft)) == "not_signed"
        first, second = _ask(draft, ADDRESS, "sato@example.jp")
        _sign(first, signer)
        assert _refusal(lambda: _send(draft)) == "not_signed"
        outbox.drain()
        assert not Message.objects.filter(kind="cosignatures_complete").exists()
        _sign(second, people.resident(name="佐藤 恵"))
        case = _send(draft)
        record = Application.objects.get(pk=case.application_id).cosigned
        assert [(e["name"], e["state"]) for e in record] == [
            ("田中 実", "signed"),
            ("佐藤 恵", "signed"),
        ]
        assert {e["digest"] for e in record} == {
            signatures.digest(draft.version_id, None, case.answers)
        }

    def test_a_refusal_does_not_count_and_is_kept_for_the_office(
        self, draft: Draft, signer: User
    ) -> None:
        (row,) = _ask(draft)
        fresh = cosigning.by_token(links.new_token(Purpose.COSIGN, row.pk))
        cosigning.refuse(signature=fresh, reason="反対です", user=signer)
        assert _refusal(lambda: _send(draft)) == "not_signed"
        _sign(_ask(draft, "sato@example.jp")[0], people.resident(name="佐藤 恵"))
        record = _send(draft).application.cosigned
        assert [(e["state"], e["reason"]) for e in record] == [
            ("refused", "反対です"),
            ("signed", ""),
        ]

    def test_ordinary_service_waits_for_nobody(self, town: Any) -> None:
        assert make.submitted_case().application.cosigned == []

    def test_on_behalf_of_a_child_and_signed(self, offering: Offering, signer: User) -> None:
        child = behalf.guardian_of_a_child()
        draft = make.draft_ready_to_send(of=offering, acts_for=child, answers=services.answers())
        _sign(_ask(draft)[0], signer)
        case = _send(draft)
        assert (case.applicant_name, len(case.application.cosigned)) == ("山田 空", 1)

    def test_eid_of_a_signer_without_one(self, draft: Draft, signer: User) -> None:
        EidIdentity.objects.filter(user=signer).delete()
        (row,) = _ask(draft)
        assert _sign(row, User.objects.get(pk=signer.pk)).acr == ""
