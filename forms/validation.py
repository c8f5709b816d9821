"""Whether answers are complete and right: at every step, on the check page, at submission."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from forms import normalise, sensitive
from forms.normalise import FIRST_DAY, LAST_DAY
from forms.parts import ACCOUNT_TYPES, COMPOSITES, Part, first_input
from forms.prepared import Node, Prepared, Within
from forms.questions import (
    ChoiceQuestion,
    FileQuestion,
    GroupQuestion,
    LongTextQuestion,
    MoneyQuestion,
    MultipleQuestion,
    NumberQuestion,
    Question,
    TextQuestion,
)
from forms.state import Answers, State, decide, is_empty
from rules import Rule, RuleFailed


@dataclass(frozen=True, slots=True)
class Cause:
    """The rule behind a message, the values it saw, and the entries that it is about."""

    rule: Rule
    values: Answers = field(repr=False)
    within: Within = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to put right: `field` is the input's name, and `#f-<field>` its anchor.

    `cause` is there when a rule of the form says so (`forms.reasons` tells why).
    """

    step_id: str
    question_id: str
    field: str
    message: str
    cause: Cause | None = None


def problems(
    prepared: Prepared,
    state: State,
    *,
    only: Collection[str] | None = None,
    skip: Collection[str] = (),
) -> list[Problem]:
    """What is missing or wrong in the questions that are asked (those in `only`, if given).

    `skip` holds field names that already have an error from reading.
    """
    found: list[Problem] = []
    for step in prepared.form.steps:
        for node in prepared.step_nodes[step.id]:
            if node.id not in state.visible or (only is not None and node.id not in only):
                continue
            found.extend(_of_question(node, node.id, state.values, state, skip))
    return found


def _of_question(
    node: Node,
    name: str,
    scope: Answers,
    state: State,
    skip: Collection[str],
    within: Within = (),
) -> Iterator[Problem]:
    """Of a question asked as `name`, and of the entries of a group, which see their own scope.

    Nothing is said of a question with a field in `skip`; of a group then only what its entries
    lack, since its own rules have not got every answer.
    """
    value = scope.get(node.id)
    if not any(field == name or field.startswith(f"{name}-") for field in skip):
        for place, message, rule in _messages(node, name, value, scope):
            cause = Cause(rule, scope, within) if rule else None
            yield Problem(node.step_id, node.top_id, place, message, cause)
    if not node.items:
        return
    unanswered = dict.fromkeys(item.id for item in node.items)
    asked = state.item_visible.get(name, [])
    for index, (entry, visible) in enumerate(zip(value or [], asked, strict=True)):
        inner, here = {**scope, **unanswered, **entry}, (*within, (node.id, index))
        for item in node.items:
            if item.id in visible:
                field_name = f"{name}-{index}-{item.id}"
                yield from _of_question(item, field_name, inner, state, skip, here)


def _messages(
    node: Node, name: str, value: Any, scope: Answers
) -> Iterator[tuple[str, str, Rule | None]]:
    """Of one question: field, message, and the rule that says so if one does."""
    if is_empty(value):
        if _is_required(node, scope):
            yield first_field(node.question, name), _missing(node.question), node.required
        return
    wrong = False
    for suffix, message in of_value(node.question, value):
        wrong = True
        yield f"{name}{suffix}" if suffix else first_field(node.question, name), message, None
    if wrong:
        return
    for rule, text in node.checks:
        try:
            if rule(scope) is False:
                yield first_field(node.question, name), str(text), rule
        except RuleFailed:
            decide(rule, scope, node.id)  # says so in the log
            yield first_field(node.question, name), _("This answer could not be checked."), None


def _is_required(node: Node, scope: Answers) -> bool:
    if node.compute:
        return False
    if node.required is not None:
        return decide(node.required, scope, node.id) is True
    return node.question.required


