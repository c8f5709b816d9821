"""A definition made ready to run: rules compiled, dependencies ordered, once per process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import rules
from common.text import Text
from forms import ids, sensitive
from forms.errors import DefinitionError
from forms.ids import TODAY, Path
from forms.parts import COMPOSITES
from forms.questions import (
    ComputedQuestion,
    Criterion,
    GroupQuestion,
    NumberQuestion,
    Question,
    QuestionBase,
)
from rules import Rule, VarType

if TYPE_CHECKING:
    from forms.definitions import FormDefinition, Step

__all__ = ["TODAY", "Node", "Path", "Prepared", "Within", "prepare", "variable_type"]

_TYPES: dict[str, VarType] = {
    "text": rules.TEXT,
    "long_text": rules.TEXT,
    "choice": rules.TEXT,
    "email": rules.TEXT,
    "phone": rules.TEXT,
    "multiple": rules.list_of(rules.TEXT),
    "file": rules.list_of(rules.TEXT),
    "yes_no": rules.BOOL,
    "declaration": rules.BOOL,
    "money": rules.INT,
    "date": rules.DATE,
    "month": rules.DATE,
}
_TYPES |= {
    kind: rules.map_of(
        {part.name: rules.DATE if part.kind == "date" else rules.TEXT for part in parts}
    )
    for kind, parts in COMPOSITES.items()
}
_RESULTS = {
    "number": rules.INT,
    "money": rules.INT,
    "text": rules.TEXT,
    "yes_no": rules.BOOL,
    "date": rules.DATE,
}
#: Entries of groups, from the outermost: the group's id and the place in it, from 0.
Within = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Node:
    """A question with its rules compiled."""

    question: Question
    step_id: str
    path: Path
    #: The groups it is asked in, from the outermost; empty for a question of the step itself.
    groups: tuple[str, ...] = ()
    show: Rule | None = None
    required: Rule | None = None
    compute: Rule | None = None
    checks: tuple[tuple[Rule, Text], ...] = ()
    #: The entries' questions in evaluation order, for a group.
    items: tuple[Node, ...] = ()
    #: The question's. A thousand of them are asked for it several times a page.
    id: str = field(init=False)
    #: It takes files, or the entries of a group do.
    asks_files: bool = field(init=False)
    #: It asks for a place, or the entries of a group do.
    asks_place: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", self.question.id)
        files = self.question.type == "file" or any(item.asks_files for item in self.items)
        object.__setattr__(self, "asks_files", files)
        place = self.question.type == "location" or any(item.asks_place for item in self.items)
        object.__setattr__(self, "asks_place", place)

    @property
    def group_id(self) -> str | None:
        """The group whose entries ask it."""
        return self.groups[-1] if self.groups else None

    @property
    def top_id(self) -> str:
        """The question of the step that it belongs to: itself, or the outermost group."""
        return self.groups[0] if self.groups else self.id

    def walk(self) -> Iterator[Node]:
        """Itself, and all that its entries ask."""
        yield self
        for item in self.items:
            yield from item.walk()

    def values(self, answers: Mapping[str, Any]) -> Iterator[Any]:
        """Its answer in `answers`; in a group one for each entry (None: not answered there)."""
        around: list[Mapping[str, Any]] = [answers]
        for group in self.groups:
            around = [entry for one in around for entry in one.get(group) or []]
        return (one.get(self.id) for one in around)

    @property
    def depends(self) -> frozenset[str]:
        """Questions that decide whether this one is asked, or what it computes."""
        found: frozenset[str] = frozenset()
        for rule in (self.show, self.compute):
            found |= rule.variables if rule else frozenset()
        own = {item.id for item in self.items}
        for item in self.items:
            found |= item.depends - own
        return found

    def rules(self) -> Iterator[Rule]:
        for rule in (self.show, self.required, self.compute):
            if rule:
                yield rule
        for rule, _ in self.checks:
            yield rule


@dataclass(frozen=True)
class Prepared:
    """A form ready to run."""

    form: FormDefinition
    nodes: Mapping[str, Node]
    #: Top-level questions so that each comes after those it depends on.
    order: tuple[Node, ...]
    step_show: Mapping[str, Rule]
    variables: Mapping[str, VarType] = field(repr=False)
    item_variables: Mapping[str, Mapping[str, VarType]] = field(repr=False)
    #: Who qualifies (`forms.eligibility`).
    criteria: tuple[tuple[Criterion, Rule], ...] = ()

    @cached_property
    def steps(self) -> Mapping[str, Step]:
        return {step.id: step for step in self.form.steps}

    @cached_property
    def step_nodes(self) -> Mapping[str, tuple[Node, ...]]:
        return {
            step.id: tuple(self.nodes[question.id] for question in step.questions)
            for step in self.form.steps
        }

    @cached_property
    def controlling(self) -> Mapping[str, frozenset[str]]:
        """By step: questions that show, hide or compute something in that step ("": in any).

        Their fields refresh the page; what changes on another page needs no refresh.
        """
        found: dict[str, set[str]] = {step.id: set() for step in self.form.steps}
        for node in self.nodes.values():
            for rule in (node.show, node.compute):
                found[node.step_id] |= rule.variables if rule else set()
        found[""] = set().union(*found.values())
        return {step_id: frozenset(names) for step_id, names in found.items()}

    def dependents(self, question_ids: Iterable[str]) -> frozenset[str]:
        """Top-level questions that hang on any of `question_ids`, directly or through others."""
        found = set(question_ids)
        for node in self.order:
            step_rule = self.step_show.get(node.step_id)
            depends = node.depends | (step_rule.variables if step_rule else frozenset())
            if depends & found:
                found.add(node.id)
        return frozenset(found)

    def rules_for_trial(self) -> list[tuple[str, str, Mapping[str, VarType]]]:
        """Every rule with its place and variables, for `rules.trial.try_out`."""
        found: list[tuple[str, str, Mapping[str, VarType]]] = [
            (f"step '{step_id}'", rule.source, self.variables)
            for step_id, rule in self.step_show.items()
        ]
        for node in self.nodes.values():
            variables = self.item_variables[node.group_id] if node.group_id else self.variables
            found += [(f"question '{node.id}'", rule.source, variables) for rule in node.rules()]
        found += [
            (f"eligibility '{criterion.id}'", rule.source, self.variables)
            for criterion, rule in self.criteria
        ]
        return found


def variable_type(question: QuestionBase) -> VarType:
    """How a rule sees the answer to `question`."""
    if isinstance(question, NumberQuestion):
        return rules.DECIMAL if question.decimals else rules.INT
    if isinstance(question, ComputedQuestion):
        return _RESULTS[question.result]
    if isinstance(question, GroupQuestion):
        return rules.list_of(rules.map_of(variable_types(question.questions)))
    return _TYPES[question.type]  # type: ignore[attr-defined]


def variable_types(questions: Iterable[QuestionBase]) -> dict[str, VarType]:
    """What rules may read of `questions`: every answer but the sensitive ones."""
    return {
        question.id: variable_type(question)
        for question in questions
        if not sensitive.is_sensitive(question)
    }


def prepare(form: FormDefinition) -> Prepared:
    """Compile every rule and order the questions. Raises `DefinitionError` with the path."""
    ids.check(form)
    questions = list(form.questions())
    variables = variable_types(questions)
    variables[TODAY] = rules.DATE
    options = ids.options(questions)
    nodes: dict[str, Node] = {}
    item_variables: dict[str, Mapping[str, VarType]] = {}
    step_show: dict[str, Rule] = {}
    for number, step in enumerate(form.steps):
        path: Path = ("steps", number)
        if step.show_when:
            step_show[step.id] = _rule(
                step.show_when, variables, rules.BOOL, (*path, "show_when"), options
            )
        for place, question in enumerate(step.questions):
            here = (*path, "questions", place)
            node = _node(question, step.id, variables, here, options)
            if isinstance(question, GroupQuestion):
                node = _group(node, question, variables, options, item_variables)
            nodes |= {found.id: found for found in node.walk()}
    order = _ordered(
        [nodes[question.id] for question in questions],
        {step_id: rule.variables for step_id, rule in step_show.items()},
    )
    criteria = _criteria(form, variables, options)
    return Prepared(form, nodes, order, step_show, variables, item_variables, criteria)


def _criteria(
    form: FormDefinition, variables: Mapping[str, VarType], options: Mapping[str, frozenset[str]]
) -> tuple[tuple[Criterion, Rule], ...]:
    found: dict[str, tuple[Criterion, Rule]] = {}
    for number, criterion in enumerate(form.eligibility):
        path: Path = ("eligibility", number)
        if criterion.id in found:
            raise DefinitionError(f"two criteria have the id '{criterion.id}'", (*path, "id"))
        rule = _rule(criterion.rule, variables, rules.BOOL, (*path, "rule"), options)
        found[criterion.id] = (criterion, rule)
    return tuple(found.values())


def _node(
    question: Question,
    step_id: str,
    variables: Mapping[str, VarType],
    path: Path,
    options: Mapping[str, frozenset[str]],
    groups: tuple[str, ...] = (),
) -> Node:
    def optional(source: str | None, key: str) -> Rule | None:
        if source is None:
            return None
        return _rule(source, variables, rules.BOOL, (*path, key), options)

    show = optional(question.show_when, "show_when")
    compute = None
    if isinstance(question, ComputedQuestion):
        compute = _rule(
            question.rule, variables, _RESULTS[question.result], (*path, "rule"), options
        )
    for rule, key in ((show, "show_when"), (compute, "rule")):
        if rule and (question.id in rule.variables):
            raise DefinitionError("the rule depends on its own question", (*path, key))
    checks = tuple(
        (
            _rule(check.rule, variables, rules.BOOL, (*path, "validate", number, "rule"), options),
            check.message,
        )
        for number, check in enumerate(question.checks)
    )
    required = optional(question.required_when, "required_when")
    return Node(question, step_id, path, groups, show, required, compute, checks)


def _group(
    node: Node,
    question: GroupQuestion,
    variables: Mapping[str, VarType],
    options: Mapping[str, frozenset[str]],
    scopes: dict[str, Mapping[str, VarType]],
) -> Node:
    """The entries' questions: they see the outer answers (but their own group) and each other.

    So do those of a group within: the form, the entry around it, and their own entry.
    """
    scope = {name: kind for name, kind in variables.items() if name != question.id}
    scope |= variable_types(question.questions)
    scopes[question.id] = scope
    items = []
    for number, item in enumerate(question.questions):
        path = (*node.path, "questions", number)
        inner = _node(item, node.step_id, scope, path, options, (*node.groups, question.id))
        if isinstance(item, GroupQuestion):
            inner = _group(inner, item, scope, options, scopes)
        items.append(inner)
    return replace(node, items=_ordered(items, {}))


def _rule(
    source: str,
    variables: Mapping[str, VarType],
    gives: VarType,
    path: Path,
    options: Mapping[str, frozenset[str]],
) -> Rule:
    try:
        rule = rules.compile_rule(source, variables)
    except rules.RuleError as error:
        raise DefinitionError(str(error), path) from None
    if rule.gives != gives:
        raise DefinitionError(f"the rule gives a {rule.gives}, not a {gives}", path)
    for name, value in ids.compared(source):
        if name in options and value not in options[name]:
            raise DefinitionError(f"'{name}' has no option '{value}'", path)
    return rule


def _ordered(nodes: list[Node], steps: Mapping[str, frozenset[str]]) -> tuple[Node, ...]:
    """Topological order, stable. Raises `DefinitionError` on a cycle, naming it."""
    by_id = {node.id: node for node in nodes}
    done: dict[str, Node] = {}
    way: list[str] = []

    def visit(node: Node) -> None:
        if node.id in done:
            return
        if node.id in way:
            cycle = " → ".join([*way[way.index(node.id) :], node.id])
            key = "show_when" if node.show else "rule"
            raise DefinitionError(f"the rules go in a circle: {cycle}", (*node.path, key))
        way.append(node.id)
        for name in sorted(node.depends | steps.get(node.step_id, frozenset())):
            if name in by_id:
                visit(by_id[name])
        way.pop()
        done[node.id] = node

    for node in nodes:
        visit(node)
    return tuple(done.values())
