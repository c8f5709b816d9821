"""What the builder's templates are given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from catalogue.models import Offering
from cms.building import checks, concepts
from cms.building.actions import own_mark
from cms.building.http import address
from common.text import Text
from forms import household
from forms.building import structure, texts, words
from forms.building.editing import Editor, Entry, specs_at, unknown_of
from forms.building.examining import Problem
from forms.building.fields import fields_of, item_types, question_types
from forms.building.operands import Operand, is_group, operands_at
from forms.building.places import (
    DEEPEST_PLACE,
    Data,
    Place,
    fingerprint,
    in_words,
    part_at,
    place_of,
)
from forms.building.sentences import sentence
from forms.building.texts import TextAt

LONGEST_NAME = 60
#: Instead of a place in the address of a preview: what the form itself has to say.
WHOLE = "form"


@dataclass
class Line:
    """A step or question in a list."""

    place: Place
    where: str
    mark: str
    name: str
    id: str
    type: str
    url: str
    condition: str = ""
    required: bool = True
    problems: int = 0
    missing: int = 0
    below: list[Line] = field(default_factory=list)


@dataclass(frozen=True)
class ProblemLink:
    """A problem with the page where it can be put right."""

    name: str
    field: str
    message: str
    url: str


def name_of(data: Data, place: Place) -> str:
    """What people call a part: its words, else its id."""
    try:
        part = part_at(data, place)
    except (LookupError, TypeError):
        return ""
    found = words_of(part.get("label") or part.get("title"))
    found = " ".join((found or str(part.get("id") or _("without a name"))).split())
    return found if len(found) <= LONGEST_NAME else f"{found[:LONGEST_NAME]}…"


def _line(data: Data, offering: Offering, place: Place, counts: _Counts) -> Line:
    part = part_at(data, place)
    source = part.get("show_when")
    condition = ""
    if isinstance(source, str) and source:
        condition = sentence(source, counts.operands(place))
    return Line(
        place, in_words(place), own_mark(data, place), name_of(data, place),
        str(part.get("id") or ""), words.type_name(str(part.get("type") or "")),
        address(offering, place), condition, part.get("required", True) is True,
        counts.problems(place), counts.missing(place),
    )  # fmt: skip


class _Counts:
    """Problems, missing texts and operands by place, worked out once for a page."""

    def __init__(self, data: Data, offering: Offering) -> None:
        self._data = data
        self.look = checks.look(data, offering)
        self.missing_texts = [text.path for text in texts.texts(data) if text.missing]
        self.texts = [place_of(path)[0] for path in self.missing_texts]
        self._operands: dict[Place | None, dict[str, Operand]] = {}

    def problems(self, place: Place) -> int:
        return sum(1 for p in self.look.problems if p.place[: len(place)] == place)

    def missing(self, place: Place) -> int:
        return sum(1 for found in self.texts if found[: len(place)] == place)

    def operands(self, place: Place) -> dict[str, Operand]:
        key = place[:-1] if len(place) > 2 else None
        key = place if is_group(self._data, place) else key
        if key not in self._operands:
            self._operands[key] = operands_at(self._data, place)
        return self._operands[key]


def overview(data: Data, offering: Offering) -> dict[str, Any]:
    counts = _Counts(data, offering)
    steps = []
    for number, step in enumerate(data["steps"]):
        line = _line(data, offering, (number,), counts)
        line.below = [
            _line(data, offering, (number, place), counts)
            for place in range(len(step["questions"]))
        ]
        steps.append(line)
    total = len(list(texts.texts(data)))
    return {
        "steps": steps,
        "problems": problem_links(data, offering, counts.look.problems),
        "missing": len(counts.texts),
        "texts": total,
        "questions": sum(len(step.below) for step in steps),
        "works": counts.look.examined.prepared is not None,
        "title": name_of(data, ()),
        "criteria": _criteria(data, offering, counts),
        "languages": _languages(data),
    }


@dataclass(frozen=True)
class CriterionLine:
    """A condition of applying in a list."""

    sentence: str
    message: str
    severity: str
    url: str
    problems: int
    missing: int = 0


def _criteria(data: Data, offering: Offering, counts: _Counts) -> list[CriterionLine]:
    found = []
    given = data.get("eligibility")
    for number, row in enumerate(given if isinstance(given, list) else ()):
        row = row if isinstance(row, dict) else {}
        here = ("eligibility", number)
        rule, severity = row.get("rule"), row.get("severity") or "stop"
        found.append(
            CriterionLine(
                sentence(rule, counts.operands(())) if isinstance(rule, str) else "",
                words_of(row.get("message")),
                words.choice_name("severity", str(severity)),
                f"{address(offering, ())}#f-eligibility-{number}-rule",
                sum(1 for problem in counts.look.problems if problem.path[:2] == here),
                sum(1 for path in counts.missing_texts if path[:2] == here),
            )
        )
    return found


def _languages(data: Data) -> list[str]:
    return [str(words.LANGUAGE_NAMES.get(code, code)) for code in texts.languages_of(data)]


def words_of(given: Any) -> str:
    """A text as typed so far, in the reader's language; "" while it is none."""
    try:
        return str(Text(given)) if given else ""
    except TypeError:
        return ""


