"""Conditions of a workflow over the answers of a case: when an opinion, a check, a second look."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from cases.models import Case
from rules import Rule, RuleFailed, VarType, compile_rule

_NOTHING: Mapping[str, int | bool] = MappingProxyType({})


def holds(
    when: str,
    case: Case,
    facts: Mapping[str, int | bool] = _NOTHING,
    types: Mapping[str, VarType] = MappingProxyType({}),
) -> bool:
    """Whether `when` (CEL; empty: always) holds for the answers as they stand, and `facts`.

    When that cannot be told it does: rather one look too many.
    """
    if not when:
        return True
    form = case.application.version.form
    rule = _compiled(when, tuple({**types, **form.rule_variables}.items()))
    try:
        return rule({**facts, **form.rule_values(case.answers)}) is not False
    except RuleFailed:
        return True


@lru_cache(maxsize=256)
def _compiled(source: str, variables: tuple[tuple[str, VarType], ...]) -> Rule:
    known: Mapping[str, VarType] = dict(variables)
    return compile_rule(source, known)
