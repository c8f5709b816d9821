"""What can be set of a step or a question, read from the models of `forms.questions`.

A new type of question, or a new field of an old one, needs nothing here: its words come from
`forms.building.words` where there are any, and from its name where there are not.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from common.text import Text
from forms.definitions import FormDefinition, Step
from forms.questions import Question

#: text: in every language; line, number, flag, pick (one of some), picks (several of some);
#: condition: a rule that is true or false; formula: another rule; rows: a list of small models;
#: parts: the questions of a step or group; other: shown as YAML.
Kind = Literal[
    "text", "line", "number", "flag", "pick", "picks", "condition", "formula", "rows", "parts",
    "other",
]  # fmt: skip

#: Rules that give something else than yes or no.
_FORMULAS = {("computed", "rule")}
#: As `forms.questions.Source`: no other text is bounded so.
_LONGEST_RULE = 1_500


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field: how it is typed, and what the model says of it."""

    key: str
    kind: Kind
    required: bool
    default: Any = None
    options: tuple[str, ...] = ()
    #: Of a row of `rows`.
    fields: tuple[FieldSpec, ...] = ()
    longest: int | None = None
    #: May stay empty and is then left out.
    optional: bool = False
    limits: Mapping[str, Any] = field(default_factory=dict)


@lru_cache(maxsize=1)
def question_types() -> Mapping[str, type[BaseModel]]:
    """Models by type, in the order in which the engine lists them."""
    return _types_of(Question)


@lru_cache(maxsize=1)
def item_types() -> Mapping[str, type[BaseModel]]:
    """Those that the innermost entries may have: all but groups."""
    return {name: model for name, model in question_types().items() if name != "group"}


def _types_of(union: Any) -> dict[str, type[BaseModel]]:
    found = {}
    for model in get_args(get_args(union)[0]):
        (name,) = get_args(model.model_fields["type"].annotation)
        found[name] = model
    return found


@lru_cache(maxsize=64)
def fields_of(kind: str) -> tuple[FieldSpec, ...]:
    """The fields of ``"form"``, ``"step"`` or a type of question; of an unknown type none."""
    whole: dict[str, type[BaseModel]] = {"form": FormDefinition, "step": Step}
    model = whole.get(kind) or question_types().get(kind)
    return _specs(model, kind) if model else ()


def _specs(model: type[BaseModel], kind: str) -> tuple[FieldSpec, ...]:
    return tuple(
        _spec(info.alias or name, info, kind)
        for name, info in model.model_fields.items()
        if name not in {"type", "steps", "languages"}
    )


def _spec(key: str, info: FieldInfo, kind: str) -> FieldSpec:
    annotation, metadata = _unwrapped(info.annotation, tuple(info.metadata))
    limits = _limits(metadata)
    required = info.is_required()
    default = None if required else info.get_default(call_default_factory=True)
    found: Kind = "other"
    options: tuple[str, ...] = ()
    rows: tuple[FieldSpec, ...] = ()
    if annotation is Text:
        found = "text"
    elif annotation is bool:
        found = "flag"
    elif annotation is int:
        found = "number"
    elif annotation is str:
        found = "line"
        if limits.get("max_length") == _LONGEST_RULE:
            found = "formula" if (kind, key) in _FORMULAS else "condition"
    elif get_origin(annotation) is Literal:
        found, options = "pick", tuple(str(value) for value in get_args(annotation))
    elif get_origin(annotation) is tuple:
        found, options, rows = _several(get_args(annotation)[0])
    return FieldSpec(
        key, found, required, default, options, rows, limits.get("max_length"),
        optional=not required and default is None, limits=limits,
    )  # fmt: skip


def _several(inner: Any) -> tuple[Kind, tuple[str, ...], tuple[FieldSpec, ...]]:
    annotation, _metadata = _unwrapped(inner, ())
    if get_origin(annotation) is Literal:
        return "picks", tuple(str(value) for value in get_args(annotation)), ()
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        specs = _specs(annotation, annotation.__name__)
        if all(spec.kind not in {"rows", "parts", "other"} for spec in specs):
            return "rows", (), specs
    elif get_origin(annotation) in {Union, types.UnionType}:
        return "parts", (), ()
    return "other", (), ()


def _unwrapped(annotation: Any, metadata: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
    """Without ``Annotated`` and ``| None``."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *more = get_args(annotation)
            metadata = (*metadata, *more)
            continue
        if get_origin(annotation) in {Union, types.UnionType}:
            left = [one for one in get_args(annotation) if one is not types.NoneType]
            if len(left) == 1:
                annotation = left[0]
                continue
        return annotation, metadata


def _limits(metadata: tuple[Any, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in metadata:
        inner = one.metadata if isinstance(one, FieldInfo) else [one]
        for constraint in inner:
            for name in ("ge", "le", "min_length", "max_length", "pattern"):
                value = getattr(constraint, name, None)
                if value is not None:
                    found[name] = value
    return found
