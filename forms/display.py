"""Answers as people read them: for the check page, the case page, the application as PDF."""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from common.calendar import japanese_year, wareki
from forms import banks, sensitive
from forms.definitions import FormDefinition
from forms.entry_origins import of_entries
from forms.models import Attachment
from forms.people import Answered
from forms.questions import (
    ChoiceQuestion,
    ComputedQuestion,
    DeclarationQuestion,
    GroupQuestion,
    LocationQuestion,
    MultipleQuestion,
    NumberQuestion,
    Question,
    QuestionBase,
    YesNoQuestion,
)
from forms.seals import is_verified
from forms.state import State, is_empty

if TYPE_CHECKING:
    from forms.reasons import Why

#: The source of an answer that the resident had kept from an earlier application.
PROFILE = "profile"
REPRESENTATION = "representation"
#: Typed by a member of staff at the counter, or known from the paper that was shown there.
COUNTER = "counter"
#: Carried over from the application that this one follows (`forms.following`).
EARLIER = "earlier"
#: Filled in from a letter that the town had sent to the applicant (`forms.from_letter`).
LETTER = "letter"
#: Taken from other answers of the same form: who applies stands in the household (`forms.people`).
ANSWERS = "answers"
_SEPARATORS = {"ja": "、"}


@dataclass(frozen=True, slots=True)
class FileRef:
    """An attached file as it is shown; a view that authorises serves it by `id`."""

    id: str
    filename: str
    size: int = 0
    content_type: str = ""
    sha256: str = ""

    @property
    def is_image(self) -> bool:
        return self.content_type.startswith("image/")

    @property
    def size_text(self) -> str:
        return size_text(self.size)


@dataclass(frozen=True, slots=True)
class Row:
    """One answer. A group gives a row for each answer of each entry (`entry` counts from 1).

    In a group within a group `question_id` and `entry` are those of the outer one.
    """

    question_id: str
    label: str
    text: str
    provenance_label: str = ""
    attachments: list[FileRef] = field(default_factory=list)
    verified: bool = False
    entry: int = 0
    #: The field on the step's page (``#f-<anchor>``).
    anchor: str = ""
    empty: bool = False
    #: Why it was asked or how it was computed; filled in for staff by `forms.reasons`.
    why: tuple[Why, ...] = ()
    #: Of a sensitive answer: a name for what is stored, by which two can be told apart.
    hidden: str = ""
    #: Of a place: where it is on a map (``35.6812, 139.7671``), if that was said.
    coordinates: str = ""


@dataclass(frozen=True, slots=True)
class StepRows:
    """The answers of one step."""

    title: str
    rows: list[Row]
    step_id: str = ""
    #: Why the whole step was asked; as `Row.why`.
    why: tuple[Why, ...] = ()


def rows(
    form: FormDefinition,
    answers: Mapping[str, Any],
    provenance: Mapping[str, Any],
    language: str,
    files: Mapping[str, Attachment] | None = None,
    *,
    state: State | None = None,
) -> list[StepRows]:
    """Answers for display, step by step, in `language`.

    With `state` (a draft) questions that are asked but not answered are rows too; without it (an
    application) only what was answered. `files` are attachments by id (`attachments.by_ids`).
    """
    same = translation.get_language() == language
    context: AbstractContextManager[Any] = nullcontext() if same else translation.override(language)
    found = []
    asked = form.questions_by_id
    told = [
        (asked[name], value, provenance.get(name) or {})
        for name, value in answers.items()
        if name in asked
    ]
    with context:
        for step in form.steps:
            listed = [
                row
                for question in step.questions
                if (question.id in state.visible if state else question.id in answers)
                for row in _rows(question, told, answers, provenance, language, files or {}, state)
            ]
            if listed:
                found.append(StepRows(step.title.in_language(language), listed, step.id))
    return found


