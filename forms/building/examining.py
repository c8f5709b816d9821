"""Everything that is wrong with a definition as typed, each with its place; and what works of it.

The engine stops at the first mistake. Here that mistake is noted, put aside and the rest looked at,
so that whoever builds the form sees all of them, and a preview of what is right already.
"""

from __future__ import annotations

import copy
import json
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language
from pydantic import ValidationError

from forms import definitions, workable
from forms.building import reasons
from forms.building.fields import fields_of
from forms.building.places import Data, Path, Place, fingerprint, part_at, place_of
from forms.building.texts import languages_of
from forms.definitions import FormDefinition
from forms.errors import DefinitionError
from forms.prepared import Prepared, prepare

MOST_PROBLEMS = 200
_MOST_ROUNDS = 120
#: A large form with many mistakes takes a tenth of a second for each; the rest is told later.
_MOST_SECONDS = 2.0
_MOST_KEPT = 64
#: How the id of a condition of applying begins that stands for one that does not work.
PUT_ASIDE = "put_aside__"
_NOTHING = {"number": "0", "money": "0", "text": '""', "yes_no": "false", "date": "today"}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that has to be put right before the form can be published."""

    path: Path
    message: str

    @property
    def place(self) -> Place:
        return place_of(self.path)[0]

    @property
    def field(self) -> str:
        """The name of the field as the editor's pages have it, ``choices-1-label``."""
        return "-".join(str(part) for part in place_of(self.path)[1])


@dataclass(frozen=True)
class Examined:
    """`prepared` holds what works (None: nothing does); `complete`: that is all of it."""

    problems: tuple[Problem, ...]
    prepared: Prepared | None

    @property
    def complete(self) -> bool:
        return not self.problems

    def at(self, place: Place) -> list[Problem]:
        """Problems of a part and of what is below it."""
        return [p for p in self.problems if p.place[: len(place)] == place]


_kept: OrderedDict[tuple[str, str], Examined] = OrderedDict()


def examine(data: Data) -> Examined:
    """Look at the whole of `data`. Kept per content: pages ask again and again."""
    key = (fingerprint(data), get_language() or "")
    found = _kept.get(key)
    if found is None:
        found = _kept[key] = _examine(data)
        if len(_kept) > _MOST_KEPT:
            _kept.popitem(last=False)
    else:
        _kept.move_to_end(key)
    return found


def _examine(data: Data) -> Examined:
    notes = _Notes(data)
    notes.all_of_models()
    prepared = notes.what_works()
    return Examined(tuple(notes.problems[:MOST_PROBLEMS]), prepared)


