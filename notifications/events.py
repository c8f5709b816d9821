"""What this room writes into the ledger, and how it reads."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit import events

WORDING_CHANGED = "notice.wording_changed"
WORDING_REVERTED = "notice.wording_reverted"
WEBHOOK_SET = "notice.webhook_set"
WEBHOOK_REMOVED = "notice.webhook_removed"


def register() -> None:
    """Called once from ``AppConfig.ready``."""
    for event, wording in {
        WORDING_CHANGED: _("{name} changed the wording of a notice ({object_id})"),
        WORDING_REVERTED: _("{name} took the platform's wording of a notice ({object_id}) again"),
        WEBHOOK_SET: _("{name} set where the town's own system is told of notices"),
        WEBHOOK_REMOVED: _("{name} removed where the town's own system is told of notices"),
    }.items():
        events.register(event, wording=wording)
