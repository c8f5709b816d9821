"""What a correction changed, answer by answer: before and now."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from cases.models import CorrectionRequest
from forms.display import FileRef, Row, StepRows

#: An answer's place: the question, and the field on its page, which names the entry of a group.
_Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """A corrected answer: what stood there and what stands there now."""

    label: str
    before: str
    after: str


def stood(
    now: Mapping[str, Any], request: CorrectionRequest, later: Sequence[CorrectionRequest]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The answers before and after a correction, with what `later` ones replaced put back."""
    after = dict(now)
    for newer in reversed(later):
        after.update(newer.replaced)
    return _given({**after, **request.replaced}), _given(after)


def _given(answers: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answers.items() if value is not None}


def between(
    before: Iterable[StepRows], after: Iterable[StepRows], questions: Collection[str]
) -> list[Change]:
    """Every answer to `questions` that reads differently, in groups entry by entry.

    Files are the same when their contents are, whatever they are called.
    """
    was, became = _by_place(before, questions), _by_place(after, questions)
    return [
        Change(
            (became.get(place) or was[place]).label,
            _words(was, place),
            _now(was.get(place), became, place),
        )
        for place in dict.fromkeys([*became, *was])
        if _value(was.get(place)) != _value(became.get(place))
    ]


def _by_place(steps: Iterable[StepRows], questions: Collection[str]) -> dict[_Place, Row]:
    return {
        (row.question_id, row.anchor): row
        for step in steps
        for row in step.rows
        if row.question_id in questions
    }


def _value(row: Row | None) -> Any:
    if row is None:
        return None
    return [file.sha256 or file.id for file in row.attachments] or row.hidden or row.text


def _words(rows: Mapping[_Place, Row], place: _Place) -> str:
    row = rows.get(place)
    if row is None:
        return ""
    return "\n".join(_file(each) for each in row.attachments) or row.text


def _now(was: Row | None, became: Mapping[_Place, Row], place: _Place) -> str:
    """As `_words`; of an answer that is hidden, that it is another one."""
    row = became.get(place)
    if was and row and was.hidden and row.hidden:
        return _("Changed, not shown")
    return _words(became, place)


def _file(file: FileRef) -> str:
    """Its name with the beginning of its check code, as beside every file."""
    return f"{file.filename} ({file.sha256[:8]})" if file.sha256 else file.filename