class _Notes:
    def __init__(self, data: Data) -> None:
        self.data = data
        self.work: Data = json.loads(json.dumps(data))
        #: Where each part of `work` came from: parts that are put aside move the rest.
        self.origin = {id(part): place for place, part in _all_parts(self.work)}
        self.problems: list[Problem] = []
        self.set_aside: set[str] = set()

    def all_of_models(self) -> None:
        """What pydantic says of every field, translations included."""
        for error in _model_errors(self.data, languages_of(self.data)):
            path = definitions.path_in(self.data, error["loc"])
            self.note(path, reasons.of_model(error))

    def note(self, path: Path, message: str) -> None:
        problem = Problem(path, message)
        if problem not in self.problems:
            self.problems.append(problem)

    def what_works(self) -> Prepared | None:
        until = time.monotonic() + _MOST_SECONDS
        for number in range(_MOST_ROUNDS):
            if number and time.monotonic() > until:
                break
            errors = _model_errors(self.work, ())
            if errors:
                paths = [definitions.path_in(self.work, error["loc"]) for error in errors]
                for path in dict.fromkeys(paths):
                    self._mend(path)
                if not self._drop_one():
                    return None
                continue
            try:
                found = prepare(FormDefinition.model_validate(self.work, context=_LANGUAGES))
                workable.check(found)
                return found
            except DefinitionError as error:
                self._note_rule(error)
                if not self._put_aside(error.path):
                    return None
        return None

    def _note_rule(self, error: DefinitionError) -> None:
        """The problem with its place in the data as typed, unless it only follows from another."""
        if any(f"no question '{name}'" in error.message for name in self.set_aside):
            return
        self.note(self._original(error.path), reasons.reason(error.message))

    def _original(self, path: Path) -> Path:
        place, rest = place_of(path)
        found = self.origin.get(id(part_at(self.work, place)), place) if place else place
        numbers: list[str | int] = []
        for number in found:
            numbers += ["questions" if numbers else "steps", number]
        return (*numbers, *rest)

    def _mend(self, path: Path) -> None:
        """Give a wrong field a value that lets the rest be looked at."""
        place, rest = place_of(path)
        part = _safely(lambda: part_at(self.work, place))
        if part is None or not rest:
            return
        kind = "form" if not place else "step" if len(place) == 1 else str(part.get("type"))
        spec = next((s for s in fields_of(kind) if s.key == rest[0]), None)
        if spec is not None and spec.required and spec.kind == "text":
            part[spec.key] = "―"
        elif spec is not None and spec.kind == "rows" and len(rest) >= 2:
            self._mend_row(part, spec.key, rest)
        elif spec is not None and spec.kind == "rows" and spec.required:
            part[spec.key] = [{"value": "a", "label": "―"}]
        elif kind == "form" and rest[0] in {"key", "title"}:
            part[str(rest[0])] = "form"
        elif spec is None or not spec.required:
            part.pop(str(rest[0]), None)

    @staticmethod
    def _mend_row(part: Data, key: str, rest: Path) -> None:
        rows, number = part.get(key), rest[1]
        if not isinstance(rows, list) or not isinstance(number, int) or number >= len(rows):
            part.pop(key, None)
        elif len(rest) > 2 and rest[2] in {"label", "message"} and isinstance(rows[number], dict):
            rows[number][str(rest[2])] = "―"
        elif len(rest) > 2 and rest[2] == "hint" and isinstance(rows[number], dict):
            rows[number].pop("hint", None)
        else:
            rows[number] = _harmless(key, number)

    def _drop_one(self) -> bool:
        """Take away what still does not fit after mending: one, since that moves the others.

        False when it is the form itself that does not fit.
        """
        left = [definitions.path_in(self.work, e["loc"]) for e in _model_errors(self.work, ())]
        worst = max((place_of(path)[0] for path in left), default=None)
        if worst:
            self._drop(worst)
        return worst != ()

    def _drop(self, place: Place) -> None:
        here: Any = self.work["steps"]
        for number in place[:-1]:
            here = here[number]["questions"]
        gone = here.pop(place[-1])
        for _where, part in [((), gone), *_below(gone)]:
            if isinstance(part.get("id"), str):
                self.set_aside.add(part["id"])

    def _put_aside(self, path: Path) -> bool:
        """Take away the rule, or else the question, that the engine does not take."""
        place, rest = place_of(path)
        part = _safely(lambda: part_at(self.work, place))
        if part is None:
            return False
        key = str(rest[0]) if rest else ""
        if key == "eligibility" and len(rest) > 1 and isinstance(rest[1], int):
            part[key][rest[1]] = _harmless(key, rest[1])
            return True
        if not place:
            return False
        if key == "rule" and part.get("type") == "computed" and "rule" in part:
            if part["rule"] != _NOTHING.get(str(part.get("result"))):
                part["rule"] = _NOTHING.get(str(part.get("result")), "0")
                return True
        elif key == "validate" and len(rest) > 1 and isinstance(rest[1], int):
            part[key][rest[1]] = _harmless(key, rest[1])
            return True
        elif key == "max" and part.get("max", 0) > (least := part.get("min", 1) or 1):
            part["max"] = least  # the page is too big; by default it would still be
            return True
        elif key in _LEFT_OUT and key in part:
            del part[key]
            return True
        elif key in {"show_when", "rule"}:  # a circle through the condition of the step
            step = self.work["steps"][place[0]]
            if step.pop("show_when", None):
                return True
        self._drop(place)
        if isinstance(part.get("id"), str) and key == "id":
            self.set_aside.discard(part["id"])  # the other one is still there
        return True


def _harmless(key: str, number: int) -> Data:
    """A row that stands for one that does not work."""
    if key == "choices":
        return {"value": f"option-{number}", "label": "―"}
    named = {"id": f"{PUT_ASIDE}{number}"} if key == "eligibility" else {}
    return named | {"rule": "true", "message": "―"}


#: Without these a question still works.
_LEFT_OUT = frozenset(
    {"show_when", "required_when", "min", "max", "min_length", "max_length", "accept", "concept"}
)
_LANGUAGES: dict[str, tuple[str, ...]] = {"languages": ()}


def _model_errors(data: Data, languages: tuple[str, ...]) -> list[Any]:
    try:
        FormDefinition.model_validate(data, context={"languages": languages})
    except ValidationError as error:
        found = error.errors(include_url=False)
        return [one for one in found if not _only_follows(one)]
    return []


def _only_follows(error: Any) -> bool:
    """pydantic does not count entries that are wrong themselves: a list seems too short."""
    given = error["input"]
    enough = error["type"] == "too_short" and isinstance(given, list)
    return enough and len(given) >= error["ctx"]["min_length"]


def _all_parts(data: Data) -> list[tuple[Place, Data]]:
    found: list[tuple[Place, Data]] = []
    for number, step in enumerate(data["steps"]):
        found.append(((number,), step))
        found += [((number, *where), part) for where, part in _below(step)]
    return found


def _below(part: Data) -> list[tuple[Place, Data]]:
    found: list[tuple[Place, Data]] = []
    for number, child in enumerate(part.get("questions") or ()):
        found.append(((number,), child))
        found += [((number, *where), inner) for where, inner in _below(child)]
    return found


def _safely(find: Callable[[], Data]) -> Data | None:
    try:
        return find()
    except (LookupError, TypeError):
        return None


def loaded(data: Data) -> FormDefinition:
    """The definition for publication. Raises `DefinitionError`, as for a template."""
    return definitions.load(copy.deepcopy(data))
