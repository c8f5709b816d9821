"""Adding, removing, copying and moving steps and questions. Each works on the data it is given."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from common.errors import InvalidInput
from forms import household
from forms.building.fields import FieldSpec, fields_of, item_types, question_types
from forms.building.places import (
    DEEPEST_PLACE,
    Data,
    Place,
    part_at,
    parts,
    questions,
    siblings,
)

MOST_STEPS = 100
MOST_QUESTIONS = 60
MOST_ITEMS = 30
_NAME = re.compile(r"(?:\.\s*)?[A-Za-z_][A-Za-z0-9_]*|\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'")


def add_step(data: Data, after: int | None = None) -> Place:
    """An empty step after the step of that number, or at the end. Returns its place."""
    steps = data["steps"]
    _room(steps, MOST_STEPS)
    place = len(steps) if after is None else min(after + 1, len(steps))
    steps.insert(place, {"id": _free("step", {str(s.get("id")) for s in steps}), "questions": []})
    return (place,)


def add_question(data: Data, place: Place, kind: str) -> Place:
    """A question of this type at the end of the step or group at `place`. Raises `LookupError`."""
    known = question_types() if len(place) < DEEPEST_PLACE - 1 else item_types()
    if kind not in known and (kind, len(place)) != (household.KIND, 1):
        raise LookupError(kind)
    above = part_at(data, place)
    if len(place) > 1 and above.get("type") != "group":
        raise LookupError("no group")
    below: list[Data] = above.setdefault("questions", [])
    _room(below, MOST_QUESTIONS if len(place) == 1 else MOST_ITEMS)
    below.append(_new(kind, {str(part.get("id")) for _place, part in questions(data)}))
    return (*place, len(below) - 1)


def _new(kind: str, taken: set[str]) -> Data:
    """What a question of this type cannot do without; the words are for people to write."""
    if kind == household.KIND:
        return household.group({"id": _free(kind, taken)})
    found: Data = {"id": _free(kind, taken), "type": kind}
    for spec in fields_of(kind):
        if not spec.required or spec.key in found:
            continue
        if spec.kind == "rows":
            found[spec.key] = [new_row(spec, []), new_row(spec, [{"value": "option_1"}])]
        elif spec.kind == "pick":
            found[spec.key] = spec.options[0]
        elif spec.kind == "parts":
            found[spec.key] = [_new("text", taken | {found["id"]})]
    return found


#: By field of rows: what names a row, and how a name begins that nobody has thought of yet.
_ROW_NAMES = {"choices": ("value", "option"), "eligibility": ("id", "criterion")}


def new_row(spec: FieldSpec, rows: list[Any]) -> Data:
    """A row to add to `rows`, with a name of its own where rows of `spec` have one."""
    if spec.key not in _ROW_NAMES:
        return {}
    key, stem = _ROW_NAMES[spec.key]
    taken = {str(row.get(key)) for row in rows if isinstance(row, dict)}
    return {key: _free(stem, taken)}


def _free(stem: str, taken: set[str]) -> str:
    numbers = iter(range(1, len(taken) + 2))
    return next(name for name in (f"{stem}_{n}" for n in numbers) if name not in taken)


def _room(below: list[Any], most: int) -> None:
    if len(below) >= most:
        message = _("There can be at most %(most)s here.") % {"most": most}
        raise InvalidInput({"": [message]}, message)


def remove(data: Data, place: Place) -> Data:
    """Take a part out and return it. Raises `LookupError`."""
    return siblings(data, place).pop(place[-1])


def duplicate(data: Data, place: Place) -> Place:
    """A copy right after the original, with ids of its own."""
    around = siblings(data, place)
    _room(around, (MOST_STEPS, MOST_QUESTIONS, MOST_ITEMS, MOST_ITEMS)[len(place) - 1])
    twin = copy.deepcopy(around[place[-1]])
    steps = {str(step.get("id")) for step in data["steps"]}
    taken = {str(part.get("id")) for _place, part in questions(data)}
    for inner, part in _inside(twin):
        names = steps if len(place) == 1 and not inner else taken
        stem = re.sub(r"_[0-9]+$", "", str(part.get("id") or part.get("type") or "question"))[:40]
        part["id"] = _free(stem, names)
        names.add(part["id"])
    around.insert(place[-1] + 1, twin)
    return (*place[:-1], place[-1] + 1)


def _inside(part: Data) -> Iterator[tuple[bool, Data]]:
    yield False, part
    for child in part.get("questions") or ():
        for _inner, found in _inside(child):
            yield True, found


def move(data: Data, place: Place, by: int) -> Place:
    """Up (-1) or down (1) among its neighbours; at the edge it stays."""
    around = siblings(data, place)
    target = place[-1] + by
    if not 0 <= target < len(around):
        return place
    around[place[-1]], around[target] = around[target], around[place[-1]]
    return (*place[:-1], target)


def move_to_step(data: Data, place: Place, step: int) -> Place:
    """A question to the end of another step. Raises `LookupError`."""
    if len(place) != 2 or not 0 <= step < len(data["steps"]):
        raise LookupError("no such step")
    if step == place[0]:
        return place
    below = part_at(data, (step,)).setdefault("questions", [])
    _room(below, MOST_QUESTIONS)
    below.append(remove(data, place))
    return (step, len(below) - 1)


def name_of_step(data: Data, number: int) -> str:
    """How a page names a step, so that it is found again when others have moved it meanwhile."""
    return f"{number + 1}:{data['steps'][number].get('id') or ''}"


def step_named(data: Data, name: str) -> int:
    """The number of the step that `name_of_step` named. Raises `LookupError` when it is gone."""
    names = [name_of_step(data, number) for number in range(len(data["steps"]))]
    if name in names:
        return names.index(name)
    step_id = name.partition(":")[2]
    moved = [number for number, step in enumerate(data["steps"]) if step.get("id") == step_id]
    if not step_id or len(moved) != 1:
        raise LookupError(name)
    return moved[0]


def rename(data: Data, old: str, new: str) -> int:
    """Put `new` for the id `old` in every rule. Returns how many rules changed.

    Parts of answers (``address.city``) and texts in quotation marks stay.
    """
    changed = 0

    def one(found: re.Match[str]) -> str:
        return new if found.group() == old else found.group()

    for _place, holder, key in _rules(data):
        source = holder[key]
        if (after := _NAME.sub(one, source)) != source:
            holder[key] = after
            changed += 1
    return changed


def uses(data: Data, name: str) -> list[Place]:
    """Places of the rules that name a question, each once; ``()`` for who may apply."""
    found = [place for place, holder, key in _rules(data) if name in _NAME.findall(holder[key])]
    return list(dict.fromkeys(found))


def _rules(data: Data) -> Iterator[tuple[Place, Data, str]]:
    """Every rule: the place of its part, what holds it and under which key."""
    for place, part in [((), data), *parts(data)]:
        for holder in [part, *_rows(part, "validate"), *_rows(part, "eligibility")]:
            for key in ("show_when", "required_when", "rule"):
                if isinstance(holder.get(key), str):
                    yield place, holder, key


def _rows(part: Data, key: str) -> list[Data]:
    found = part.get(key)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
