"""Two versions of a form side by side: what is new, changed and gone, question by question."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.translation import gettext_lazy as _

from common.text import Text
from forms.definitions import FormDefinition, Step
from forms.questions import Criterion, GroupQuestion, QuestionBase

Kind = Literal["new", "changed", "gone"]
What = Literal["text", "options", "rules", "layout"]

#: Keys of a definition whose values are texts that a resident reads.
_TEXTS = frozenset(
    {"title", "lead", "label", "hint", "why", "legal_basis", "unit", "text", "yes_label",
     "no_label", "item_label", "add_label", "message"}
)  # fmt: skip
#: How a question looks; the resident is asked the same thing.
_LAYOUT = frozenset({"width", "rows", "autocomplete", "display", "input"})
_NAMES: Mapping[str, Any] = {
    "title": _("Title"),
    "lead": _("Introduction"),
    "label": _("Label"),
    "hint": _("Hint"),
    "why": _("Why we ask"),
    "legal_basis": _("Legal basis"),
    "unit": _("Unit"),
    "text": _("Wording of the declaration"),
    "yes_label": _("Word for yes"),
    "no_label": _("Word for no"),
    "item_label": _("Name of an entry"),
    "add_label": _("Button that adds an entry"),
    "type": _("Type of question"),
    "concept": _("Filled in from the eID"),
    "required": _("Must be answered"),
    "required_when": _("Must be answered when"),
    "show_when": _("Asked when"),
    "rule": _("Rule"),
    "result": _("Kind of result"),
    "min": _("At least"),
    "max": _("At most"),
    "min_length": _("Shortest answer"),
    "max_length": _("Longest answer"),
    "format": _("Way of writing"),
    "decimals": _("Digits after the point"),
    "accept": _("Kinds of files"),
    "max_files": _("Number of files"),
    "max_size_mb": _("Size of a file (MB)"),
    "ordered": _("Entries can be moved"),
    "languages": _("Languages"),
    "step": _("Step"),
    "place": _("Place in the order"),
    "id": _("Id"),
    "key": _("Key of the form"),
    "may_apply_anyway": _("Whoever does not meet a condition may send all the same"),
    "eligibility": _("Who may apply"),
}
_SEVERITIES: Mapping[str, Any] = {"stop": _("stop"), "warn": _("notice")}


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing that differs. `language` is set for a text; "" stands for "there is none"."""

    what: What
    name: str
    before: str
    after: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one question, or ("" as `question_id`) of a step, or of the form itself."""

    kind: Kind
    step_id: str
    question_id: str
    label: Text
    details: tuple[Detail, ...] = ()
    #: The group that the question is asked in.
    group_label: Text | None = None

    @property
    def shown(self) -> bool:
        """Whether a resident is asked something else; a wider box is nothing to them."""
        return self.kind != "changed" or any(detail.what != "layout" for detail in self.details)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every difference, in the order of the newer form; what is gone comes last in its step."""

    changes: tuple[Change, ...]

    def questions(self, kind: Kind) -> list[str]:
        """Ids of the questions that are new, changed (for a resident) or gone."""
        return [
            change.question_id
            for change in self.changes
            if change.question_id and change.kind == kind and change.shown
        ]

    def __bool__(self) -> bool:
        return bool(self.changes)


@dataclass(frozen=True, slots=True)
class _Placed:
    question: QuestionBase
    step_id: str
    group: GroupQuestion | None


def compare(old: FormDefinition, new: FormDefinition) -> Comparison:
    """What differs between two versions, each text in each language, options and rules one by one.

    Where something has no language of its own (an option that is new) it is said in the active one.

    A question is the same one when its id is; a question that went into or out of a group is
    another one.
    """
    before, after = dict(_placed(old)), dict(_placed(new))
    moved = _moved(old, new)
    changes = list(_of_form(old, new))
    steps = {step.id: step for step in old.steps}
    for step in new.steps:
        changes += _of_step(steps.get(step.id), step, moved.get(step.id, ()))
        for key, placed in after.items():
            if placed.step_id == step.id:
                changes += _of_question(before.get(key), placed, moved.get(key, ()))
        changes += [
            _gone(placed)
            for key, placed in before.items()
            if placed.step_id == step.id and key not in after
        ]
    kept = {step.id for step in new.steps}
    for step in old.steps:
        if step.id not in kept:
            changes.append(Change("gone", step.id, "", step.title))
            changes += [
                _gone(placed)
                for key, placed in before.items()
                if placed.step_id == step.id and key not in after
            ]
    return Comparison(tuple(changes))


