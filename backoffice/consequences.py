"""What a decision will bring about, in words, before it is made."""

from __future__ import annotations

from django.utils.translation import gettext as _

from cases import partial
from cases.models import Case, Decision
from catalogue.fees import yen
from workflow.definition import Move


def of_decision(case: Case, move: Move, decision: Decision) -> list[str]:
    """One sentence each, in the order in which it happens. The decision is not made yet."""
    service = case.offering.template.service
    stage = case.workflow.stage(move.to or case.stage)
    fee = partial.fee_for(case, decision.refused_parts).total
    approved = decision.outcome == Decision.Outcome.APPROVED
    waive_fee = decision.fee_waived
    charged = approved and fee > 0 and not waive_fee and not case.workflow.fee_first
    said = [_("The case goes on to “%(stage)s”.") % {"stage": stage.for_staff}]
    if charged:
        said.append(
            _("A fee of %(amount)s becomes due. The resident is told how to pay.")
            % {"amount": yen(fee)}
        )
        said.append(_("The letter is issued as a PDF once the fee is paid."))
    else:
        if approved and waive_fee:
            said.append(_("The fee of %(amount)s is waived.") % {"amount": yen(fee)})
        said.append(_("The letter is issued as a PDF, and the resident is told."))
    if approved and service.register_entry is not None:
        said.append(_("The approval is entered in the register."))
    if decision.outcome == Decision.Outcome.ACKNOWLEDGED:
        said.append(_("The letter says that the notification has arrived and is complete."))
        return said
    said.append(_("A decision cannot be changed here afterwards."))
    return said
