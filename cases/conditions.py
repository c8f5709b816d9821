"""Conditions over what was answered, as workflows and rules of an office declare them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from cases.models import Case
from forms.definitions import FormDefinition
from rules import Rule, RuleError, RuleFailed, VarType, compile_rule


def compiled(source: str, form: FormDefinition) -> Rule:
    """The rule over the answers of this form; compiled once. Raises `RuleError`."""
    return _compiled(source, tuple(form.rule_variables.items()))


@lru_cache(maxsize=256)
def _compiled(source: str, variables: tuple[tuple[str, VarType], ...]) -> Rule:
    known: Mapping[str, VarType] = dict(variables)
    return compile_rule(source, known)


def holds(source: str, case: Case) -> bool | None:
    """Whether the answers of a case fit; None when that cannot be told. "" always fits.

    The form that the case was sent with may not know what the condition asks for.
    """
    if not source:
        return True
    form = case.application.version.form
    try:
        found = compiled(source, form)(form.rule_values(case.answers))
    except (RuleError, RuleFailed):
        return None
    return found if isinstance(found, bool) else None