def same_to_answer(old: QuestionBase, new: QuestionBase) -> bool:
    """Whether a resident who answered `old` has read all that `new` says and demands."""
    return old == new or all(detail.what == "layout" for detail in _details(old, new))


def _placed(form: FormDefinition) -> Iterator[tuple[tuple[str, str], _Placed]]:
    """Every question by (id of its group or "", its own id)."""
    for step in form.steps:
        for question in step.questions:
            yield from _with_entries(question, step.id, None)


def _with_entries(
    question: QuestionBase, step_id: str, group: GroupQuestion | None
) -> Iterator[tuple[tuple[str, str], _Placed]]:
    yield (group.id if group else "", question.id), _Placed(question, step_id, group)
    if isinstance(question, GroupQuestion):
        for item in question.questions:
            yield from _with_entries(item, step_id, question)


def _of_form(old: FormDefinition, new: FormDefinition) -> Iterator[Change]:
    details = list(_texts("title", old.title, new.title))
    if old.languages != new.languages:
        before, after = ", ".join(old.languages), ", ".join(new.languages)
        details.append(Detail("text", "languages", before, after))
    details += [
        *_plain("key", old.key, new.key),
        *_criteria(old.eligibility, new.eligibility),
        *_plain("may_apply_anyway", old.may_apply_anyway, new.may_apply_anyway),
    ]
    if details:
        yield Change("changed", "", "", new.title, tuple(details))


def _of_step(old: Step | None, new: Step, moved: Iterable[Detail] = ()) -> Iterator[Change]:
    if old is None:
        yield Change("new", new.id, "", new.title)
        return
    details = [*of_part(old, new), *moved]
    if details:
        yield Change("changed", new.id, "", new.title, tuple(details))


def of_part(old: Step | QuestionBase, new: Step | QuestionBase) -> list[Detail]:
    """What differs between two of a step, without its questions, or between two of a question."""
    if isinstance(old, QuestionBase) and isinstance(new, QuestionBase):
        return _details(old, new)
    if not isinstance(old, Step) or not isinstance(new, Step):
        return []
    return [
        *_plain("id", old.id, new.id),
        *_texts("title", old.title, new.title),
        *_texts("lead", old.lead, new.lead),
        *_plain("show_when", old.show_when, new.show_when),
    ]


def _of_question(
    old: _Placed | None, new: _Placed, moved: Iterable[Detail] = ()
) -> Iterator[Change]:
    group = new.group.label if new.group else None
    label = new.question.label
    if old is None:
        yield Change("new", new.step_id, new.question.id, label, (), group)
        return
    details = _details(old.question, new.question)
    if old.step_id != new.step_id:
        details.append(Detail("layout", "step", old.step_id, new.step_id))
    details += moved
    if details:
        yield Change("changed", new.step_id, new.question.id, label, tuple(details), group)


def _moved(old: FormDefinition, new: FormDefinition) -> dict[Any, list[Detail]]:
    """By the id of a step, or the key of a question (`_placed`): those that changed places.

    Of the neighbours that both forms have, those in the longest common order stayed.
    """
    before = dict(_neighbours(old))
    found: dict[Any, list[Detail]] = {}
    for above, keys in _neighbours(new):
        order = [key for key in before.get(above, ()) if key in keys]
        now = [key for key in keys if key in order]
        stayed = {order[number] for number in _longest_rising([order.index(key) for key in now])}
        for place, key in enumerate(now):
            if key not in stayed:
                was = str(order.index(key) + 1)
                found[key] = [Detail("layout", "place", was, str(place + 1))]
    return found


def _neighbours(form: FormDefinition) -> Iterator[tuple[str, list[Any]]]:
    """The steps, and the questions of each step and group, in their order."""
    yield "", [step.id for step in form.steps]
    around: dict[str, list[Any]] = {}
    for key, placed in _placed(form):
        above = f"group {placed.group.id}" if placed.group else f"step {placed.step_id}"
        around.setdefault(above, []).append(key)
    yield from around.items()