def first_field(question: Question, name: str) -> str:
    """The input that a link to the question should focus."""
    first = first_input(question.type) if question.type in COMPOSITES else ""
    boxes = getattr(question, "input", "") == "fields" or question.type == "month"
    if question.type in {"date", "month"} and boxes:
        first = "-year"
    return name + first


def _missing(question: Question) -> str:
    kind = question.type
    if kind in {"choice", "multiple", "yes_no"}:
        return _("Choose an answer.")
    if kind == "file":
        return _("Attach a file.")
    if kind == "declaration":
        return _("Tick the box if you agree.")
    if kind == "group":
        return _("Add at least one entry.")
    if kind == "date":
        return _("Enter the date.")
    if kind == "month":
        return _("Enter the month.")
    return _("Fill this in.")


def of_value(question: Question, value: Any) -> Iterator[tuple[str, str]]:
    """Whether a value fits its type and limits: pairs of (field suffix, message)."""
    yield from _CHECKS[question.type](question, value)


def _not_readable() -> tuple[str, str]:
    return "", _("This answer cannot be read. Please give it again.")


def _text(question: Any, value: Any) -> Iterator[tuple[str, str]]:
    if sensitive.is_sensitive(question):
        try:
            value = sensitive.opened(value)
        except sensitive.CannotOpen:
            value = None
    if not isinstance(value, str):
        yield _not_readable()
        return
    if isinstance(question, TextQuestion | LongTextQuestion) and len(value) > question.max_length:
        yield (
            "",
            _("Use at most %(most)s characters; there are %(count)s now.")
            % {
                "most": question.max_length,
                "count": len(value),
            },
        )
    if isinstance(question, TextQuestion) and len(value) < question.min_length:
        yield "", _("Use at least %(least)s characters.") % {"least": question.min_length}
    if isinstance(question, TextQuestion) and question.format == "individual_number":
        try:
            normalise.individual_number(value)
        except normalise.Unreadable as wrong:
            yield "", str(wrong)


def _email(question: Any, value: Any) -> Iterator[tuple[str, str]]:
    try:
        validate_email(value)
    except (ValidationError, TypeError):
        yield "", _("Write an e-mail address, for example hanako@example.jp.")


def _choice(question: ChoiceQuestion, value: Any) -> Iterator[tuple[str, str]]:
    if value not in [option.value for option in question.choices]:
        yield "", _("Choose one of the options.")


def _multiple(question: MultipleQuestion, value: Any) -> Iterator[tuple[str, str]]:
    options = {option.value for option in question.choices}
    if not isinstance(value, list) or not all(isinstance(v, str) and v in options for v in value):
        yield "", _("Choose from the options.")
    elif len(value) < question.min:
        yield "", _("Choose at least %(least)s.") % {"least": question.min}
    elif len(value) > question.max:
        yield "", _("Choose at most %(most)s.") % {"most": question.max}


