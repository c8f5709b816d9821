"""Conditions as a sentence: “Type of use is Sale, and Number of stalls is at least 3”."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _

from forms.building import words
from forms.building.conditions import TODAY_VALUE, Term, from_cel
from forms.building.operands import Operand


def sentence(source: str, operands: Mapping[str, Operand]) -> str:
    """The rule for people; as it is written where it cannot be picked."""
    picked = from_cel(source, operands)
    if picked is None:
        return source
    joined = _(", and ") if picked.joiner == "all" else _(", or ")
    return joined.join(_term(term, operands) for term in picked.terms)


def _term(term: Term, operands: Mapping[str, Operand]) -> str:
    operand = operands[term.name]
    values = {"name": operand.label, "operation": words.OPERATIONS[term.operation]}
    if not term.values:
        return _("“%(name)s” %(operation)s") % values
    named = _(", ").join(value_name(value, operand) for value in term.values)
    return _("“%(name)s” %(operation)s “%(value)s”") % {**values, "value": named}


def value_name(value: str, operand: Operand) -> str:
    """A value as people call it."""
    if operand.kind == "bool":
        return {"yes": _("Yes"), "no": _("No")}.get(value, value)
    if operand.kind == "date" and value == TODAY_VALUE:
        return _("The day of applying")
    return dict(operand.options).get(value, value)
