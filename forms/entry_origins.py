"""Where the parts of a household's entries came from, for whoever decides. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from forms import people
from forms.people import Answered
from forms.questions import GroupQuestion
from forms.seals import is_verified

Origin = Mapping[str, Any]
_WHO = frozenset({people.NAME, people.KANA, people.BORN})


def of_entries(
    group: GroupQuestion,
    entries: Sequence[Mapping[str, Any]],
    origin: Origin | None,
    answered: Answered,
) -> list[dict[str, Origin]]:
    """By entry and question the origin of a part (`forms.display.origin_label` says it in words).

    `origin` is the group's: what was filled in (`forms.profile`) is compared with what it became.
    Where the applicant's own entry says what the eID has verified of them, that is its origin.
    """
    told = [(question, value, source) for question, value, source in answered]
    sure = people.applicant([one for one in told if is_verified(one[2])])
    return [
        _filled(group, entry, origin or {}) | _verified(group, entry, sure) for entry in entries
    ]


def _filled(group: GroupQuestion, entry: Mapping[str, Any], origin: Origin) -> dict[str, Origin]:
    source = origin.get("source") or origin.get("changed_from")
    who = [item.id for item in group.questions if people.fact_of(item) in _WHO]

    def alike(filled: Mapping[str, Any]) -> int:
        return sum(name in filled and filled[name] == entry.get(name) for name in who)

    best = max(origin.get("filled") or [{}], key=alike)
    if not alike(best):
        return {}
    same = {key: value for key, value in origin.items() if key != "filled"} | {"source": source}
    same.pop("changed_from", None)
    return {
        name: same if entry[name] == value else {"changed_from": source}
        for name, value in best.items()
        if name in entry
    }


def _verified(
    group: GroupQuestion, entry: Mapping[str, Any], sure: people.Person | None
) -> dict[str, Origin]:
    if sure is None or not people.is_own(group, entry, sure):
        return {}
    return {
        item.id: told.origin
        for item in group.questions
        if item.concept and (told := sure.facts.get(people.fact_of(item)))
        if entry.get(item.id) == told.value
    }
