"""What a correction request may ask for, and what was typed for one.

Errors are named after the fields: ``question_ids``, ``message``, ``due_on``, and ``remark-`` with
the id of a question.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _

from cases.models import Case
from common.errors import InvalidInput
from forms.definitions import FormDefinition
from forms.state import evaluate

LONGEST_MESSAGE = 4_000
LONGEST_REMARK = 500
REMARK = "remark-"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the resident is asked, ready to be kept. `remarks` by question id."""

    question_ids: list[str]
    message: str
    remarks: dict[str, str]


def check(
    case: Case,
    question_ids: Collection[str],
    message: str,
    due_on: date | None,
    remarks: Mapping[str, str] | None = None,
) -> Asked:
    """What can be asked of this case, in the order of its form. Raises `InvalidInput`.

    A remark at a question that is not chosen is told and not taken as a choice: what was asked for
    cannot be taken back. So is a question that the form did not ask in this application.
    """
    version = case.application.version
    errors: dict[str, list[str]] = {}
    chosen = [name for name in version.form.questions_by_id if name in question_ids]
    not_asked = set(chosen) - evaluate(version.prepared, case.answers, case.received_on).visible
    if not chosen or len(chosen) != len(set(question_ids)):
        errors["question_ids"] = [_("Choose the questions that need a correction.")]
    elif not_asked:
        labels = [
            str(version.form.questions_by_id[name].label) for name in chosen if name in not_asked
        ]
        errors["question_ids"] = [
            _("Not asked in this application: %(questions)s.") % {"questions": ", ".join(labels)}
        ]
    kept, wrong = _remarks(version.form, chosen, remarks or {})
    if errors := {**errors, **wrong, **_wrong_words(message, due_on)}:
        raise InvalidInput(errors)
    return Asked(chosen, plain(message), kept)


def check_words(message: str, due_on: date | None) -> None:
    """What does not depend on a case. Raises `InvalidInput`."""
    if errors := _wrong_words(message, due_on):
        raise InvalidInput(errors)


def _wrong_words(message: str, due_on: date | None) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    if not plain(message):
        errors["message"] = [_("Write what has to be corrected.")]
    elif len(plain(message)) > LONGEST_MESSAGE:
        errors["message"] = [_too_long(LONGEST_MESSAGE)]
    if due_on is not None and due_on <= timezone.localdate():
        errors["due_on"] = [_("Choose a day that is still to come.")]
    return errors


def _remarks(
    form: FormDefinition, chosen: Collection[str], typed: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Those to be kept, and what is wrong with others. What names no question is not read."""
    kept: dict[str, str] = {}
    wrong: dict[str, list[str]] = {}
    for name in form.questions_by_id:
        text = plain(typed.get(name, ""))
        if not text:
            continue
        if len(text) > LONGEST_REMARK:
            wrong[f"{REMARK}{name}"] = [_too_long(LONGEST_REMARK)]
        elif name not in chosen:
            label = {"question": form.questions_by_id[name].label}
            wrong[f"{REMARK}{name}"] = [
                _("“%(question)s” has a remark: choose it, too, or empty the remark.") % label
            ]
        else:
            kept[name] = text
    return kept, wrong


def choices(form: FormDefinition) -> list[tuple[str, str]]:
    """Every question of a form that somebody answers: its id and label."""
    return [
        (question.id, str(question.label))
        for question in form.questions_by_id.values()
        if question.type != "computed"
    ]


def day(typed: str) -> date | None:
    """By when, as a field for a date has it; None when it was left empty. Raises `InvalidInput`."""
    if not typed.strip():
        return None
    try:
        return date.fromisoformat(typed.strip())
    except ValueError:
        raise InvalidInput({"due_on": [_("Write the day as 2026-04-30.")]}) from None


def plain(text: str) -> str:
    """Without what no database keeps, and without blanks around it."""
    return text.replace("\x00", "").replace("\r\n", "\n").strip()


def _too_long(most: int) -> str:
    return _("At most %(count)s characters.") % {"count": most}
