"""A comparison of two versions as people read it: by step, each difference named in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django.utils.translation import get_language_info

from forms import versions
from forms.comparison import Change, Detail, compare, name_of
from forms.definitions import FormDefinition
from forms.models import FormVersion


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


@dataclass(frozen=True, slots=True)
class Pair:
    """Two versions of a form, chosen among all of them (newest first, without definitions)."""

    listed: Sequence[FormVersion]
    before: FormVersion
    after: FormVersion

    @property
    def sections(self) -> list[tuple[str, list[Line]]]:
        return sections(self.before.form, self.after.form)


def pair(key: str, before: str = "", after: str = "") -> Pair:
    """The versions with these numbers; left out: the newest, and the one that another followed.

    Two statements. Raises `LookupError` for a number that no version has.
    """
    listed = list(versions.of_key(key))
    numbers = [version.number for version in listed]
    later = _number(after, numbers) if after else numbers[0]
    earlier = [number for number in numbers if number < later]
    sooner = _number(before, numbers) if before else (earlier or [later])[0]
    found = {
        version.number: version
        for version in FormVersion.objects.filter(key=key, number__in={sooner, later})
    }
    return Pair(listed, found[sooner], found[later])


def _number(given: str, numbers: Sequence[int]) -> int:
    number = int(given) if given.isascii() and given.isdigit() and len(given) < 8 else -1
    if number not in numbers:
        raise LookupError(f"no version '{given[:8]}'")
    return number
