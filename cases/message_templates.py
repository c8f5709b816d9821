"""Texts that a department keeps for what it writes again and again, beside the service's own.

A text names fields in braces (`documents.merging`); picked, it is put into the field to be edited.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from audit import ledger
from cases import letters
from cases.models import Case, MessageTemplate
from catalogue import letter_fields
from common import kept
from common.actor import Actor
from common.database import connection
from common.errors import InvalidInput, NotAllowed
from common.text import Text
from documents import merging
from identity.models import Department, User
from identity.roles import Role, has_role

Purpose = MessageTemplate.Purpose
LONGEST_NAME = 80
LONGEST_TEXT = 4_000
LANGUAGES = [code for code, _name in settings.LANGUAGES]
#: They become part of a letter, which is in Japanese.
_OF_LETTERS = frozenset({Purpose.GROUNDS, Purpose.CONDITIONS})


@dataclass(frozen=True, slots=True)
class Prepared:
    """A text to pick. `missing`: the resident's language in words, when it is not written in it."""

    key: str
    name: str
    text: str
    missing: str = ""

    @property
    def label(self) -> str:
        """Its name in a list, with what is missing."""
        if not self.missing:
            return self.name
        return _("%(name)s (no text in %(language)s)") % {
            "name": self.name,
            "language": self.missing,
        }


def of_town() -> list[MessageTemplate]:
    """Every department's own. A process keeps them for a moment."""
    found: list[MessageTemplate] = kept.for_a_moment(
        "cases.message_templates",
        lambda: list(MessageTemplate.objects.select_related("department")),
    )
    return found


def for_case(case: Case, purpose: str) -> list[Prepared]:
    """What can be picked for a case, fields filled in: the service's own first."""
    language = letters.LANGUAGE if purpose in _OF_LETTERS else case.application.language
    service = case.offering.template.service
    standard = {
        Purpose.MESSAGE: service.standard_messages,
        Purpose.CORRECTION: service.standard_corrections,
    }.get(Purpose(purpose), ())
    texts: list[tuple[str, str, Text]] = [
        (f"standard-{number}", str(each.name), each.text) for number, each in enumerate(standard)
    ]
    texts += [
        (str(row.pk), row.name, row.texts)
        for row in of_town()
        if row.department_id == case.department_id and row.purpose == purpose
    ]
    if not texts:
        return []
    values = _values(case, language)
    return [
        Prepared(
            key,
            name,
            merging.merge(text.in_language(language), values),
            "" if dict(text).get(language) else _language_name(language),
        )
        for key, name, text in texts
    ]


def put_in(case: Case, purpose: str, key: str, written: str) -> str:
    """What was written, with the picked text after it; unchanged when none was picked."""
    found = next((each.text for each in for_case(case, purpose) if each.key == key), "")
    return "\n".join(part for part in (written.rstrip(), found) if part)


def _language_name(code: str) -> str:
    try:
        return str(get_language_info(code)["name_translated"])
    except KeyError:
        return code


def _values(case: Case, language: str) -> dict[str, str]:
    with translation.override(language):
        return {
            "receipt_number": case.application.receipt_number,
            "service": case.offering.title.in_language(language),
            "received_on": date_format(case.received_on, "DATE_FORMAT"),
            "due_on": date_format(case.due_on, "DATE_FORMAT") if case.due_on else "",
            "applicant_name": case.applicant_name,
            "office_name": case.department.name.in_language(language),
            "town": str(connection.tenant.name),
        }


# --- Keeping them ---------------------------------------------------------------------------------


def departments_of(user: User) -> list[Department]:
    """The departments whose texts the user keeps: those that they lead."""
    return [each for each in Department.objects.all() if has_role(user, Role.LEAD, each.key)]


def get(template_id: Any, user: User) -> MessageTemplate | None:
    """A text of a department that the user leads."""
    found = MessageTemplate.objects.select_related("department").filter(pk=template_id).first()
    return found if found and has_role(user, Role.LEAD, found.department.key) else None


@transaction.atomic
def keep(
    *,
    template: MessageTemplate,
    name: str,
    purpose: str,
    texts: Mapping[str, str],
    by: User,
) -> MessageTemplate:
    """Save a text, new or changed (`template` names its department). `NotAllowed`, `InvalidInput`.

    Errors are named `name`, `purpose` and ``text-<language>``.
    """
    _check_lead(template, by)
    name = " ".join(name.split())
    written = {code: texts.get(code, "").replace("\r\n", "\n").strip() for code in LANGUAGES}
    errors = _errors(template, name, purpose, written)
    if errors:
        raise InvalidInput(errors)
    template.name, template.purpose = name, purpose
    template.texts = Text({code: text for code, text in written.items() if text})
    template.changed_by, template.changed_at = by, timezone.now()
    template.save()
    _record(template, by, "message_template.kept")
    return template


@transaction.atomic
def remove(*, template: MessageTemplate, by: User) -> None:
    """Take a text away; what was written with it stays as it is. Raises `NotAllowed`."""
    _check_lead(template, by)
    _record(template, by, "message_template.removed")
    template.delete()


def _check_lead(template: MessageTemplate, by: User) -> None:
    if not has_role(by, Role.LEAD, template.department.key):
        raise NotAllowed(_("This is for the leads of the department."), code="role")


def _errors(
    template: MessageTemplate, name: str, purpose: str, written: Mapping[str, str]
) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    if not name:
        errors["name"] = [_("Write a name by which colleagues find it.")]
    elif len(name) > LONGEST_NAME:
        errors["name"] = [_("Use at most %(most)s characters.") % {"most": LONGEST_NAME}]
    if purpose not in Purpose.values:
        errors["purpose"] = [_("Choose what it is for.")]
    same = MessageTemplate.objects.filter(
        department=template.department_id, purpose=purpose, name=name
    )
    if same.exclude(pk=template.pk).exists():
        errors["name"] = [_("There is a text of this name already.")]
    for code, text in written.items():
        problems = [each.message for each in merging.problems(text, letter_fields.OF_A_MESSAGE)]
        if len(text) > LONGEST_TEXT:
            problems.append(_("Use at most %(most)s characters.") % {"most": LONGEST_TEXT})
        if problems:
            errors[f"text-{code}"] = problems
    if not any(written.values()):
        errors[f"text-{LANGUAGES[0]}"] = [_("Write the text in one language at least.")]
    return errors


def _record(template: MessageTemplate, by: User, event: str) -> None:
    ledger.record(
        event=event,
        by=Actor.of(by),
        object_kind="message_template",
        object_id=str(template.pk),
        data={"department": template.department.key, "purpose": template.purpose},
    )
    transaction.on_commit(kept.forget)
