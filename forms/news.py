"""What a rebase did to a draft, in the words of its resident: shown until they have gone on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from forms import attachments, display, rebase
from forms.definitions import FormDefinition
from forms.display import Row
from forms.models import Attachment, Draft, FormVersion
from forms.rebase import NotKept
from forms.validation import is_uuid


@dataclass(frozen=True, slots=True)
class News:
    """``This form has changed since you last saved. 2 questions changed, …`` and the lists."""

    summary: str
    new: list[str]
    changed: list[str]
    gone: list[str]
    #: Old answers by the words of the old form.
    not_kept: list[Row]


def of_draft(draft: Draft) -> News | None:
    """What the resident has to be told; None: nothing. One query, two when files are concerned."""
    report = draft.rebased
    if report is None or not rebase.is_unread(draft):
        return None
    language = get_language() or "ja"
    lost = rebase.not_kept_of(draft)
    versions = _versions({report["from"], *(item.version for item in lost)})
    before = versions.get(report["from"])
    files = attachments.of_draft(draft) if any(_holds_files(item.value) for item in lost) else {}
    return News(
        summary=_summary(report, language),
        new=_labels(draft.form, report["new"], language),
        changed=_labels(draft.form, report["changed"], language),
        gone=_labels(before.form, report["gone"], language) if before else [],
        not_kept=list(_rows(lost, versions, language, files)),
    )


def _versions(ids: Iterable[str]) -> Mapping[str, FormVersion]:
    wanted = [UUID(item) for item in ids]
    return {str(found.pk): found for found in FormVersion.objects.filter(pk__in=wanted)}


def _holds_files(value: Any) -> bool:
    """Whether an id of a file may be in it."""
    if isinstance(value, list):
        return any(_holds_files(item) for item in value)
    if isinstance(value, dict):
        return any(_holds_files(item) for item in value.values())
    return is_uuid(value)


def _summary(report: Mapping[str, Any], language: str) -> str:
    parts = [
        ngettext("%(count)s question is new", "%(count)s questions are new", len(report["new"])),
        ngettext(
            "%(count)s question changed", "%(count)s questions changed", len(report["changed"])
        ),
        ngettext(
            "%(count)s question is not asked any more",
            "%(count)s questions are not asked any more",
            len(report["gone"]),
        ),
        ngettext(
            "%(count)s answer could not be kept",
            "%(count)s answers could not be kept",
            len(report["not_kept"]),
        ),
    ]
    counts = [len(report[name]) for name in ("new", "changed", "gone", "not_kept")]
    said = [part % {"count": count} for part, count in zip(parts, counts, strict=True) if count]
    first = _("This form has changed since you last saved.")
    if not said:
        return first
    if language == "ja":
        return f"{first}{'、'.join(said)}。"
    return f"{first} {', '.join(said)}."


def _labels(form: FormDefinition, question_ids: Iterable[str], language: str) -> list[str]:
    found = []
    for question_id in question_ids:
        try:
            found.append(form.question(question_id).label.in_language(language))
        except LookupError:  # it was there in a version between the two
            continue
    return found


def _rows(
    lost: Iterable[NotKept],
    versions: Mapping[str, FormVersion],
    language: str,
    files: Mapping[str, Attachment],
) -> Iterator[Row]:
    for item in lost:
        version = versions.get(item.version)
        if version is None:
            continue
        name = item.group_id or item.question_id
        value = item.value
        if item.typed:
            label = version.form.question(item.question_id).label.in_language(language)
            yield Row(name, label, str(value), entry=item.entry)
            continue
        if item.group_id:
            value = {item.question_id: value}
            if item.inner_id:
                value = {item.inner_id: [*[{}] * (item.inner_entry - 1), value]}
            value = [*[{}] * (item.entry - 1), value]
        found = display.rows(version.form, {name: value}, {}, language, files)
        if not found:  # no question of the old form either
            yield Row(name, name, str(value))
        for step in found:
            yield from step.rows
