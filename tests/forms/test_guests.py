"""Drafts of guests: whose they are, how many, and what becomes of them after the sign-in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone, translation

from audit.models import LedgerEntry
from common import chores
from common.actor import GUEST, Actor
from common.errors import Conflict
from forms import adoption, attachments, drafts, guests, resumable, seals, versions
from forms.adoption import AlreadyBegun
from forms.errors import DraftClosed, FileRefused
from forms.guests import Guest
from forms.models import Attachment, Draft, ResumeLink, Upload
from forms.questions import MEGABYTE
from identity.models import User
from tenants.files import PrivateStorage
from tests.forms import support
from tests.forms.support import ACT, PERSON, a_resident, claims, posted
from tests.forms.versions_of import everything_but, without

pytestmark = pytest.mark.usefixtures("town")
ME, OTHER = Guest.of("me"), Guest.of("somebody else")


def begun(guest: Guest = ME, subject: str = "everything") -> Draft:
    version = versions.publish(support.everything())
    return guests.begin(guest=guest, version=version, subject=subject)


def save(draft: Draft, step: str, data: dict[str, Any], **files: Any) -> drafts.StepOutcome:
    return drafts.save_step(
        draft=draft, step_id=step, post=posted(**data), files=support.files(**files), by=GUEST
    )


def adopt(draft: Draft, resident: User, guest: Guest = ME, **options: Any) -> Draft:
    return adoption.adopt(
        draft=draft,
        guest=guest,
        resident=resident,
        version=options.get("version"),
        claims=options.get("claims", {}),
    )


def entries(event: str, draft: Draft) -> list[LedgerEntry]:
    return list(LedgerEntry.objects.filter(event=event, object_id=str(draft.pk)))


# --- whose --------------------------------------------------------------------------------------
def test_draft_holds_a_hash_of_the_secret_only() -> None:
    draft = begun(Guest.of("a secret"))
    assert draft.guest == Guest.of("a secret").digest
    assert "a secret" not in repr(vars(draft))


def test_guest_without_a_secret_is_none() -> None:
    with pytest.raises(ValueError, match="secret"):
        Guest.of("")


def test_draft_is_found_by_its_own_guest_only() -> None:
    draft = begun()
    found = guests.get_draft(guest=ME, draft_id=draft.pk)
    assert found == draft
    assert guests.get_draft(guest=OTHER, draft_id=draft.pk) is None
    assert guests.get_draft(guest=Guest(""), draft_id=draft.pk) is None
    assert drafts.get_draft(resident_id=a_resident().pk, draft_id=draft.pk) is None


def test_residents_drafts_are_no_guests() -> None:
    draft = support.a_draft()
    for digest in ("", ME.digest):
        assert guests.get_draft(guest=Guest(digest), draft_id=draft.pk) is None


def test_beginning_twice_is_beginning_once() -> None:
    first = begun()
    assert begun() == first
    assert begun(OTHER) != first
    (entry,) = entries("draft.guest_begun", first)
    assert (entry.actor_kind, entry.actor_id, entry.actor_name, entry.about) == (
        "guest", "", "", None,
    )  # fmt: skip


def test_there_is_a_most() -> None:
    for number in range(guests.MOST_DRAFTS):
        begun(subject=f"service-{number}")
    with pytest.raises(Conflict):
        begun(subject="one-too-many")
    assert begun(subject="service-0").is_open  # what there is can be gone on with
    assert begun(OTHER, subject="one-too-many").is_open


@pytest.mark.parametrize(
    "wrong",
    [
        {"guest": ""},
        {"state": "sent"},
        {"only": ["name"]},
        {"resident": True},
    ],
)
def test_database_holds_whose_it_is(wrong: dict[str, Any]) -> None:
    draft = begun()
    if wrong.get("resident"):
        wrong = {"resident": a_resident()}
    with pytest.raises(IntegrityError), transaction.atomic():
        Draft.objects.filter(pk=draft.pk).update(**wrong)


def test_file_without_owner_and_draft_cannot_be(upload: Any, png: bytes) -> None:
    draft = begun()
    save(draft, "papers", {"agreed": "yes"}, plan=[upload(png)])
    with pytest.raises(IntegrityError), transaction.atomic():
        Attachment.objects.filter(draft=draft).update(draft=None)


# --- filling in ---------------------------------------------------------------------------------
def test_steps_files_and_review_work_as_for_anybody(upload: Any, png: bytes) -> None:
    draft = begun()
    assert save(draft, "person", PERSON).ok
    assert save(draft, "act", ACT).ok
    assert save(draft, "papers", {"agreed": "yes"}, plan=[upload(png)]).ok
    (file,) = Attachment.objects.filter(draft=draft)
    assert file.owner is None
    assert not drafts.review(draft).problems
    assert [one.pk for one in drafts.review(draft).files] == [file.pk]


def test_file_of_another_guest_cannot_be_named(upload: Any, png: bytes) -> None:
    other = begun(OTHER)
    save(other, "papers", {"agreed": "yes"}, plan=[upload(png)])
    (theirs,) = Attachment.objects.filter(draft=other)
    draft = begun()
    save(draft, "papers", {"agreed": "yes", "plan-kept": [str(theirs.pk)]})
    assert "plan" not in draft.answers
    draft.answers = {"plan": [str(theirs.pk)]}  # even if it stood there
    assert drafts.review(draft).files == []
    attachments.discard(draft, [str(theirs.pk)])
    assert Attachment.objects.filter(pk=theirs.pk).exists()


def test_guests_have_less_room(monkeypatch: pytest.MonkeyPatch, upload: Any, png: bytes) -> None:
    assert attachments.MOST_BYTES_PER_GUEST_DRAFT < attachments.MOST_BYTES_PER_DRAFT
    monkeypatch.setattr(attachments, "MOST_BYTES_PER_GUEST_DRAFT", 10)
    draft = begun()
    assert not save(draft, "papers", {"agreed": "yes"}, plan=[upload(png)]).ok
    assert not Attachment.objects.filter(draft=draft).exists()
    with pytest.raises(FileRefused):
        resumable.begin(draft=draft, question_id="plan", name="a.png", size=11)
    assert resumable.begin(draft=draft, question_id="plan", name="a.png", size=10).owner is None


def test_uploads_of_other_guests_take_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resumable, "MOST_PER_RESIDENT", 1)
    theirs = resumable.begin(draft=begun(OTHER), question_id="plan", name="a.png", size=MEGABYTE)
    mine = resumable.begin(draft=begun(), question_id="plan", name="a.png", size=MEGABYTE)
    assert mine != theirs
    assert resumable.get_of_guest(guest=ME, upload_id=mine.pk) == mine
    assert resumable.get_of_guest(guest=ME, upload_id=theirs.pk) is None
    assert resumable.get(resident_id=a_resident().pk, upload_id=mine.pk) is None


def test_upload_to_a_draft_that_was_just_taken_over(upload: Any, png: bytes) -> None:
    draft, resident = begun(), a_resident()
    adopt(draft, resident)
    with pytest.raises(LookupError):  # `draft` is as it was before
        resumable.begin(draft=draft, question_id="plan", name="a.png", size=9)
    question: Any = draft.prepared.nodes["plan"].question
    assert attachments.store(draft, question, upload(png)).owner == resident


# --- taking over --------------------------------------------------------------------------------
def test_adopted_draft_is_the_residents_with_everything(upload: Any, png: bytes) -> None:
    draft, resident = begun(), a_resident()
    save(draft, "act", ACT)
    save(draft, "papers", {"agreed": "yes"}, plan=[upload(png)])
    waiting = resumable.begin(draft=draft, question_id="plan", name="a.png", size=9)
    now = timezone.now()
    ResumeLink.objects.create(draft=draft, token_hash="x", language="ja", expires_at=now)
    adopted = adopt(draft, resident)
    assert (adopted.pk, adopted.resident, adopted.guest) == (draft.pk, resident, "")
    assert adopted.answers["kind"] == "film"
    assert adopted.steps_done == ["act", "papers"]
    assert Attachment.objects.get(draft=draft).owner == resident
    assert Upload.objects.get(pk=waiting.pk).owner == resident
    assert not ResumeLink.objects.filter(draft=draft).exists()
    assert guests.get_draft(guest=ME, draft_id=draft.pk) is None
    (entry,) = entries("draft.adopted", draft)
    assert (entry.about, entry.actor_id) == (resident.pk, str(resident.pk))
    assert entry.data == {"files": 1, "questions_replaced": []}


def test_verified_values_win_and_what_was_typed_is_told() -> None:
    draft = begun()
    save(draft, "person", PERSON)
    adopted = adopt(draft, a_resident(), claims=claims())
    assert adopted.answers["name"] == "髙橋 𠮷子"
    assert seals.is_verified(adopted.provenance["name"])
    assert seals.broken(adopted.pk, adopted.answers, adopted.provenance) == []
    # Not verified: what was typed stays, as the resident's own word.
    assert adopted.answers["mail"] == "hanako@example.jp"
    assert "mail" not in adopted.provenance
    told = {one.question_id: (one.typed, one.now) for one in adoption.replaced_of(adopted)}
    assert told["name"] == ("山田　花子", "髙橋 𠮷子")
    assert sorted(told) == ["born", "name"]  # the address was the same
    assert adoption.replaced_of(adopted, "act") == []
    (entry,) = entries("draft.adopted", draft)
    assert entry.data["questions_replaced"] == ["born", "name"]
    assert "山田" not in str(entry.data)
    assert entries("draft.autofilled", draft)


def test_what_was_typed_is_forgotten_with_the_sending_or_deleting() -> None:
    for end in (drafts.close, lambda one: drafts.discard(draft=one, by=Actor.of(one.resident))):
        draft = begun()
        save(draft, "person", PERSON)
        adopted = adopt(draft, a_resident(), claims=claims())
        assert adopted.replaced
        end(adopted)
        adopted.refresh_from_db()
        assert adopted.replaced is None


def test_replaced_question_that_a_newer_form_has_not() -> None:
    draft = begun()
    save(draft, "person", PERSON)
    adopted = adopt(draft, a_resident(), claims=claims())
    adopted.replaced = {**(adopted.replaced or {}), "long_gone": "x"}
    assert [one.question_id for one in adoption.replaced_of(adopted)] == ["name", "born"]


def test_form_that_changed_meanwhile_is_brought_up_to_date_first() -> None:
    draft = begun()
    save(draft, "act", ACT)
    newer = everything_but(without("area", "reason"))
    adopted = adopt(draft, a_resident(), version=newer, claims=claims())
    assert adopted.version == newer
    assert "area" not in adopted.answers
    assert adopted.answers["name"] == "髙橋 𠮷子"


def test_resident_with_another_draft_has_to_choose() -> None:
    own = support.a_draft()
    draft = begun()
    with pytest.raises(AlreadyBegun) as two:
        adopt(draft, own.applicant)
    assert two.value.own == own
    draft.refresh_from_db()
    assert (draft.resident, draft.is_open) == (None, True)
    drafts.discard(draft=own, by=Actor.of(own.applicant))
    assert adopt(draft, own.applicant).resident == own.resident


def test_other_drafts_are_in_nobodys_way() -> None:
    support.a_draft()  # another resident's
    draft = begun()
    assert adopt(draft, a_resident()).is_open


def test_only_the_guest_and_only_once() -> None:
    draft, resident = begun(), a_resident()
    with pytest.raises(DraftClosed):
        adopt(draft, resident, guest=OTHER)
    adopt(draft, resident)
    with pytest.raises(DraftClosed):
        adopt(draft, a_resident("別の人"))
    draft.refresh_from_db()
    assert draft.resident == resident


def test_deleted_draft_is_not_taken_over() -> None:
    draft = begun()
    drafts.discard(draft=draft, by=GUEST)
    (entry,) = entries("draft.discarded", draft)
    assert (entry.about, entry.actor_kind) == (None, "guest")
    with pytest.raises(DraftClosed):
        adopt(draft, a_resident())


def test_value_that_looks_verified_is_not_believed_from_a_guest() -> None:
    draft = begun()
    save(draft, "person", PERSON | {"name": "x"})
    draft.provenance = {"name": {"verified": True, "source": "eid", "seal": "made up"}}
    draft.save()
    with pytest.raises(drafts.TamperedValue):
        drafts.review(draft)
    (entry,) = entries("draft.tampered", draft)
    assert (entry.about, entry.actor_kind) == (None, "guest")


# --- forgotten ----------------------------------------------------------------------------------
def _age(draft: Draft, days: float) -> None:
    Draft.objects.filter(pk=draft.pk).update(saved_at=timezone.now() - timedelta(days=days))


def test_expired_drafts_go_at_night_with_their_files(
    upload: Any, png: bytes, django_capture_on_commit_callbacks: Any
) -> None:
    old, young, taken = begun(), begun(subject="another"), begun(OTHER)
    save(old, "papers", {"agreed": "yes"}, plan=[upload(png)])
    (file,) = Attachment.objects.filter(draft=old)
    waiting = resumable.begin(draft=old, question_id="plan", name="a.png", size=9)
    resumable.append(waiting, offset=0, data=b"x")
    adopt(taken, a_resident(), guest=OTHER)
    _age(old, 7.1)
    _age(young, 6.9)
    _age(taken, 100)
    with django_capture_on_commit_callbacks(execute=True):
        chores.chores.get("forms.expired_guests")()
    assert set(Draft.objects.filter(pk__in=[old.pk, young.pk, taken.pk])) == {young, taken}
    assert not Attachment.objects.filter(pk=file.pk).exists()
    assert not PrivateStorage().exists(file.file.name)
    assert not Upload.objects.filter(pk=waiting.pk).exists()
    assert not PrivateStorage().exists(f"uploads/{waiting.pk.hex}")
    (entry,) = entries("draft.guest_expired", old)
    assert (entry.about, entry.actor_kind) == (None, "system")


@pytest.mark.parametrize(
    ("link", "kept"),
    [
        ({"expires_at": 1}, True),
        ({"expires_at": -1}, False),
        ({"expires_at": -1, "used_at": -1}, True),
        ({"expires_at": -9, "used_at": -8}, False),
    ],
)
def test_draft_whose_link_works_is_waited_for(link: dict[str, int], kept: bool) -> None:
    draft, now = begun(), timezone.now()
    times = {name: now + timedelta(days=days) for name, days in link.items()}
    ResumeLink.objects.create(draft=draft, token_hash="x", language="ja", **times)
    _age(draft, 8)
    guests.tidy()
    assert Draft.objects.filter(pk=draft.pk).exists() is kept


def test_deleted_drafts_leave_no_second_entry() -> None:
    draft = begun()
    drafts.discard(draft=draft, by=GUEST)
    _age(draft, 8)
    guests.tidy()
    assert not Draft.objects.filter(pk=draft.pk).exists()
    assert entries("draft.guest_expired", draft) == []


def test_words_of_a_closed_draft_are_translated_lazily() -> None:
    with translation.override("en"):
        assert "Choose which one" in str(AlreadyBegun(begun()))
