"""Form definitions: read from YAML or a dict, checked, with the place of every mistake."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import yaml
from django.utils import timezone
from pydantic import Field, ValidationError

import rules
from forms import household, prepared, schema, workable
from forms.errors import DefinitionError
from forms.questions import (
    LANGUAGES,
    Criterion,
    FormText,
    GroupQuestion,
    Identifier,
    Model,
    Question,
    Source,
)
from rules import VarType

__all__ = ["DefinitionError", "FormDefinition", "Step", "load"]

LONGEST_SOURCE = 400_000
#: A definition is eight collections deep.
DEEPEST_SOURCE = 20
#: libyaml's where it is there: ten times as fast, the same results.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Step(Model):
    """One page of the form."""

    id: Identifier
    title: FormText
    lead: FormText | None = None
    show_when: Source | None = None
    questions: tuple[Question, ...] = Field(min_length=1, max_length=60)


class FormDefinition(Model):
    """A form: steps of questions, with every text in every language of `languages`."""

    key: Identifier
    title: FormText
    languages: tuple[str, ...] = Field(default=LANGUAGES, min_length=1)
    # A thousand questions are sixty steps; more no resident would go through.
    steps: tuple[Step, ...] = Field(min_length=1, max_length=100)
    #: Who qualifies, as far as the answers tell: screening, never the decision.
    eligibility: tuple[Criterion, ...] = Field(default=(), max_length=20)
    #: Whoever does not qualify may send all the same, and the office decides.
    may_apply_anyway: bool = True

    def questions(self) -> Iterator[Question]:
        """The questions in order, groups as one."""
        for step in self.steps:
            yield from step.questions

    def every_question(self) -> Iterator[Question]:
        """The questions in order, those inside groups too."""
        return _with_items(self.questions())

    def question(self, question_id: str) -> Question:
        """A question by id, inside a group too. Raises `LookupError`."""
        for question in self.every_question():
            if question.id == question_id:
                return question
        raise LookupError(f"no question '{question_id}'")

    def concepts(self) -> frozenset[str]:
        """Which facts about a person the form asks for (what to request from the eID)."""
        return frozenset(question.concept for question in self.questions() if question.concept)

    @cached_property
    def questions_by_id(self) -> Mapping[str, Question]:
        """The top-level questions by id, in order; a group counts as one."""
        return {question.id: question for question in self.questions()}

    @cached_property
    def rule_variables(self) -> Mapping[str, VarType]:
        """What a rule over the answers may use (fees, letters): every question, and `today`."""
        return prepared.variable_types(self.questions()) | {prepared.TODAY: rules.DATE}

    @cached_property
    def compiled(self) -> dict[Hashable, rules.Rule]:
        """Rules over `rule_variables` that others compiled, kept as long as the definition is."""
        return {}

    def rule_values(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Values for a rule compiled against `rule_variables`, from a submission's answers."""
        return {**answers, prepared.TODAY: timezone.localdate()}

    def as_json(self) -> dict[str, Any]:
        """The definition as JSON data: what a version stores."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)

    def digest(self) -> str:
        """SHA-256 over the canonical JSON: the same form has the same digest."""
        canonical = json.dumps(
            self.as_json(), sort_keys=True, ensure_ascii=False, separators=(",", ":")
        )
        return hashlib.sha256(canonical.encode()).hexdigest()

    def json_schema(self, address: str = "") -> dict[str, Any]:
        """JSON Schema (2020-12) of the answers that a submission holds, published at `address`."""
        return schema.of_form(self, address)


def _with_items(questions: Iterable[Question]) -> Iterator[Question]:
    for question in questions:
        yield question
        if isinstance(question, GroupQuestion):
            yield from _with_items(question.questions)


def load(source: str | Mapping[str, Any]) -> FormDefinition:
    """Read and check a definition. Raises `DefinitionError` naming the line or path."""
    lines: yaml.Node | None = None
    data: Any = source
    if isinstance(source, str):
        lines, data = _composed(source)
    if not isinstance(data, Mapping):
        raise DefinitionError("a form definition is a mapping", ())
    try:
        whole = household.expanded(data)
    except DefinitionError as error:
        raise _located(error.message, error.path, data, lines) from None
    try:
        form = FormDefinition.model_validate(whole, context={"languages": _languages_of(data)})
        workable.check(prepared.prepare(form))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        path = household.as_written(data, path_in(whole, first["loc"]))
        raise _located(first["msg"].removeprefix("Value error, "), path, data, lines) from None
    except DefinitionError as error:
        path = household.as_written(data, error.path)
        raise _located(error.message, path, data, lines) from None
    return form


def read_yaml(source: str) -> Any:
    """The data of a YAML definition, unchecked. Raises `DefinitionError` with the line."""
    return _composed(source)[1]


def _languages_of(data: Mapping[str, Any]) -> tuple[str, ...]:
    found = data.get("languages")
    if isinstance(found, list | tuple) and found:
        return tuple(one for one in found if isinstance(one, str))
    return LANGUAGES


def _composed(source: str) -> tuple[yaml.Node, Any]:
    if len(source) > LONGEST_SOURCE:
        raise DefinitionError(f"the definition is longer than {LONGEST_SOURCE} characters", ())
    try:
        _check_events(source)
        loader = _Loader(source)
        try:
            node = loader.get_single_node()
            if node is None:
                raise DefinitionError("the definition is empty", ())
            _refuse_duplicates(node)
            return node, loader.construct_document(node)
        finally:
            loader.dispose()
    except UnicodeEncodeError:
        raise DefinitionError("the definition holds half a character", ()) from None
    except (ValueError, AttributeError):  # a date that does not exist, a tag that does not fit
        raise DefinitionError("the definition holds a value that cannot be read", ()) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "this is not YAML"
        place = f"line {mark.line + 1}: " if mark else ""
        raise DefinitionError(f"{place}{problem}", ()) from None


def _check_events(source: str) -> None:
    """Before anything recursive sees it: no aliases (they multiply), no deep nesting."""
    depth = 0
    for event in yaml.parse(source, _Loader):
        if isinstance(event, yaml.AliasEvent):
            raise DefinitionError("anchors and aliases are not used in definitions", ())
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST_SOURCE:
            raise DefinitionError("the definition is nested too deeply", ())


def _refuse_duplicates(node: yaml.Node) -> None:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise DefinitionError(f"line {line}: a key is one word", ())
            if key.value in seen:
                raise DefinitionError(f"line {line}: '{key.value}' occurs twice", ())
            seen.add(key.value)
            _refuse_duplicates(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_duplicates(item)


def path_in(data: Any, location: Sequence[str | int]) -> tuple[str | int, ...]:
    """pydantic's location without the names of union members, which are not in the source."""
    path: list[str | int] = []
    here: Any = data
    for number, part in enumerate(location):
        if (isinstance(part, int) and isinstance(here, Sequence) and part < len(here)) or (
            isinstance(here, Mapping) and part in here
        ):
            here = here[part]  # type: ignore[index]
        elif isinstance(here, Mapping) and number == len(location) - 1:
            here = None  # the key that is missing
        else:
            continue
        path.append(part)
    return tuple(path)


def _has(here: Any, part: str | int) -> bool:
    if isinstance(part, int):
        return isinstance(here, list | tuple) and part < len(here)
    return isinstance(here, Mapping) and part in here


def _located(
    message: str, path: Sequence[str | int], data: Any, node: yaml.Node | None
) -> DefinitionError:
    """The message with the path in words and, from YAML, the line."""
    words, here = [], data
    line = node.start_mark.line + 1 if node else None
    for part in path:
        node = _child(node, part)
        if node is not None:
            line = node.start_mark.line + 1
        try:
            here = here[part]
        except (KeyError, IndexError, TypeError):
            here = None
        name = here.get("id") or here.get("value") if isinstance(here, Mapping) else None
        words.append(f"[{part}]" if isinstance(part, int) else str(part))
        if name:
            words[-1] += f" '{name}'"
    place = " › ".join(words).replace(" › [", "[")
    prefix = f"line {line}: " if line and path else ""
    return DefinitionError(f"{prefix}{place}: {message}" if place else message, tuple(path))


def _child(node: yaml.Node | None, part: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == part:
                return value
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part]
    return None
