"""Where something is in a definition: steps, questions and the questions of a group, by number."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from common.errors import InvalidInput
from forms import household
from forms.building import reasons
from forms.errors import DefinitionError
from forms.questions import DEEPEST_GROUPS

#: (step,), (step, question) and on into the questions of groups, counted from 0.
Place = tuple[int, ...]
Path = tuple[str | int, ...]
Data = dict[str, Any]

DEEPEST_PLACE = 2 + DEEPEST_GROUPS
#: Of a definition as typed. A published one is far below both.
LONGEST_TYPED = 1_000_000
DEEPEST_DATA = 24
_LARGEST_NUMBER = 10**18


def parse_place(words: str) -> Place:
    """``"3-2"``: the second question of the third step. Raises `LookupError`."""
    parts = words.split("-")
    if not 1 <= len(parts) <= DEEPEST_PLACE or not all(
        part.isascii() and part.isdigit() and 0 < len(part) < 5 for part in parts
    ):
        raise LookupError(words)
    place = tuple(int(part) - 1 for part in parts)
    if min(place) < 0:
        raise LookupError(words)
    return place


def in_words(place: Place) -> str:
    """The place as it stands in an address."""
    return "-".join(str(number + 1) for number in place)


def place_of(path: Sequence[str | int]) -> tuple[Place, Path]:
    """The place that a path of a definition leads to, and what is left of the path."""
    place: list[int] = []
    rest = list(path)
    while len(rest) >= 2 and rest[0] == ("questions" if place else "steps"):
        if not isinstance(rest[1], int) or len(place) == DEEPEST_PLACE:
            break
        place.append(rest[1])
        del rest[:2]
    return tuple(place), tuple(rest)


def path_of(place: Place) -> Path:
    path: list[str | int] = []
    for number in place:
        path += ["questions" if path else "steps", number]
    return tuple(path)


def part_at(data: Data, place: Place) -> Data:
    """The step or question there; the form itself at ``()``. Raises `LookupError`."""
    return siblings(data, place)[place[-1]] if place else data


def siblings(data: Data, place: Place) -> list[Data]:
    """The list that holds what is at `place`. Raises `LookupError`."""
    here = data
    for depth, number in enumerate(place[:-1]):
        here = children(here, depth)[number]
    found = children(here, len(place) - 1)
    if not 0 <= place[-1] < len(found):
        raise LookupError(in_words(place))
    return found


def children(part: Data, depth: int) -> list[Data]:
    """The steps of a form (depth 0), the questions of a step or group. Raises `LookupError`."""
    found = part.get("questions" if depth else "steps")
    if not isinstance(found, list):
        raise LookupError("nothing below")
    return found


def parts(data: Data) -> Iterator[tuple[Place, Data]]:
    """Every step, question and entry's question with its place, in order."""
    for s, step in enumerate(data["steps"]):
        yield (s,), step
        yield from _below(step, (s,))


def _below(part: Data, place: Place) -> Iterator[tuple[Place, Data]]:
    for number, question in enumerate(part.get("questions") or ()):
        yield (*place, number), question
        yield from _below(question, (*place, number))


def questions(data: Data) -> Iterator[tuple[Place, Data]]:
    return ((place, part) for place, part in parts(data) if len(place) > 1)


def fingerprint(part: Any) -> str:
    """Tells whether somebody else has changed a part in between."""
    packed = json.dumps(part, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(packed.encode()).hexdigest()[:20]


def shaped(raw: Any) -> Data:
    """`raw` as data that can be edited: plain JSON, steps and questions where they belong.

    What they say may be wrong in every other way. Raises `InvalidInput` where it cannot be kept.
    """
    data = _plain(raw, "")
    try:
        data = household.expanded(data) if isinstance(data, dict) else data
    except DefinitionError as error:
        raise _unusable(reasons.reason(error.message)) from None
    if not isinstance(data, dict):
        raise _unusable(
            _("This is not a form: it has to begin with “key:”, “title:” and “steps:”.")
        )
    if len(json.dumps(data, ensure_ascii=False)) > LONGEST_TYPED:
        raise _unusable(_("The form is too long to be kept."))
    steps = data.setdefault("steps", [])
    _only_mappings(steps, "steps")
    for number, step in enumerate(steps):
        asked = step.setdefault("questions", [])
        _only_mappings(asked, f"steps[{number}].questions")
        _shape_groups(asked, f"steps[{number}].questions", DEEPEST_GROUPS)
    return data


def _shape_groups(asked: list[Data], where: str, deeper: int) -> None:
    for place, question in enumerate(asked):
        if question.get("questions") is None:
            question.pop("questions", None)
            continue
        if not deeper:
            raise _unusable(_("A group within a group cannot hold another group."))
        inner = f"{where}[{place}].questions"
        _only_mappings(question["questions"], inner)
        _shape_groups(question["questions"], inner, deeper - 1)


def _only_mappings(found: Any, where: str) -> None:
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        words = _("%(place)s: a list of entries is expected here.") % {"place": where}
        raise _unusable(words)


def _unusable(message: str) -> InvalidInput:
    return InvalidInput({"source": [message]}, message)


def _plain(value: Any, where: str, depth: int = 0) -> Any:
    """`value` as the database can hold it. Raises `InvalidInput` naming the place."""
    if depth > DEEPEST_DATA:
        raise _unusable(_("The form is nested too deeply."))
    if isinstance(value, str):
        return plain_text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) < _LARGEST_NUMBER:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {
            plain_text(key): _plain(item, f"{where}.{key}" if where else key, depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_plain(item, f"{where}[{n}]", depth + 1) for n, item in enumerate(value)]
    raise _unusable(
        _("%(place)s: this value cannot be kept. Put it in quotation marks.")
        % {"place": plain_text(where)[:200]}
    )


def plain_text(text: str) -> str:
    """Without what the database cannot hold: the null character and halves of characters."""
    return "".join(c for c in text if c != "\x00" and not "\ud800" <= c <= "\udfff")