def _rows(
    question: Question,
    told: Answered,
    answers: Mapping[str, Any],
    provenance: Mapping[str, Any],
    language: str,
    files: Mapping[str, Attachment],
    state: State | None,
) -> Iterator[Row]:
    value = answers.get(question.id)
    if isinstance(question, GroupQuestion):
        origins = of_entries(question, value or [], provenance.get(question.id), told)
        yield from _entries(question, question.id, value or [], language, files, state, origins)
        return
    origin = provenance.get(question.id)
    yield Row(
        question.id,
        question.label.in_language(language),
        row_text(question, value, language),
        origin_label(origin),
        _files(value, files) if question.type == "file" else [],
        is_verified(origin),
        anchor=question.id,
        empty=is_empty(value),
        hidden=_hidden(question, value),
        coordinates=_coordinates(question, value),
    )


def _entries(
    group: GroupQuestion,
    name: str,
    items: list[Mapping[str, Any]],
    language: str,
    files: Mapping[str, Attachment],
    state: State | None,
    origins: Sequence[Mapping[str, Any]],
    around: tuple[str, ...] = (),
) -> Iterator[Row]:
    """Rows of a group asked as `name`; `around` names the entry that it is asked in."""
    top, *rest = name.split("-")
    first = int(rest[0]) + 1 if rest else 0
    if not items and state:
        label = in_entry(around, group.label.in_language(language), language)
        nothing = _("None entered")
        yield Row(top, label, nothing, entry=first, anchor=name, empty=True)
    for index, item in enumerate(items):
        asked = state.item_visible.get(name) if state else None
        here = (*around, f"{group.item_label.in_language(language)} {index + 1}")
        for question in group.questions:
            if question.id not in (asked[index] if asked else item):
                continue
            value, field_name = item.get(question.id), f"{name}-{index}-{question.id}"
            if isinstance(question, GroupQuestion):
                inner = value or []
                none: list[dict[str, Any]] = [{} for _item in inner]
                yield from _entries(question, field_name, inner, language, files, state, none, here)
                continue
            origin = origins[index].get(question.id)
            yield Row(
                top,
                in_entry(here, question.label.in_language(language), language),
                row_text(question, value, language),
                origin_label(origin),
                _files(value, files) if question.type == "file" else [],
                is_verified(origin),
                entry=first or index + 1,
                anchor=field_name,
                empty=is_empty(value),
                hidden=_hidden(question, value),
                coordinates=_coordinates(question, value),
            )


def _coordinates(question: QuestionBase, value: Any) -> str:
    return value.get("coordinates", "") if value and isinstance(question, LocationQuestion) else ""


def _hidden(question: QuestionBase, value: Any) -> str:
    return sensitive.reference(value) if value and sensitive.is_sensitive(question) else ""


def in_entry(entries: Iterable[str], label: str, language: str) -> str:
    """``Member 2, Income 1: Amount``: a question's label after the entries it is asked in."""
    place = _SEPARATORS.get(language, ", ").join(entries)
    return f"{place}: {label}" if place else label


def _files(value: Any, files: Mapping[str, Attachment]) -> list[FileRef]:
    found = []
    for item in value or []:
        known = files.get(item)
        found.append(
            FileRef(item, known.filename, known.size, known.content_type, known.sha256)
            if known
            else FileRef(item, _("File"))
        )
    return found


def size_text(size: int) -> str:
    """``340 kB``, ``7.9 MB``."""
    if size < 1024 * 1000:
        return f"{max(1, round(size / 1024))} kB"
    return f"{size / 1024 / 1024:.1f} MB"


def origin_label(origin: Mapping[str, Any] | None) -> str:
    """Where a value came from, in words; empty for what the resident typed."""
    if not origin:
        return ""
    if origin.get("source") == ANSWERS:
        return _("From your answers in this form. Please check, and add what is missing.")
    if origin.get("source") == LETTER:
        return _("From the letter of the town")
    if is_verified(origin):
        return _("Verified by eID")
    if origin.get("changed_from") == LETTER:
        return _("Changed by hand; the letter of the town says something else")
    if origin.get("changed_from") == "eid":
        return _("Changed by hand; the eID had filled in something else")
    if origin.get("changed_from") == COUNTER:
        return ""
    if origin.get("changed_from") == REPRESENTATION:
        return _("Changed by hand; for this person or organisation something else was known")
    if origin.get("changed_from"):
        return _("Changed by hand; an earlier application had filled in something else")
    if origin.get("source") == COUNTER:
        by = origin.get("by")
        if by:
            return _("Entered at the counter by %(name)s") % {"name": by}
        return _("Noted at the counter")
    if origin.get("source") == REPRESENTATION:
        return _("From whom you apply for, not verified")
    if origin.get("source") == EARLIER:
        return _("Carried over from %(number)s") % {"number": origin.get("label", "")}
    if origin.get("source") == PROFILE:
        return _("From an earlier application")
    return _("From your eID, not verified") if origin.get("source") == "eid" else ""


