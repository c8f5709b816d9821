"""Ask once: what a resident keeps is offered in the next form, by concept, when they say so."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.models import LedgerEntry
from common.actor import Actor
from forms import attachments, correcting, drafts, profile, versions
from forms.definitions import load
from forms.errors import DefinitionError
from forms.models import Attachment, Draft, ProfileFact
from identity.models import User
from tests.forms.support import a_resident, claims, posted

FIRST = """
key: first
title: First
steps:
  - id: all
    title: All
    questions:
      - {id: name, type: text, label: Name, concept: person.fullName}
      - {id: call, type: phone, label: Phone, concept: contact.phone, hint: With area code}
      - {id: own, type: text, label: Without a concept}
      - id: family
        type: group
        label: Household
        item_label: Person
        concept: household.members
        questions:
          - {id: who, type: text, label: Name, concept: person.fullName}
          - {id: born, type: date, label: Born, concept: person.dateOfBirth}
          - id: is
            type: choice
            label: Relation
            concept: household.relation
            choices: [{value: child, label: Child}, {value: spouse, label: Spouse}]
          - {id: works, type: text, label: Work, required: false}
      - {id: proof, type: file, label: Proof, concept: document.account, required: false}
      - {id: secret, type: text, label: Hidden, concept: organisation.name, show_when: own == "x"}
"""
SECOND = """
key: second
title: Second
steps:
  - id: all
    title: All
    questions:
      - {id: telephone, type: phone, label: Telephone, concept: contact.phone}
      - {id: phone_text, type: text, label: Long name, concept: organisation.name}
      - id: children
        type: group
        label: Children
        item_label: Child
        concept: household.children
        max: 2
        questions:
          - {id: child, type: text, label: Name, concept: person.fullName}
          - {id: born_on, type: date, label: Day, concept: person.dateOfBirth}
          - id: how
            type: choice
            label: How
            concept: household.relation
            choices: [{value: child, label: Child}, {value: adopted, label: Adopted}]
      - {id: bank_book, type: file, label: Bank book, concept: document.account, required: false}
"""
FAMILY = [
    {"who": "山田 翼", "born": "2020-05-01", "is": "child", "works": "school"},
    {"who": "山田 進", "born": "1988-01-31", "is": "spouse"},
    {"who": "山田 光", "born": "2023-02-03", "is": "child"},
]


def opened(source: str, resident: User, **options: Any) -> Draft:
    form = load(source)
    version = versions.publish(form)
    return drafts.open_draft(resident=resident, version=version, subject=form.key, **options)


def filled(resident: User, **answers: Any) -> Draft:
    draft = opened(FIRST, resident)
    draft.answers = {"name": "山田 花子", "call": "03-1234-5678", "family": FAMILY} | answers
    draft.save()
    return draft


def kept(resident: User, **answers: Any) -> None:
    profile.keep(filled(resident, **answers), by=Actor.of(resident))


def events(name: str) -> list[LedgerEntry]:
    return list(LedgerEntry.objects.filter(event=name))


def test_kept_by_concept_and_nothing_else(town: Any) -> None:
    resident = a_resident()
    draft = filled(resident, own="of this form only")
    assert profile.keepable(draft) == ["Name", "Phone", "Household"]
    profile.keep(draft, by=Actor.of(resident))
    facts = ProfileFact.objects.filter(resident=resident)
    assert {fact.concept for fact in facts} == {
        "person.fullName",
        "contact.phone",
        "household.members",
    }
    (entry,) = events("profile.kept")
    assert "山田" not in str(entry.data)
    assert entry.about == resident.pk


def test_verified_and_hidden_answers_are_not_kept(town: Any) -> None:
    resident = a_resident()
    draft = opened(FIRST, resident, claims=claims())
    draft.answers |= {"call": "03-1234-5678", "secret": "left over from before"}
    assert profile.keepable(draft) == ["Phone"]


def test_offered_in_another_form_and_filled_where_ticked(town: Any) -> None:
    resident = a_resident()
    kept(resident)
    draft = opened(SECOND, resident)
    offers = profile.offers(draft)
    assert [offer.label for offer in offers] == ["Telephone", "Children"]
    assert offers[0].lines == ["03-1234-5678"]
    assert drafts.fill_from_profile(draft, ["telephone"], by=Actor.of(resident)) == ["telephone"]
    draft.refresh_from_db()
    assert draft.answers == {"telephone": "03-1234-5678"}
    assert draft.provenance["telephone"]["source"] == "profile"
    assert draft.provenance["telephone"]["subject"] == "first"
    (entry,) = events("profile.used")
    assert entry.data == {"concepts": ["contact.phone"]}


def test_household_serves_a_form_that_asks_for_children(town: Any) -> None:
    """By concept, part by part; the spouse is no child, and two is the most here."""
    resident = a_resident()
    kept(resident)
    draft = opened(SECOND, resident)
    drafts.fill_from_profile(draft, ["children"], by=Actor.of(resident))
    assert draft.answers["children"] == [
        {"child": "山田 翼", "born_on": "2020-05-01", "how": "child"},
        {"child": "山田 光", "born_on": "2023-02-03", "how": "child"},
    ]


def test_what_is_answered_already_is_left_alone(town: Any) -> None:
    resident = a_resident()
    kept(resident)
    draft = opened(SECOND, resident)
    draft.answers = {"telephone": "090-1111-2222"}
    assert [offer.question_id for offer in profile.offers(draft)] == ["children"]
    assert drafts.fill_from_profile(draft, ["telephone"], by=Actor.of(resident)) == []
    assert draft.answers == {"telephone": "090-1111-2222"}


def test_own_words_are_offered_in_place_of_what_nobody_verified(town: Any) -> None:
    """The eID's telephone number is what somebody once wrote there."""
    resident = a_resident()
    kept(resident)
    unverified = {"contact.phone": {"value": "03-0000-0000", "source": "eid"}}
    draft = opened(SECOND, resident, claims=unverified)
    assert draft.answers["telephone"] == "03-0000-0000"
    assert "telephone" in [offer.question_id for offer in profile.offers(draft)]
    drafts.fill_from_profile(draft, ["telephone"], by=Actor.of(resident))
    assert draft.answers["telephone"] == "03-1234-5678"
    assert draft.provenance["telephone"]["source"] == "profile"