def _longest_rising(numbers: list[int]) -> list[int]:
    best: list[list[int]] = []
    for place, number in enumerate(numbers):
        before = [best[p] for p in range(place) if numbers[p] < number]
        best.append([*max(before, key=len, default=[]), number])
    return max(best, key=len, default=[])


def _gone(placed: _Placed) -> Change:
    group = placed.group.label if placed.group else None
    return Change("gone", placed.step_id, placed.question.id, placed.question.label, (), group)


def _details(old: QuestionBase, new: QuestionBase) -> list[Detail]:
    if old == new:
        return []
    found: list[Detail] = []
    names = [*type(new).model_fields, *(set(type(old).model_fields) - set(type(new).model_fields))]
    for name in names:
        before, after = getattr(old, name, None), getattr(new, name, None)
        if before == after or name == "questions":
            continue
        if name == "choices":
            found += _options(before or (), after or ())
        elif name == "checks":
            found += _checks(before or (), after or ())
        elif name in _TEXTS:
            found += _texts(name, before, after)
        else:
            found += _plain(name, before, after)
    return found


def _texts(name: str, old: Text | None, new: Text | None) -> Iterator[Detail]:
    before, after = old or Text(), new or Text()
    for language in dict.fromkeys([*before, *after]):
        words = before.get(language, ""), after.get(language, "")
        if words[0] != words[1]:
            yield Detail("text", name, *words, language)


def _plain(name: str, old: Any, new: Any) -> Iterator[Detail]:
    if old != new:
        what: What = "layout" if name in _LAYOUT else "rules"
        yield Detail(what, name, _said(old), _said(new))


def _said(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(_("Yes") if value else _("No"))
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _options(old: tuple[Any, ...], new: tuple[Any, ...]) -> Iterator[Detail]:
    before = {option.value: option for option in old}
    after = {option.value: option for option in new}
    for value, option in after.items():
        known = before.get(value)
        if known is None:
            yield Detail("options", value, "", str(option.label))
            continue
        for name in ("label", "hint"):
            for detail in _texts(name, getattr(known, name), getattr(option, name)):
                yield Detail("options", value, detail.before, detail.after, detail.language)
    for value, option in before.items():
        if value not in after:
            yield Detail("options", value, str(option.label), "")
    if list(before) != list(after) and set(before) == set(after):
        yield Detail("layout", "order", ", ".join(before), ", ".join(after))


def _checks(old: tuple[Any, ...], new: tuple[Any, ...]) -> Iterator[Detail]:
    before = {check.rule: check.message for check in old}
    after = {check.rule: check.message for check in new}
    for rule, message in after.items():
        if rule not in before:
            yield Detail("rules", "checks", "", f"{rule}: {message}")
        else:
            yield from _texts("message", before[rule], message)
    for rule, message in before.items():
        if rule not in after:
            yield Detail("rules", "checks", f"{rule}: {message}", "")


def _criteria(old: Sequence[Criterion], new: Sequence[Criterion]) -> Iterator[Detail]:
    before = {one.id: one for one in old}
    after = {one.id: one for one in new}
    for name, one in after.items():
        was = before.get(name)
        if was is None or (was.rule, was.severity) != (one.rule, one.severity):
            yield Detail("rules", "eligibility", _criterion(was), _criterion(one))
        else:
            for detail in _texts("message", was.message, one.message):
                yield Detail("text", "eligibility", detail.before, detail.after, detail.language)
    for name, one in before.items():
        if name not in after:
            yield Detail("rules", "eligibility", _criterion(one), "")


def _criterion(one: Criterion | None) -> str:
    return f"{one.rule} ({_SEVERITIES[one.severity]}): {one.message}" if one else ""


def name_of(detail: Detail) -> str:
    """What differs, in words for staff: ``Label``, ``Option 'sale'``."""
    if detail.what == "options":
        return str(_("Option “%(value)s”") % {"value": detail.name})
    if detail.name == "checks":
        return str(_("Check of the answer"))
    if detail.name == "message":
        return str(_("Message of a check"))
    if detail.name == "order":
        return str(_("Order of the options"))
    return str(_NAMES.get(detail.name, detail.name))
