"""Refusing a part: what of an application can be refused by itself, and what is left of it.

A service declares it (``partial`` in ``service.yaml``): the entries of a group (children), the
choices of a question (acts), or the days from one date to another.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _

from cases.models import Case, Decision
from catalogue.fees import Fee
from catalogue.queries import fee_of
from common.calendar import wareki
from common.errors import InvalidInput
from common.text import Text
from forms import display
from forms.state import evaluate
from notifications.notice import LANGUAGES

#: More days than that are not offered one by one.
MOST_DAYS = 100


@dataclass(frozen=True, slots=True)
class Part:
    """Something that can be refused by itself; `key` is what the form posts."""

    key: str
    label: Text


def parts_of(case: Case) -> list[Part]:
    """What can be refused of this application; empty where the service declares nothing or there is
    only one."""
    rule = case.offering.template.service.partial
    if rule is None:
        return []
    if rule.first:
        found = [Part(day.isoformat(), _day(day)) for day in _days(case)]
    else:
        found = _entries(case, rule.question)
    return found if len(found) > 1 else []


def _days(case: Case) -> list[date]:
    rule = case.offering.template.service.partial
    if rule is None:
        return []
    first, last = (case.answers.get(name) for name in (rule.first, rule.last))
    if not first or not last:
        return []
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    count = (end - begin).days + 1
    return [begin + timedelta(days=n) for n in range(count)] if count <= MOST_DAYS else []


def _day(day: date) -> Text:
    return Text({"ja": wareki(day), "en": f"{day:%-d %B %Y}"})


def _entries(case: Case, question_id: str) -> list[Part]:
    form = case.application.version.form
    question = form.questions_by_id.get(question_id)
    value = case.answers.get(question_id)
    if question is None or not isinstance(value, list):
        return []
    if question.type == "multiple":
        return [
            Part(choice.value, choice.label) for choice in question.choices if choice.value in value
        ]
    words: dict[int, dict[str, str]] = {}
    for language in LANGUAGES:
        for step in display.rows(form, {question_id: value}, {}, language):
            for row in step.rows:
                words.setdefault(row.entry, {}).setdefault(language, f"{row.entry}. {row.text}")
    return [Part(str(entry), Text(words[entry])) for entry in sorted(words)]


def check(case: Case, refused: Mapping[str, str]) -> list[dict[str, Any]]:
    """What is refused, ready to be kept with the decision: ``{key: grounds}`` by `Part.key`.

    Raises `InvalidInput`: a part without grounds, all of them, or days with a gap left over.
    """
    if not refused:
        return []
    parts = {part.key: part for part in parts_of(case)}
    if refused.keys() - parts.keys():
        raise InvalidInput({"parts": [_("Choose what is refused from the list.")]})
    if refused.keys() == parts.keys():
        raise InvalidInput({"parts": [_("That is everything. Refuse the whole application then.")]})
    if any(not grounds.strip() for grounds in refused.values()):
        raise InvalidInput({"part_grounds": [_("A refusal needs its reason in words.")]})
    _left(case, refused.keys())
    return [
        {"key": key, "label": parts[key].label.as_dict(), "grounds": refused[key].strip()}
        for key in parts
        if key in refused
    ]


def _left(case: Case, refused: Collection[str]) -> dict[str, Any]:
    """The answers without what is refused; computed ones are worked out anew."""
    rule = case.offering.template.service.partial
    if rule is None or not refused:
        return case.answers
    answers = dict(case.answers)
    if rule.first:
        days = [day for day in _days(case) if day.isoformat() not in refused]
        if (days[-1] - days[0]).days + 1 != len(days):
            raise InvalidInput({"parts": [_("The days that are granted must follow one another.")]})
        answers |= {rule.first: days[0].isoformat(), rule.last: days[-1].isoformat()}
    elif isinstance(answers[rule.question][0], dict):
        answers[rule.question] = [
            entry
            for number, entry in enumerate(answers[rule.question], 1)
            if str(number) not in refused
        ]
    else:
        answers[rule.question] = [one for one in answers[rule.question] if one not in refused]
    decided_for = case.received_on
    return evaluate(case.application.version.prepared, answers, decided_for).answers()


def granted(decision: Decision) -> dict[str, Any]:
    """The answers that an approval grants: all of them, but for what was refused of it."""
    return _left(decision.case, [part["key"] for part in decision.refused_parts])


def fee_for(case: Case, refused_parts: list[dict[str, Any]]) -> Fee:
    """The fee for what is granted: as computed when it was sent, unless a part was refused."""
    if not refused_parts:
        return case.application.computed_fee
    answers = _left(case, [part["key"] for part in refused_parts])
    sent = case.application
    return fee_of(case.offering, sent.version.form, answers, sent.fee_terms)
