"""What can be done to a case."""

from __future__ import annotations

from enum import StrEnum


class Verb(StrEnum):
    """What the case engine can do. A move says which verb takes a case from stage to stage."""

    CLAIM = "claim"
    REQUEST_CONSULTATION = "request_consultation"
    ANSWER_CONSULTATION = "answer_consultation"
    REQUEST_CORRECTION = "request_correction"
    ANSWER_CORRECTION = "answer_correction"
    APPROVE = "approve"
    REFUSE = "refuse"
    # A notification (届出) is not decided: the office notes that it is complete (受理).
    ACKNOWLEDGE = "acknowledge"
    WITHDRAW = "withdraw"
    PAY = "pay"
    # Nobody paid in time: what was approved is not issued (失効).
    LAPSE = "lapse"
    # The office notes that everything it needs is there; a clock that waits for that begins.
    CONFIRM_COMPLETE = "confirm_complete"
    # More time, with a reason that the applicant is told.
    EXTEND = "extend"
    # A lead takes a closed case up again.
    REOPEN = "reopen"


#: What decides a case, or acknowledges a notification.
DECISIONS = (Verb.APPROVE, Verb.REFUSE, Verb.ACKNOWLEDGE)