def test_what_does_not_fit_is_not_offered(town: Any) -> None:
    resident = a_resident()
    kept(resident)
    ProfileFact.objects.filter(concept="contact.phone").update(value="no telephone")
    assert [offer.question_id for offer in profile.offers(opened(SECOND, resident))] == ["children"]


def test_expired_facts_are_neither_offered_nor_shown_and_go_at_night(town: Any) -> None:
    resident = a_resident()
    kept(resident)
    ProfileFact.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert profile.offers(opened(SECOND, resident)) == []
    assert profile.facts_of(resident) == []
    profile.forget_expired()
    assert not ProfileFact.objects.exists()


def test_nobody_elses(town: Any, in_town: Any) -> None:
    kept(a_resident())
    other = a_resident("別の人")
    assert profile.offers(opened(SECOND, other)) == []
    fact = ProfileFact.objects.all()[0]
    assert profile.fact_of(other, fact.pk) is None
    with in_town("suginosawa"):
        assert not ProfileFact.objects.exists()


def test_newer_answers_replace_older_ones(town: Any) -> None:
    resident = a_resident()
    draft = filled(resident)
    profile.keep(draft, by=Actor.of(resident))
    draft.answers = draft.answers | {"call": "090-9999-8888"}
    profile.keep(draft, by=Actor.of(resident))
    assert ProfileFact.objects.get(concept="contact.phone").value == "090-9999-8888"


def test_file_is_copied_so_that_each_can_go_alone(town: Any, upload: Any, png: bytes) -> None:
    resident = a_resident()
    draft = filled(resident)
    node = draft.prepared.nodes["proof"]
    original = attachments.store(draft, node.question, upload(png))  # type: ignore[arg-type]
    draft.answers["proof"] = [str(original.pk)]
    profile.keep(draft, by=Actor.of(resident))
    second = opened(SECOND, resident)
    (offer,) = [offer for offer in profile.offers(second) if offer.question_id == "bank_book"]
    assert offer.lines == ["位置図.png"]
    drafts.fill_from_profile(second, ["bank_book"], by=Actor.of(resident))
    (twin_id,) = second.answers["bank_book"]
    twin = Attachment.objects.get(pk=twin_id)
    assert (twin.sha256, twin.draft_id) == (original.sha256, second.pk)
    assert twin.file.name != original.file.name
    with twin.file.open("rb") as copied, original.file.open("rb") as stored:
        assert copied.read() == stored.read()