def problem_links(data: Data, offering: Offering, problems: Sequence[Problem]) -> list[ProblemLink]:
    """Each problem with its place in words and the page and field to put it right."""
    found = []
    for problem in problems:
        if isinstance(problem, checks.LetterProblem):
            letter = reverse("cms_letters:edit", args=[offering.slug, problem.outcome])
            found.append(ProblemLink(problem.letter, "", problem.message, letter))
            continue
        place, rest = place_of(problem.path)
        first = str(rest[0]) if rest else ""
        kind = str(part_at(data, place).get("type")) if _is_there(data, place) else ""
        label = words.field_label(first, kind=kind) if first else ""
        if len(rest) > 1 and isinstance(rest[1], int):
            label = f"{label} {rest[1] + 1}"
        url = address(offering, place) if place or first in _OF_THE_FORM else ""
        name = name_of(data, place) if place else ""
        anchor = f"#f-{problem.field}" if problem.field else ""
        found.append(ProblemLink(name, label, problem.message, f"{url}{anchor}" if url else ""))
    return found


def _is_there(data: Data, place: Place) -> bool:
    try:
        part_at(data, place)
    except (LookupError, TypeError):
        return False
    return True


_SECTIONS = ("main", "type", "when", "who", "checks", "more")
#: What the page of the form itself can change.
_OF_THE_FORM = frozenset(spec.key for spec in fields_of("form") if spec.kind != "other")


def part(
    data: Data, offering: Offering, place: Place, found: Data, editor: Editor, *, unsaved: bool
) -> dict[str, Any]:
    """The page of a step or question. `found` is the part as kept or as typed."""
    look = checks.look(data, offering)
    specs = specs_at(place, found)
    own = [problem for problem in look.problems if problem.place == place]
    if not unsaved:
        for problem in own:
            editor.errors.setdefault(problem.field, []).append(problem.message)
    entries = sorted(editor.entries(found, specs), key=lambda entry: words.order(entry.spec.key))
    shown = {name for entry in entries for name in _names(entry)}
    below = []
    if place and isinstance(found.get("questions"), list):
        counts = _Counts(data, offering)
        kept = part_at(data, place).get("questions") or ()
        below = [_line(data, offering, (*place, n), counts) for n in range(len(kept))]
    holds = place and (len(place) == 1 or found.get("type") == "group")
    return {
        "place": place,
        "where": in_words(place) if place else WHOLE,
        "is_step": len(place) == 1,
        "is_question": len(place) > 1,
        "sections": [
            (section, [entry for entry in entries if entry.section == section])
            for section in _SECTIONS
        ],
        "type": str(found.get("type") or ""),
        "type_name": words.type_name(str(found.get("type") or "")),
        "types": _types(len(place)),
        "unknown": unknown_of(found, specs),
        "problems": [p.message for p in own if p.field not in shown] if not unsaved else [],
        "wrong": len(own) if not unsaved else len(editor.errors),
        "unsaved": unsaved,
        "operand_list": list(editor.operands.values()),
        "operands": editor.operands,
        "below": below,
        "holds": bool(holds),
        "new_types": _new_types(len(place) + 1) if holds else [],
        "preview": in_words(place[:1]) if place else "",
        "languages": [] if place else _languages(data),
        "concepts": concepts.known() if len(place) > 1 else [],
        "other_steps": _other_steps(data, place),
        "uses": _uses(data, place, found),
    }


