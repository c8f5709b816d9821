"""What differs between two definitions, by step and question, for people to look over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from forms.building.places import Data, parts

LONGEST_SHOWN = 400


@dataclass(frozen=True, slots=True)
class Difference:
    """`where` are ids from the outside in; `field` is empty for the part as a whole."""

    where: tuple[str, ...]
    field: str
    kind: Literal["added", "removed", "changed", "moved"]
    before: str = ""
    after: str = ""


def differences(before: Data, after: Data) -> list[Difference]:
    """In the order of `after`; what was removed comes last. Parts are recognised by their ids."""
    old, new = _by_id(before), _by_id(after)
    found = [*_fields((), _own(before), _own(after))]
    for where, part in new.items():
        if where not in old:
            found.append(Difference(where, "", "added", after=_label(part)))
            continue
        found += _fields(where, _own(old[where]), _own(part))
    found += [
        Difference(where, "", "removed", before=_label(part))
        for where, part in old.items()
        if where not in new and not (len(where) > 1 and where[:-1] not in new)
    ]
    return [*found, *_moved(old, new)]


def _by_id(data: Data) -> dict[tuple[str, ...], Data]:
    """Every part by the ids that lead to it, each made single where ids are there twice."""
    found: dict[tuple[str, ...], Data] = {}
    names: dict[tuple[int, ...], tuple[str, ...]] = {(): ()}
    for place, part in parts(data):
        name = str(part.get("id") or f"#{place[-1] + 1}")
        where = (*names[place[:-1]], name)
        while where in found:
            name += "′"
            where = (*where[:-1], name)
        names[place] = where
        found[where] = part
    return found


def _own(part: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in part.items() if key not in {"steps", "questions"}}


def _fields(
    where: tuple[str, ...], before: dict[str, Any], after: dict[str, Any]
) -> list[Difference]:
    keys = dict.fromkeys([*after, *before])
    return [
        Difference(where, key, "changed", _shown(before.get(key)), _shown(after.get(key)))
        for key in keys
        if before.get(key) != after.get(key)
    ]


def _moved(
    old: Mapping[tuple[str, ...], Data], new: Mapping[tuple[str, ...], Data]
) -> list[Difference]:
    """Parts whose neighbours changed places: those that are not in the longest common order."""
    found = []
    for above in dict.fromkeys(where[:-1] for where in new):
        order = [where for where in old if where[:-1] == above and where in new]
        now = [where for where in new if where[:-1] == above and where in old]
        kept = set(_longest_rising([order.index(where) for where in now]))
        found += [
            Difference(where, "", "moved", str(order.index(where) + 1), str(place + 1))
            for place, where in enumerate(now)
            if order.index(where) not in kept
        ]
    return found


def _longest_rising(numbers: list[int]) -> list[int]:
    best: list[list[int]] = []
    for place, number in enumerate(numbers):
        before = [best[p] for p in range(place) if numbers[p] < number]
        best.append([*max(before, key=len, default=[]), number])
    return max(best, key=len, default=[])


def _label(part: Mapping[str, Any]) -> str:
    return _shown(part.get("label") or part.get("title") or "")


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        ordered = sorted(value.items(), key=lambda pair: pair[0] != "ja")
        words = " / ".join(f"{key}: {_shown(item)}" for key, item in ordered)
    elif isinstance(value, list):
        words = "\n".join(_shown(item) for item in value)
    else:
        words = (
            {True: "✓", False: "✗"}.get(value, str(value))
            if isinstance(value, bool)
            else str(value)
        )
    return words if len(words) <= LONGEST_SHOWN else f"{words[:LONGEST_SHOWN]}…"
