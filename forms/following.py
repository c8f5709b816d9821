"""Drafts that follow something that was sent: its answers are there already, as far as they fit.

What was verified then is verified anew or not at all: an address may have changed since. Files are
copied, so that each application can be forgotten without the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction

from common.actor import Actor
from forms import attachments, carrying, display, drafts, sensitive
from forms.drafts import Claims, Follows
from forms.errors import FileRefused
from forms.models import Draft, FormVersion
from forms.questions import FileQuestion


@dataclass(frozen=True, slots=True)
class Earlier:
    """What was sent before: `label` names it for the applicant, `sent_at` is a moment (ISO 8601).

    `sources`: question of the new form → question of the old one whose answer comes along.
    `known`: answers that follow from the earlier matter itself.
    """

    label: str
    sent_at: str
    version: FormVersion
    answers: Mapping[str, Any]
    sources: Mapping[str, str]
    known: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def begin(
    *,
    resident: Any,
    version: FormVersion,
    subject: str,
    origin: UUID,
    kind: str,
    earlier: Earlier,
    representation: Any = None,
    claims: Claims | None = None,
    by: Actor | None = None,
) -> Draft:
    """The resident's open draft that follows `origin`, or a new one with what is carried over."""
    begun = drafts.open_after(resident=resident, subject=subject, origin=origin, kind=kind)
    if begun is not None:
        return begun
    answers = carried(earlier, version)
    came = {
        "source": display.EARLIER,
        "label": earlier.label,
        "asserted_at": earlier.sent_at,
        "verified": False,
    }
    draft = drafts.open_draft(
        resident=resident,
        version=version,
        subject=subject,
        claims=claims,
        representation=representation,
        by=by,
        follows=Follows(origin, kind, answers, dict.fromkeys(answers, came)),
    )
    _take_files(draft)
    return draft


def carried(earlier: Earlier, version: FormVersion) -> dict[str, Any]:
    """The answers of `earlier` that have a place in `version`. Pure but for the kinds of files."""
    old, new = earlier.version.prepared, version.prepared
    files = attachments.by_ids(attachments.referenced(old, earlier.answers))
    answers: dict[str, Any] = {}
    # Those were given for that application alone.
    given = sensitive.without(earlier.version.form.questions(), earlier.answers)
    for target, source in earlier.sources.items():
        if source not in given:
            continue
        kept, _lost = carrying.carry_answer(
            str(earlier.version.pk),
            old.nodes.get(source),
            new.nodes.get(target),
            target,
            given[source],
            files,
        )
        if kept is not None:
            answers[target] = kept
    answers |= {name: value for name, value in earlier.known.items() if name in new.nodes}
    return answers


def _take_files(draft: Draft) -> None:
    """Copies of the carried files, which are still those of the earlier application."""
    named = attachments.referenced(draft.prepared, draft.answers)
    originals = {
        key: item
        for key, item in attachments.by_ids(named).items()
        if item.draft_id != draft.pk and item.owner_id == draft.resident_id
    }
    if not originals:
        return
    questions = {
        node.id: node.question
        for node in draft.prepared.nodes.values()
        if isinstance(node.question, FileQuestion)
    }
    copies: dict[str, str | None] = dict.fromkeys(originals)
    for node in draft.prepared.nodes.values():
        if node.id not in questions:
            continue
        for value in node.values(draft.answers):
            for key in attachments.ids_in(value) & originals.keys():
                try:
                    twin = attachments.copy(originals[key], draft, questions[node.id])
                except (FileRefused, FileNotFoundError):
                    continue  # it does not fit any more, or is gone: it is asked for anew
                copies[key] = str(twin.pk)
    answers = {name: _renamed(value, copies) for name, value in draft.answers.items()}
    drafts.put(draft, {name: value for name, value in answers.items() if value != []})


def _renamed(value: Any, copies: Mapping[str, str | None]) -> Any:
    """`value` with the ids of the copies; a file without one is left out."""
    if isinstance(value, list):
        found = [_renamed(item, copies) for item in value]
        return [item for item in found if item is not None]
    if isinstance(value, dict):
        return {name: _renamed(item, copies) for name, item in value.items()}
    return copies.get(value, value) if isinstance(value, str) else value