def _names(entry: Entry) -> list[str]:
    """A field and those of its rows, as problems name them."""
    return [entry.name, *(n for row in entry.rows for one in row.entries for n in _names(one))]


def _types(depth: int) -> list[tuple[str, str]]:
    known = {} if depth < 2 else question_types() if depth < DEEPEST_PLACE else item_types()
    return [(kind, words.type_name(kind)) for kind in known]


def _new_types(depth: int) -> list[tuple[str, str]]:
    """Besides the types of questions, what is short for one that is filled in already."""
    short = [(household.KIND, words.type_name(household.KIND))] if depth == 2 else []
    return [*_types(depth), *short]


def _uses(data: Data, place: Place, found: Data) -> list[str]:
    """Names of the parts whose rules hang on this question."""
    name = found.get("id")
    if len(place) < 2 or not isinstance(name, str) or not name:
        return []
    used = [where for where in structure.uses(data, name) if where != place][:20]
    return [name_of(data, where) if where else words.field_label("eligibility") for where in used]


def _other_steps(data: Data, place: Place) -> list[tuple[str, str]]:
    """The steps that a question can be moved to, each as `structure.step_named` finds it again."""
    if len(place) != 2:
        return []
    return [
        (structure.name_of_step(data, number), f"{number + 1}. {name_of(data, (number,))}")
        for number in range(len(data["steps"]))
        if number != place[0]
    ]


def texts_of(data: Data, place: Place) -> dict[str, TextAt]:
    """The texts of a step (of the form itself at ``()``) by the names of their fields."""
    found = {}
    for number, text in enumerate(texts.texts(data)):
        if place_of(text.path)[0][:1] == place:
            found[f"t-{number}"] = text
    return found


def mark_of(text: TextAt) -> str:
    return fingerprint([list(text.path), dict(text.by_language), text.same])


def translations(data: Data, place: Place) -> dict[str, Any]:
    """The texts of one step side by side, with what is missing; and the counts of all steps."""
    languages = texts.languages_of(data)
    counts = texts.missing_by_step(data)
    rows = []
    for name, text in texts_of(data, place).items():
        where, rest = place_of(text.path)
        label = words.field_label(text.spec.key, str(rest[0]) if len(rest) > 1 else "")
        if len(rest) > 1 and isinstance(rest[1], int):
            label = f"{words.field_label(str(rest[0]))} {rest[1] + 1}: {label}"
        given = [
            (code, text.by_language[code], not text.same and not text.by_language[code])
            for code in languages
        ]
        rows.append(
            {"name": name, "part": name_of(data, where) if where else "", "label": label,
             "given": given, "same": text.same, "missing": text.missing, "mark": mark_of(text)}
        )  # fmt: skip
    steps = [(0, _("Title and who may apply"), counts.get(-1, 0))]
    steps += [
        (number + 1, name_of(data, (number,)), counts.get(number, 0))
        for number in range(len(data["steps"]))
    ]
    return {
        "rows": rows,
        "steps_list": steps,
        "languages": [(code, str(words.LANGUAGE_NAMES.get(code, code))) for code in languages],
        "missing": sum(counts.values()),
        "missing_here": sum(row["missing"] for row in rows),
    }
