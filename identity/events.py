"""What this room writes into the ledger, and how it reads."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit import events

RESIDENT_SIGNED_IN = "resident.signed_in"
RESIDENT_SIGNED_OUT = "resident.signed_out"
RESIDENT_STEPPED_UP = "resident.stepped_up"
EID_ASSERTED = "eid.asserted"
EID_REFUSED = "eid.refused"
EID_SESSION_ENDED = "eid.session_ended"
STAFF_SIGNED_IN = "staff.signed_in"
STAFF_SIGNED_OUT = "staff.signed_out"
STAFF_FACTOR_ADDED = "staff.factor_added"
STAFF_FACTOR_REMOVED = "staff.factor_removed"
REPRESENTATION_DECLARED = "representation.declared"
REPRESENTATION_NOTED = "representation.noted"
REPRESENTATION_REVOKED = "representation.revoked"
REPRESENTATION_CONFIRMED = "representation.confirmed"
REPRESENTATION_DOUBTED = "representation.doubted"
REPRESENTATION_ENDED = "representation.ended"
# The same, as the represented reads it.
REPRESENTED_RECOGNISED = "represented.recognised"
REPRESENTED_REVOKED = "represented.revoked"
REPRESENTED_ENDED = "represented.ended"
REPRESENTED_CONFIRMED = "represented.confirmed"
REPRESENTED_DOUBTED = "represented.doubted"
COUNTER_CODE_MADE = "counter.code_made"
COUNTER_JOIN_CODE_MADE = "counter.join_code_made"
COUNTER_CODE_REFUSED = "counter.code_refused"
COUNTER_LOOKED_UP = "counter.looked_up"
COUNTER_BEGUN = "counter.begun"
COUNTER_ENDED = "counter.ended"


def register() -> None:
    """Called once from ``AppConfig.ready``."""
    for event, wording in {
        RESIDENT_SIGNED_IN: _("{name} signed in with the eID"),
        RESIDENT_SIGNED_OUT: _("{name} signed out"),
        RESIDENT_STEPPED_UP: _("{name} confirmed their identity again with the eID"),
        EID_ASSERTED: _("The eID told the municipality the values it was asked for"),
        EID_REFUSED: _("An eID sign-in was refused"),
        EID_SESSION_ENDED: _("The eID provider ended a session"),
        STAFF_SIGNED_IN: _("{name} signed in to the desk"),
        STAFF_SIGNED_OUT: _("{name} signed out of the desk"),
        STAFF_FACTOR_ADDED: _("{name} added a second factor"),
        STAFF_FACTOR_REMOVED: _("{name} removed a second factor"),
        REPRESENTATION_DECLARED: _("{name} declared to act for somebody else"),
        REPRESENTATION_NOTED: _("{name} noted at the counter that you act for somebody else"),
        REPRESENTATION_REVOKED: _("{name} acts for somebody else no more"),
        REPRESENTATION_CONFIRMED: _("{name} confirmed that you may act for somebody else"),
        REPRESENTATION_DOUBTED: _("{name} asked for proof that you may act for somebody else"),
        REPRESENTATION_ENDED: _("{name} ended that you act for them"),
        REPRESENTED_RECOGNISED: _(
            "By your eID you were recognised as somebody for whom another person acts"
        ),
        REPRESENTED_REVOKED: _("{name} acts for you no more"),
        REPRESENTED_ENDED: _("{name} ended that somebody else acts for them"),
        REPRESENTED_CONFIRMED: _("{name} confirmed that somebody else may act for you"),
        REPRESENTED_DOUBTED: _("{name} asked for proof that somebody else may act for you"),
        COUNTER_CODE_MADE: _("{name} made a code for help at the counter"),
        COUNTER_JOIN_CODE_MADE: _("{name} printed a code to join your papers with an eID"),
        COUNTER_CODE_REFUSED: _("{name} tried a code that does not exist"),
        COUNTER_LOOKED_UP: _("{name} looked at the counter whether you were there before"),
        COUNTER_BEGUN: _("{name} began to help you at the counter"),
        COUNTER_ENDED: _("The help at the counter ended"),
    }.items():
        events.register(event, wording=wording)
