"""What somebody checks before they send it, as parts of a page's mark (`common.marks`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from billing.models import FeeDue
from cases.models import CorrectionRequest
from cases.prepared_letters.models import PreparedLetter
from catalogue.fees import Fee
from catalogue.models import Offering
from common.marks import Part, Parts
from forms.models import Draft


def application(
    draft: Draft,
    answers: Mapping[str, Any],
    *,
    offering: Offering,
    fee: Fee,
    letter: PreparedLetter | None,
    address: str,
) -> Parts:
    """Of an application: by its steps, the fee, what a letter of the town says beside the answers
    (`letter`: that from which it was filled in), how it is dealt with, where mails go.

    `address`: that which was shown for mail by whoever sends it without signing in.
    """
    return {
        **_steps(draft, answers),
        "fee:": Part(_("Fee"), fee.as_json()),
        "letter:": Part(_("Letter of the town"), letter.told if letter else []),
        "office:": Part(
            _("What happens next"), [str(offering.workflow_version_id), str(offering.department_id)]
        ),
        "mail:": Part(_("Address for mail"), address),
    }


def correction(correction: CorrectionRequest, draft: Draft, answers: Mapping[str, Any]) -> Parts:
    """Of a correction: by the steps of its form, and which request it answers."""
    return {
        **_steps(draft, answers),
        "asked:": Part(_("What the office asks for"), str(correction.pk)),
    }


def withdrawal(fee: FeeDue | None) -> Parts:
    """Of taking an application back: what becomes of its fee hangs on whether it is paid."""
    return {"fee:": Part(_("Fee"), fee.state if fee else "")}


def _steps(draft: Draft, answers: Mapping[str, Any]) -> dict[str, Part]:
    by_step: dict[str, dict[str, Any]] = {step.id: {} for step in draft.form.steps}
    for name, value in answers.items():
        by_step[draft.prepared.nodes[name].step_id][name] = value
    whom = [str(draft.version_id), str(draft.representation_id), str(draft.on_behalf_id)]
    return {
        **{step.id: Part(str(step.title), by_step[step.id]) for step in draft.form.steps},
        "whom:": Part(_("For whom you apply"), whom),
    }
