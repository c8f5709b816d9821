"""Conditions over what was answered, as workflows and rules of an office declare them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cases.models import Case
from forms.definitions import FormDefinition
from rules import Rule, RuleError, RuleFailed, VarType, compile_rule

_NOTHING: Mapping[str, int | bool] = MappingProxyType({})
_NO_TYPES: Mapping[str, VarType] = MappingProxyType({})
#: Conditions kept with one form; a workflow has some dozens.
_MOST = 256


def compiled(source: str, form: FormDefinition, types: Mapping[str, VarType] = _NO_TYPES) -> Rule:
    """The rule over the answers of this form and facts of `types`; compiled once. `RuleError`."""
    key = (source, *types.items())
    found = form.compiled.get(key)
    if found is None:
        if len(form.compiled) >= _MOST:
            form.compiled.clear()
        found = form.compiled[key] = compile_rule(source, {**types, **form.rule_variables})
    return found


def fits(
    source: str,
    case: Case,
    facts: Mapping[str, int | bool] = _NOTHING,
    types: Mapping[str, VarType] = _NO_TYPES,
) -> bool | None:
    """Whether the answers as they stand, and `facts`, fit; None when that cannot be told.

    "" always fits. The form that the case was sent with may not know what is asked for.
    """
    if not source:
        return True
    form = case.application.version.form
    try:
        found = compiled(source, form, types)({**facts, **form.rule_values(case.answers)})
    except (RuleError, RuleFailed):
        return None
    return found if isinstance(found, bool) else None


def holds(
    source: str,
    case: Case,
    facts: Mapping[str, int | bool] = _NOTHING,
    types: Mapping[str, VarType] = _NO_TYPES,
) -> bool:
    """As `fits`; when it cannot be told it holds: rather one look too many."""
    return fits(source, case, facts, types) is not False
