"""A comparison of two versions as people read it: by step, each difference named in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django.utils.translation import get_language_info

from forms.comparison import Change, Detail, compare, name_of
from forms.definitions import FormDefinition


@dataclass(frozen=True, slots=True)
class Line:
    """A change of a list: each detail with its name and, for a text, its language, in words."""

    change: Change
    details: Sequence[tuple[str, str, Detail]]

    @classmethod
    def of(cls, change: Change) -> Line:
        # Japanese first, as everywhere.
        ordered = sorted(change.details, key=lambda detail: detail.language not in ("", "ja"))
        by_name = sorted(ordered, key=lambda detail: _first(change.details, detail))
        return cls(change, [(name_of(d), _language(d.language), d) for d in by_name])


def _first(details: Sequence[Detail], detail: Detail) -> int:
    return next(n for n, one in enumerate(details) if one.name == detail.name)


def _language(code: str) -> str:
    try:
        return str(get_language_info(code)["name_translated"]) if code else ""
    except KeyError:
        return code


def sections(old: FormDefinition, new: FormDefinition) -> list[tuple[str, list[Line]]]:
    """`compare` for people to read: by step, with its title; "" for the form itself."""
    titles = {step.id: step.title for form in (old, new) for step in form.steps}
    return [
        (str(titles.get(step_id, "")), [Line.of(change) for change in found])
        for step_id, found in groupby(compare(old, new).changes, key=lambda one: one.step_id)
    ]
