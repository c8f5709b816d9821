"""What follows a revocation, a replacement, a print run: worked off by the outbox.

Every handler is idempotent.
"""

from __future__ import annotations

from typing import Any

from cases import issuing, letter_words, letters, printing, timeline
from cases.models import IssuedLetter, Replacement, Revocation
from cases.telling import tell_resident
from common import outbox
from documents import actions as documents
from documents import wordings
from notifications import notices

_OF_DECISION = (
    "decision__case__application",
    "decision__case__offering",
    "decision__case__department",
    "decision__case__resident",
    "decision__letter",
    "decision__wording",
)


@outbox.handler("cases.revoked")
def after_revocation(payload: dict[str, Any]) -> None:
    """The letter that says so, and the notice."""
    revocation = (
        Revocation.objects.select_for_update(of=("self",))
        .select_related(*_OF_DECISION)
        .get(pk=payload["revocation_id"])
    )
    if revocation.letter_id is not None:
        return
    decision = revocation.decision
    case = decision.case
    own = wordings.current(letter_words.key_of(case.offering, letter_words.REVOKED))
    revocation.letter = issuing.issue(
        decision,
        letters.compose_revocation(revocation, own),
        document_kind=f"{case.offering.template_key}.{letter_words.REVOKED}",
        document_id=revocation.pk,
        kind=IssuedLetter.Kind.REVOCATION,
    )
    revocation.save(update_fields=["letter"])
    tell_resident(case, notices.DecisionRevoked, f"revoked:{revocation.pk}")


@outbox.handler("cases.replaced")
def after_replacement(payload: dict[str, Any]) -> None:
    """The new letter; the old one's code says that it was replaced; the notice."""
    replacement = (
        Replacement.objects.select_for_update(of=("self",))
        .select_related(*_OF_DECISION)
        .get(pk=payload["replacement_id"])
    )
    if replacement.letter_id is not None:
        return
    decision = replacement.decision
    case, old = decision.case, decision.letter
    if old is None:
        raise RuntimeError("a letter is replaced that was never issued")
    composed = letters.compose(decision, getattr(decision, "entry", None), anew=replacement)
    new = issuing.issue(
        decision,
        composed,
        document_kind=old.kind,
        document_id=replacement.pk,
        kind=IssuedLetter.Kind.REPLACEMENT,
        edition=replacement.edition,
        valid_from=old.valid_from,
        valid_until=old.valid_until,
    )
    documents.replace(old=old, new=new)
    replacement.letter = decision.letter = new
    replacement.save(update_fields=["letter"])
    decision.save(update_fields=["letter"])
    timeline.add(case, "document_replaced", title=composed.titles)
    tell_resident(case, notices.DocumentReady, f"replaced:{replacement.pk}")


@outbox.handler("cases.print_run")
def make_print_run(payload: dict[str, Any]) -> None:
    """One PDF of all its letters, each behind a page with the address."""
    printing.put_together(payload["run_id"])