def row_text(question: QuestionBase, value: Any, language: str) -> str:
    """As `text_of`, and of a declaration what was declared, as the version that was sent has it."""
    words = text_of(question, value, language)
    if words and isinstance(question, DeclarationQuestion) and question.text:
        return f"{question.text.in_language(language)}\n{words}"
    return words


def text_of(question: QuestionBase, value: Any, language: str) -> str:
    """A value in words, in `language` (which is active). Empty when not answered."""
    if is_empty(value):
        return ""
    if sensitive.is_sensitive(question) or sensitive.is_sealed(value):
        return sensitive.mask()  # also where the form was another one
    kind = question.type  # type: ignore[attr-defined]
    if isinstance(question, ComputedQuestion):
        kind = question.result
    return _TEXTS.get(kind, _plain)(question, value, language)


def _plain(question: Any, value: Any, language: str) -> str:
    return str(value)


def _choice(question: ChoiceQuestion, value: Any, language: str) -> str:
    for option in question.choices:
        if option.value == value:
            return option.label.in_language(language)
    return str(value)


def _multiple(question: MultipleQuestion, value: Any, language: str) -> str:
    chosen = [o.label.in_language(language) for o in question.choices if o.value in value]
    return _SEPARATORS.get(language, ", ").join(chosen)


def _yes_no(question: Any, value: Any, language: str) -> str:
    own = None
    if isinstance(question, YesNoQuestion):
        own = question.yes_label if value else question.no_label
    if own:
        return own.in_language(language)
    return _("Yes") if value else _("No")


def _declared(question: Any, value: Any, language: str) -> str:
    return _("Declared")


def number_text(value: Any) -> str:
    """With thousands separators; decimals as given."""
    whole, point, rest = str(value).partition(".")
    return f"{int(whole):,}" + point + rest if whole.lstrip("-").isdigit() else str(value)


def _number(question: Any, value: Any, language: str) -> str:
    text = number_text(value)
    unit = question.unit if isinstance(question, NumberQuestion | ComputedQuestion) else None
    if not unit:
        return text
    return (
        f"{text}{unit.in_language(language)}"
        if language == "ja"
        else f"{text} {unit.in_language(language)}"
    )


def _money(question: Any, value: Any, language: str) -> str:
    return _("¥%(amount)s") % {"amount": f"{value:,}"}


def date_text(value: str, language: str) -> str:
    """``2026年（令和8年）4月1日`` in Japanese, ``1 April 2026`` in other languages."""
    try:
        day = dt.date.fromisoformat(value)
    except (ValueError, TypeError):
        return str(value)
    if language != "ja":
        return date_format(day, "j F Y")
    era, _year, rest = wareki(day).partition("年")
    return f"{day.year}年（{era}年）{rest}" if era != str(day.year) else wareki(day)


def era_text(value: str, language: str) -> str:
    """``令和8年（2026年）`` in Japanese, ``Reiwa 8 (2026)`` in other languages; "" before Meiji."""
    found = japanese_year(dt.date.fromisoformat(value))
    if found is None:
        return ""
    era, number = found
    year = era.first.year + number - 1
    if language != "ja":
        return f"{era.roman} {number} ({year})"
    return f"{era.name}{'元' if number == 1 else number}年（{year}年）"


