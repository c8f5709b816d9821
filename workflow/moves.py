"""What may happen to a case now. Pure: a definition, a stage, roles and facts in; a move out."""

from __future__ import annotations

from collections.abc import Mapping, Set
from functools import lru_cache

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.errors import NotAllowed
from rules import BOOL, INT, Rule, RuleError, VarType, compile_rule
from workflow.definition import Move, Verb, WorkflowDefinition, WorkflowError

#: What guards may ask, with types for the check at loading.
FACTS: dict[str, VarType] = {
    "open_consultations": INT,
    "open_corrections": INT,
    "objections": INT,
    "fee": INT,
    "fee_waived": BOOL,
}

_VERB_NAMES = {
    Verb.CLAIM: gettext_lazy("Take the case"),
    Verb.REQUEST_CONSULTATION: gettext_lazy("Ask another department"),
    Verb.ANSWER_CONSULTATION: gettext_lazy("Give an opinion"),
    Verb.REQUEST_CORRECTION: gettext_lazy("Ask for a correction"),
    Verb.ANSWER_CORRECTION: gettext_lazy("Send the correction"),
    Verb.APPROVE: gettext_lazy("Approve"),
    Verb.REFUSE: gettext_lazy("Refuse"),
    Verb.ACKNOWLEDGE: gettext_lazy("Acknowledge"),
    Verb.WITHDRAW: gettext_lazy("Withdraw"),
    Verb.PAY: gettext_lazy("Pay"),
    Verb.LAPSE: gettext_lazy("Lapse, unpaid"),
    Verb.CONFIRM_COMPLETE: gettext_lazy("Confirm that it is complete"),
    Verb.EXTEND: gettext_lazy("Extend the period"),
    Verb.REOPEN: gettext_lazy("Take it up again"),
}


def verb_name(verb: Verb) -> str:
    return str(_VERB_NAMES[verb])


@lru_cache(maxsize=512)
def _guard(source: str) -> Rule:
    return compile_rule(source, FACTS)


def check_guards(definition: WorkflowDefinition) -> None:
    """Compile every guard, so that a wrong one is found at loading. Raises `WorkflowError`."""
    for number, move in enumerate(definition.moves, 1):
        if not move.guard:
            continue
        place = f"move {number} ({move.verb}): guard"
        try:
            gives = _guard(move.guard).gives
        except RuleError as error:
            raise WorkflowError(f"{place}: {error}") from error
        if gives != BOOL:
            raise WorkflowError(f"{place}: it gives a {gives}, not yes or no")


def find_move(
    definition: WorkflowDefinition,
    *,
    stage: str,
    verb: Verb,
    roles: Set[str],
    facts: Mapping[str, int | bool],
) -> Move:
    """The first move of `verb` that stage, role and guard allow.

    Raises `NotAllowed` whose message says why: the stage, the role, or the guard's own words.
    """
    here = [move for move in definition.moves if move.verb == verb and stage in move.from_]
    if not here:
        raise NotAllowed(
            _("This is not possible while the case is at “%(stage)s”.")
            % {"stage": definition.stage(stage).title},
            code="wrong_stage",
        )
    mine = [move for move in here if roles & set(move.roles)]
    if not mine:
        raise NotAllowed(_("You do not have the role that this needs."), code="wrong_role")
    refused = mine[0]
    for move in mine:
        if not move.guard or _guard(move.guard)(dict(facts)) is True:
            return move
        refused = move
    reason = str(refused.otherwise) if refused.otherwise else _("A condition is not met yet.")
    raise NotAllowed(reason, code="guard")