def test_file_that_is_gone_is_asked_for_anew(town: Any, upload: Any, png: bytes) -> None:
    resident = a_resident()
    draft = filled(resident)
    original = attachments.store(draft, draft.prepared.nodes["proof"].question, upload(png))  # type: ignore[arg-type]
    draft.answers["proof"] = [str(original.pk)]
    profile.keep(draft, by=Actor.of(resident))
    original.file.delete(save=False)
    second = opened(SECOND, resident)
    assert drafts.fill_from_profile(second, ["bank_book"], by=Actor.of(resident)) == []
    assert "bank_book" not in second.answers


def test_changed_by_hand_is_said(town: Any) -> None:
    resident = a_resident()
    kept(resident)
    draft = opened(SECOND, resident)
    drafts.fill_from_profile(draft, ["telephone"], by=Actor.of(resident))
    for number in ("090-0000-1111", "090-0000-2222"):
        drafts.save_step(
            draft=draft, step_id="all", post=posted(telephone=number), by=Actor.of(resident)
        )
        assert draft.provenance["telephone"] == {"changed_from": "profile"}
    drafts.save_step(draft=draft, step_id="all", post=posted(telephone=""), by=Actor.of(resident))
    assert "telephone" not in draft.provenance


def test_concept_of_an_entry_needs_one_of_its_group() -> None:
    with pytest.raises(DefinitionError, match=r"family.*their group has a concept"):
        load(FIRST.replace("        concept: household.members\n", ""))


# --- Putting right ----------------------------------------------------------------------------


def fact(resident: User, concept: str) -> profile.Fact:
    return profile.Fact(ProfileFact.objects.get(resident=resident, concept=concept))


def test_page_asks_the_question_alone(town: Any) -> None:
    resident = a_resident()
    kept(resident)
    page = correcting.page_of(fact(resident, "contact.phone"), None)
    assert 'value="03-1234-5678"' in page.fields
    assert "With area code" not in page.fields
    assert not page.done


def test_right_answer_replaces_what_is_kept(town: Any) -> None:
    resident = a_resident()
    kept(resident)
    found = fact(resident, "contact.phone")
    page = correcting.page_of(found, posted(call="０９０ー１２３４ー５６７８"))
    assert page.done
    profile.correct(found, page.value, by=Actor.of(resident))
    assert fact(resident, "contact.phone").row.value == "090-1234-5678"
    assert len(events("profile.corrected")) == 1


@pytest.mark.parametrize("typed", ["", "not a number", "0" * 10_000, "\x00"])
def test_wrong_answer_is_shown_with_its_error(town: Any, typed: str) -> None:
    resident = a_resident()
    kept(resident)
    page = correcting.page_of(fact(resident, "contact.phone"), posted(call=typed))
    assert not page.done
    assert [link.anchor for link in page.errors] == ["f-call"]


def test_household_is_put_right_entry_by_entry(town: Any) -> None:
    resident = a_resident()
    kept(resident)
    found = fact(resident, "household.members")
    entries = {
        "family-n": "2",
        "family-0-who": "山田 翼", "family-0-is": "child",
        "family-0-born-year": "令和2", "family-0-born-month": "5", "family-0-born-day": "1",
        "family-1-who": "山田 進", "family-1-is": "spouse",
        "family-1-born-year": "1988", "family-1-born-month": "1", "family-1-born-day": "31",
    }  # fmt: skip
    page = correcting.page_of(found, posted(_do="remove:family:1", **entries))
    assert not page.done
    assert "山田 進" not in page.fields
    page = correcting.page_of(found, posted(**entries))
    assert page.done
    assert [entry["who"] for entry in page.value] == ["山田 翼", "山田 進"]


def test_deleted_is_gone(town: Any) -> None:
    resident = a_resident()
    kept(resident)
    profile.delete(fact(resident, "contact.phone"), by=Actor.of(resident))
    assert not ProfileFact.objects.filter(concept="contact.phone").exists()
    assert len(events("profile.deleted")) == 1
