"""What the office looks at before a case goes on, and what a second person confirms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from pydantic import Field

from common.text import Text
from rules import BOOL, INT, VarType
from workflow.data import Strict
from workflow.verbs import DECISIONS, Verb

#: What a second look may ask besides the answers: the fee of what is granted, and its waiver.
LOOK_FACTS: dict[str, VarType] = {"fee": INT, "fee_waived": BOOL}


class DeclaredCheck(Strict):
    """A line of a stage's checklist. A required one that is open keeps the moves of `keeps` back.

    `when` is CEL over the answers; empty: always.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    text: Text
    when: str = ""
    required: bool = True
    keeps: tuple[Verb, ...] = DECISIONS
    legal_basis: Text | None = None


class FourEyes(Strict):
    """A move that one person proposes and another confirms.

    `when` is CEL over the answers and `LOOK_FACTS`; empty: always.
    """

    when: str = ""


def problem(checks: Mapping[str, Sequence[DeclaredCheck]], leaving: Mapping[str, Set[Verb]]) -> str:
    """What is wrong with the checklists of the stages, with its place; empty for nothing.

    `checks` and `leaving` by stage: the lines, and the verbs that take a case on from there.
    """
    seen: set[str] = set()
    for stage, lines in checks.items():
        for each in lines:
            place = f"stage '{stage}': check '{each.id}'"
            if each.id in seen:
                return f"{place} is declared twice"
            seen.add(each.id)
            if each.required and not leaving[stage] & set(each.keeps):
                verbs = ", ".join(each.keeps) or "nothing"
                return f"{place} keeps back {verbs}, which nobody can do there"
    return ""
