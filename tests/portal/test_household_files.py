"""A kept household brings the papers of its people along, as copies, where the resident says so."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from audit.models import LedgerEntry
from common.actor import Actor
from forms import attachments, drafts, profile, versions
from forms.definitions import load
from forms.models import Attachment, Draft, ProfileFact
from identity.models import User
from tests.factories import people
from tests.forms.test_entry_files import picture
from tests.portal import steps

FIRST = """
key: first
title: First
steps:
  - id: all
    title: All
    questions:
      - id: family
        type: household
        label: Household
        members: {name: who, relation: is}
        questions:
          - {id: card, type: file, label: Card, concept: document.insurance, max_files: 2}
          - id: jobs
            type: group
            label: Work
            item_label: Work
            concept: household.work
            required: false
            min: 0
            max: 3
            questions:
              - {id: at, type: text, label: Where, concept: household.workplace}
              - {id: payslip, type: file, label: Payslip, concept: document.payslip}
"""
SECOND = """
key: second
title: Second
steps:
  - id: all
    title: All
    questions:
      - id: people
        type: household
        label: People
        members: {name: called, relation: relation}
        questions:
          - {id: insurance, type: file, label: Insurance, concept: document.insurance}
          - id: works
            type: group
            label: Works
            item_label: Work
            concept: household.work
            required: false
            min: 0
            max: 3
            questions:
              - {id: place, type: text, label: Place, concept: household.workplace}
              - {id: slip, type: file, label: Slip, concept: document.payslip, accept: [image]}
"""


def opened(source: str, resident: User) -> Draft:
    form = load(source)
    return drafts.open_draft(resident=resident, version=versions.publish(form), subject=form.key)


def stored(draft: Draft, question: str, name: str, shade: int) -> str:
    upload = SimpleUploadedFile(name, picture(shade), "image/jpeg")
    asked: Any = draft.prepared.nodes[question].question
    return str(attachments.store(draft, asked, upload).pk)


@pytest.fixture
def first(town: Any, resident: User) -> Draft:
    """Two people; the first with two cards and a payslip."""
    draft = opened(FIRST, resident)
    cards = [stored(draft, "card", "保険証.jpg", 1), stored(draft, "card", "裏.jpg", 2)]
    draft.answers = {
        "family": [
            {
                "who": "空",
                "is": "child",
                "card": cards,
                "jobs": [{"at": "店", "payslip": [stored(draft, "payslip", "明細.jpg", 3)]}],
            },
            {"who": "海", "is": "spouse", "card": [stored(draft, "card", "海.jpg", 4)]},
        ]
    }
    draft.save()
    profile.keep(draft, by=Actor.of(resident))
    return draft


def test_papers_come_along_where_it_is_ticked(
    browser: Client, resident: User, first: Draft
) -> None:
    second = opened(SECOND, resident)
    url = reverse("portal:reuse", args=[second.pk])
    offered = browser.get(url).content.decode()
    assert "保険証.jpg" in offered
    assert not Attachment.objects.filter(draft=second).exists()
    browser.post(url, {"use": ["people"]})
    second.refresh_from_db()
    one, other = second.answers["people"]
    files = {str(file.pk): file for file in Attachment.objects.filter(draft=second)}
    # At most one here; the originals stay, each has a copy with the same hash.
    assert [files[item].filename for item in one["insurance"]] == ["保険証.jpg"]
    assert [files[item].filename for item in one["works"][0]["slip"]] == ["明細.jpg"]
    assert [files[item].filename for item in other["insurance"]] == ["海.jpg"]
    assert (one["called"], one["works"][0]["place"]) == ("空", "店")
    original = Attachment.objects.get(draft=first, filename="明細.jpg")
    (copy,) = [file for file in files.values() if file.filename == "明細.jpg"]
    assert copy.sha256 == original.sha256
    assert copy.file.name != original.file.name
    assert second.provenance["people"]["source"] == "profile"
    assert second.provenance["people"]["subject"] == "first"
    page = browser.get(steps.step_url(second, "all")).content.decode()
    assert copy.sha256[:8] in page
    # The draft's own: removing it there touches nothing else.
    browser.post(steps.step_url(second, "all"), {"_do": f"remove-file:{copy.pk}", "people-n": "2"})
    assert Attachment.objects.filter(pk=original.pk).exists()


def test_nothing_is_copied_without_consent(browser: Client, resident: User, first: Draft) -> None:
    second = opened(SECOND, resident)
    assert browser.post(reverse("portal:reuse", args=[second.pk]), {}).status_code == 422
    second.refresh_from_db()
    assert second.answers == {}
    assert not Attachment.objects.filter(draft=second).exists()
    assert not LedgerEntry.objects.filter(event="profile.used").exists()


def test_what_is_gone_or_somebody_elses_is_asked_anew(resident: User, first: Draft) -> None:
    gone = Attachment.objects.get(draft=first, filename="海.jpg")
    gone.file.delete(save=False)
    Attachment.objects.filter(draft=first, filename="明細.jpg").update(
        owner=people.resident(name="別の 人")
    )
    second = opened(SECOND, resident)
    drafts.fill_from_profile(second, ["people"], by=Actor.of(resident))
    one, other = second.answers["people"]
    assert "insurance" in one
    assert one["works"] == [{"place": "店"}]
    assert other == {"called": "海", "relation": "spouse"}


def test_a_full_draft_takes_no_more(
    resident: User, first: Draft, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachments, "MOST_PER_DRAFT", 2)
    second = opened(SECOND, resident)
    drafts.fill_from_profile(second, ["people"], by=Actor.of(resident))
    assert Attachment.objects.filter(draft=second).count() == 2
    assert [entry["called"] for entry in second.answers["people"]] == ["空", "海"]


def test_seen_put_right_and_deleted_in_my_data(
    browser: Client, resident: User, first: Draft
) -> None:
    shown = browser.get(reverse("portal:my_data")).content.decode()
    for name in ("保険証.jpg", "裏.jpg", "明細.jpg", "海.jpg"):
        assert name in shown
    fact = ProfileFact.objects.get(resident=resident, concept="household.members")
    url = reverse("portal:profile_change", args=[fact.pk])
    page = BeautifulSoup(browser.get(url).content, "html.parser")
    assert "保険証.jpg" in page.text
    assert not page.select('input[type="file"]')  # attached with an application, not here
    fields: dict[str, Any] = {}
    for box in page.select('form[enctype] input[name]:not([type="radio"])'):
        fields.setdefault(str(box["name"]), []).append(str(box.get("value") or ""))
    for name, value in (("family-0-is", "child"), ("family-1-is", "spouse")):
        fields[name] = [value]
    back = str(Attachment.objects.get(draft=first, filename="裏.jpg").pk)
    fields["family-0-card-kept"].remove(back)
    taken_off = fields | {"_do": f"remove-file:{back}"}
    assert "裏.jpg" not in browser.post(url, taken_off).content.decode()
    changed = browser.post(url, fields | {"family-0-who": "翼"})
    assert changed.status_code == 302, changed.content.decode()
    fact.refresh_from_db()
    assert fact.value[0]["who"] == "翼"
    assert len(fact.value[0]["jobs"][0]["payslip"]) == 1
    assert "_row" not in str(fact.value)
    browser.post(reverse("portal:profile_delete", args=[fact.pk]))
    assert "保険証.jpg" not in browser.get(reverse("portal:my_data")).content.decode()
    # The application that was sent keeps what it had.
    assert Attachment.objects.filter(draft=first).count() == 4
