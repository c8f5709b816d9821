"""Definitions that can be read but not be filled in: limits that exclude each other, pages that
nobody can post, facts that nothing fills in.

Looked at when a definition is loaded, so before it is published. Versions that are published
already are read as they are: their applications go on.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Any

from forms import concepts, sensitive
from forms.errors import DefinitionError
from forms.ids import Path
from forms.parts import COMPOSITES
from forms.prepared import Node, Prepared
from forms.questions import (
    ChoiceQuestion,
    FileQuestion,
    GroupQuestion,
    MoneyQuestion,
    MultipleQuestion,
    NumberQuestion,
    QuestionBase,
    TextQuestion,
)
from rules import Rule, RuleFailed

#: More inputs than this are not read from one page (`DATA_UPLOAD_MAX_NUMBER_FIELDS` is 2,000).
MOST_INPUTS = 1_800
#: So many sets of answers are tried to see whether a rule can ever be true.
_MOST_TRIED = 64
_INDIVIDUAL_DIGITS = 12


def check(prepared: Prepared) -> None:
    """Raises `DefinitionError` with the path of what nobody could fill in."""
    for number, step in enumerate(prepared.form.steps):
        _check_size(prepared.step_nodes[step.id], ("steps", number))
        rule = prepared.step_show.get(step.id)
        if rule is not None:
            _check_condition(rule, prepared, ("steps", number, "show_when"))
    for node in prepared.nodes.values():
        _check_limits(node)
        concepts.check(node.question, node.question.type, (*node.path, "concept"))
        if node.show is not None:
            _check_condition(node.show, prepared, (*node.path, "show_when"))
        for place, (rule, _message) in enumerate(node.checks):
            if _never(rule, prepared, passes=(True, None), given=node.id):
                raise DefinitionError(
                    "no answer can meet this rule", (*node.path, "validate", place, "rule")
                )
        _check_single(node.items)
    tops = (node for nodes in prepared.step_nodes.values() for node in nodes)
    _check_single(node for node in tops if node.step_id not in prepared.step_show)


# --- pages ------------------------------------------------------------------------------------
def _check_size(nodes: Sequence[Node], path: Path) -> None:
    """Every group, and all questions of a step together, have to fit one page."""
    sizes = {node.id: inputs(node.question) for node in nodes}
    total = sum(sizes.values())
    if total <= MOST_INPUTS:
        return
    largest = max(nodes, key=lambda node: sizes[node.id])
    if isinstance(largest.question, GroupQuestion) and sizes[largest.id] > MOST_INPUTS:
        raise DefinitionError(
            f"all entries together have up to {sizes[largest.id]} inputs, and a page takes"
            f" {MOST_INPUTS}: lower max, here or around it",
            (*largest.path, "max"),
        )
    raise DefinitionError(
        f"the questions of the step have up to {total} inputs together, and a page takes"
        f" {MOST_INPUTS}: divide the step, or lower max",
        (*(largest.path if largest.items else path), "max" if largest.items else "questions"),
    )


def inputs(question: QuestionBase) -> int:
    """How many inputs a page may send for a question."""
    if isinstance(question, GroupQuestion):
        return 1 + question.max * (1 + sum(inputs(item) for item in question.questions))
    if isinstance(question, MultipleQuestion):
        return len(question.choices)
    if isinstance(question, FileQuestion):
        return 1 + question.max_files
    kind = question.type  # type: ignore[attr-defined]
    if kind in COMPOSITES:
        return sum(3 if part.kind == "date" else 1 for part in COMPOSITES[kind])
    boxes = {"date": 3, "month": 2}
    return boxes[kind] if kind in boxes else 1 + int(sensitive.is_sensitive(question))


# --- limits -----------------------------------------------------------------------------------
def _check_limits(node: Node) -> None:
    question = node.question
    if isinstance(question, NumberQuestion | MoneyQuestion):
        if question.min is not None and question.max is not None and question.min > question.max:
            raise DefinitionError("min is larger than max", (*node.path, "min"))
    elif isinstance(question, MultipleQuestion):
        if question.min > question.max:
            raise DefinitionError("min is larger than max", (*node.path, "min"))
        if question.min > len(question.choices):
            raise DefinitionError("min is larger than the number of options", (*node.path, "min"))
    elif isinstance(question, TextQuestion):
        if question.min_length > question.max_length:
            raise DefinitionError("min_length is larger than max_length",
                                  (*node.path, "min_length"))  # fmt: skip
        if question.format == "individual_number" and not (
            question.min_length <= _INDIVIDUAL_DIGITS <= question.max_length
        ):
            key = "min_length" if question.min_length > _INDIVIDUAL_DIGITS else "max_length"
            raise DefinitionError("an individual number has 12 digits", (*node.path, key))
    elif isinstance(question, FileQuestion) and not question.accept:
        raise DefinitionError("no kind of file is accepted", (*node.path, "accept"))


# --- rules ------------------------------------------------------------------------------------
def _check_condition(rule: Rule, prepared: Prepared, path: Path) -> None:
    """An outright ``false`` is how something is switched off; what hangs on answers is meant."""
    if rule.variables and _never(rule, prepared, passes=(True,)):
        raise DefinitionError("the condition is never true", path)


def _never(rule: Rule, prepared: Prepared, *, passes: tuple[Any, ...], given: str = "") -> bool:
    """Whether the rule gives none of `passes` for any answers (`given` is answered, whatever
    else is). Where there are too many to try, or no end of them: no."""
    possible = [_answers(prepared, name, name == given) for name in sorted(rule.variables)]
    if not all(possible) or math.prod(map(len, possible)) > _MOST_TRIED:
        return False
    tried = (dict(zip(sorted(rule.variables), one, strict=True))
             for one in itertools.product(*possible))  # fmt: skip
    return not any(_result(rule, answers) in passes for answers in tried)


def _result(rule: Rule, answers: dict[str, Any]) -> Any:
    try:
        return rule(answers)
    except RuleFailed:
        return False  # as where it is asked: not shown, not met


def _answers(prepared: Prepared, name: str, is_given: bool) -> list[Any]:
    """Every answer to a question with few of them; of any other nothing."""
    node = prepared.nodes.get(name)
    if node is None:
        return []
    question, nothing = node.question, [] if is_given else [None]
    if isinstance(question, ChoiceQuestion):
        return [*nothing, *(option.value for option in question.choices)]
    few = {"yes_no": [True, False], "declaration": [True]}.get(question.type)
    return [*nothing, *few] if few else []


# --- facts ------------------------------------------------------------------------------------
def _check_single(nodes: Iterable[Node]) -> None:
    """What is always asked asks for a fact once: nobody could tell which answer is kept."""
    seen: set[str] = set()
    for node in [node for node in nodes if node.show is None]:
        concept = node.question.concept
        if concept in seen:
            raise DefinitionError(f"'{concept}' is asked twice", (*node.path, "concept"))
        if concept:
            seen.add(concept)