def month_text(value: str, language: str) -> str:
    """``2026年4月（令和8年4月）`` in Japanese, ``April 2026`` in other languages."""
    try:
        first = dt.date.fromisoformat(f"{value}-01")
    except ValueError:
        return str(value)
    if language != "ja":
        return date_format(first, "F Y")
    # By the last day: the month in which an era begins is called by the new one.
    last = first.replace(day=monthrange(first.year, first.month)[1])
    era = wareki(last).partition("月")[0]
    plain = f"{first.year}年{first.month}月"
    return plain if f"{era}月" == plain else f"{plain}（{era}月）"


def _month(question: Any, value: Any, language: str) -> str:
    return month_text(value, language)


def _date(question: Any, value: Any, language: str) -> str:
    return date_text(value, language)


def _address(question: Any, value: Mapping[str, str], language: str) -> str:
    place = "".join(value.get(part) or "" for part in ("prefecture", "city", "streetAddress"))
    lines = [f"〒{value['postalCode']}" if value.get("postalCode") else "", place]
    return "\n".join(line for line in [*lines, value.get("building") or ""] if line)


def account_type_text(value: str) -> str:
    return {
        "ordinary": _("Ordinary account"),
        "current": _("Current account"),
        "savings": _("Savings account"),
    }.get(value, value)


def account_text(value: Mapping[str, str], language: str) -> str:
    """An account in lines; bank and branch with their names as the list has them today."""
    code, branch_code = value.get("bankCode") or "", value.get("branchCode") or ""
    bank, branch = banks.bank(code), banks.branch(code, branch_code)
    unlisted = banks.unlisted(value)
    return "\n".join(
        [
            _("Bank %(bank)s, branch %(branch)s")
            % {
                "bank": bank.named(language) if bank else code,
                "branch": branch.named(language) if branch else branch_code,
            },
            *([unlisted_text(unlisted, value, language)] if unlisted else []),
            f"{account_type_text(value.get('accountType', ''))} {value.get('number', '')}",
            value.get("holder", ""),
        ]
    )


def unlisted_text(part: str, account: Mapping[str, str], language: str) -> str:
    """Of a code that the list of banks does not have (`banks.unlisted`)."""
    words = (
        _("%(code)s is not in the list of banks of %(day)s.")
        if part == "bankCode"
        else _("%(code)s is not in the list of this bank's branches of %(day)s.")
    )
    day = date_text(banks.listed_on().isoformat(), language)
    return words % {"code": account[part], "day": day}


def _bank_account(question: Any, value: Mapping[str, str], language: str) -> str:
    return account_text(value, language)


def _period(question: Any, value: Mapping[str, str], language: str) -> str:
    days = [date_text(value[part], language) for part in ("start", "end") if value.get(part)]
    return (" ～ " if language == "ja" else " – ").join(days)


def _person(question: Any, value: Mapping[str, str], language: str) -> str:
    born = value.get("dateOfBirth")
    lines = [value.get("fullName"), value.get("fullNameKana")]
    lines.append(_("born %(day)s") % {"day": date_text(born, language)} if born else "")
    return "\n".join(line for line in lines if line)


def _location(question: Any, value: Mapping[str, str], language: str) -> str:
    return "\n".join(text for text in (value.get("description"), value.get("coordinates")) if text)


def _file(question: Any, value: Any, language: str) -> str:
    return ""  # the row's attachments say it


def _group(question: GroupQuestion, value: Any, language: str) -> str:
    """Entry after entry, in one line each."""
    return "\n".join(text for text in (entry_text(question, e, language) for e in value) if text)


def entry_text(question: GroupQuestion, entry: Mapping[str, Any], language: str) -> str:
    """The answers of one entry in one line, without their labels."""
    texts = (text_of(item, entry.get(item.id), language) for item in question.questions)
    words = [" / ".join(text.splitlines()) for text in texts if text]
    return _SEPARATORS.get(language, ", ").join(words)


_TEXTS: dict[str, Callable[[Any, Any, str], str]] = {
    "choice": _choice,
    "multiple": _multiple,
    "yes_no": _yes_no,
    "declaration": _declared,
    "number": _number,
    "money": _money,
    "date": _date,
    "month": _month,
    "address": _address,
    "bank_account": _bank_account,
    "period": _period,
    "person": _person,
    "location": _location,
    "file": _file,
    "group": _group,
}