def _yes_no(question: Any, value: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(value, bool):
        yield "", _("Choose one of the options.")


def _declaration(question: Any, value: Any) -> Iterator[tuple[str, str]]:
    if value is not True:
        yield "", _("Tick the box if you agree.")


def _number(question: NumberQuestion | MoneyQuestion, value: Any) -> Iterator[tuple[str, str]]:
    whole = isinstance(question, MoneyQuestion) or question.decimals == 0
    try:
        if isinstance(value, bool) or (whole and not isinstance(value, int)):
            raise TypeError
        number = Decimal(value)
    except (InvalidOperation, TypeError, ValueError):
        yield _not_readable()
        return
    if question.min is not None and number < question.min:
        yield "", _("This must be %(least)s or more.") % {"least": f"{question.min:,}"}
    if question.max is not None and number > question.max:
        yield "", _("This must be %(most)s or less.") % {"most": f"{question.max:,}"}


def _date(question: Any, value: Any) -> Iterator[tuple[str, str]]:
    try:
        if not FIRST_DAY <= dt.date.fromisoformat(value) <= LAST_DAY:
            yield "", _("This day does not exist in the calendar.")
    except (ValueError, TypeError):
        yield _not_readable()


def _month(question: Any, value: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}", value):
        yield _not_readable()
        return
    yield from _date(question, f"{value}-28")


def _phone(question: Any, value: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(value, str) or not re.fullmatch(r"\+?[0-9-]{9,22}", value):
        yield "", _("Write a telephone number with its area code, for example 03-1234-5678.")


def _composite(question: Any, value: Any) -> Iterator[tuple[str, str]]:
    parts = COMPOSITES[question.type]
    if not _has_parts(value, {part.name for part in parts}):
        yield _not_readable()
        return
    wrong = False
    for part in parts:
        message = _of_part(part, value.get(part.name) or "")
        if message:
            wrong = True
            suffix = "-year" if part.kind == "date" else ""
            yield f"-{part.name}{suffix}", message
    if wrong:
        return
    if question.type == "period" and value["end"] < value["start"]:
        yield "-end-year", _("The last day must be the first day or later.")
    if question.type == "bank_account":
        yield from _account(value)
    if question.type == "person" and value["dateOfBirth"] > timezone.localdate().isoformat():
        yield "-dateOfBirth-year", _("A date of birth cannot be in the future.")


def _account(value: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Numbers and names that no account has, whatever the codes."""
    if not value["number"].strip("0"):
        yield "-number", _("This is no account number. Please look in the bank book.")
    if not re.search("[ァ-ヺ]", value["holder"]):
        yield "-holder", _("Write the account holder's name in katakana, as in the bank book.")


def _of_part(part: Part, value: str) -> str:
    """What is wrong with one part; empty when nothing is."""
    if part.kind == "digits" and not re.fullmatch(rf"[0-9]{{{part.length}}}", value):
        words = ngettext("Write %(length)s digit.", "Write %(length)s digits.", part.length)
        return words % {"length": part.length}
    if part.kind == "account_type" and value not in ACCOUNT_TYPES:
        return _("Choose one of the options.")
    if not value:
        if not part.required:
            return ""
        return str(part.missing) or (
            _("Enter the date.") if part.kind == "date" else _("Fill this in.")
        )
    if part.kind == "date":
        return next((message for _suffix, message in _date(None, value)), "")
    if len(value) > part.length:
        return str(part.missing) or _("Use at most %(most)s characters.") % {"most": part.length}
    return ""


def _has_parts(value: Any, parts: Collection[str]) -> bool:
    return isinstance(value, Mapping) and all(
        key in parts and isinstance(text, str) for key, text in value.items()
    )


def _file(question: FileQuestion, value: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(value, list) or not all(is_uuid(item) for item in value):
        yield _not_readable()
    elif len(value) > question.max_files:
        yield "", too_many_files(question.max_files)


def too_many_files(most: int) -> str:
    return ngettext(
        "Attach %(most)s file; remove the others.", "Attach at most %(most)s files.", most
    ) % {"most": most}


def is_uuid(value: Any) -> bool:
    """Whether `value` is a UUID in its usual text form."""
    try:
        return str(UUID(value)) == value
    except (ValueError, TypeError, AttributeError):
        return False


def _group(question: GroupQuestion, value: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        yield _not_readable()
    elif len(value) < question.min:
        yield "", _("Add at least %(least)s.") % {"least": question.min}
    elif len(value) > question.max:
        yield "", _("There can be at most %(most)s.") % {"most": question.max}


def _computed(question: Any, value: Any) -> Iterator[tuple[str, str]]:
    return iter(())


_CHECKS: dict[str, Callable[[Any, Any], Iterator[tuple[str, str]]]] = {
    "text": _text,
    "long_text": _text,
    "choice": _choice,
    "multiple": _multiple,
    "yes_no": _yes_no,
    "declaration": _declaration,
    "number": _number,
    "money": _number,
    "date": _date,
    "month": _month,
    "email": _email,
    "phone": _phone,
    "file": _file,
    "group": _group,
    "computed": _computed,
    **dict.fromkeys(COMPOSITES, _composite),
}
