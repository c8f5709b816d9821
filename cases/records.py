"""An application as data: the answers as they stand, with the schema that they follow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cases.addresses import schema_address
from cases.models import Case
from forms import attachments, seals, sensitive
from forms.models import Attachment
from forms.validation import is_uuid


def files_of(cases: Iterable[Case]) -> dict[str, Attachment]:
    """The files that the answers of some cases name, by id: one statement, none without files.

    Only those that the applicants themselves attached.
    """
    owners: dict[str, Any] = {}
    for case in cases:
        found = attachments.referenced(case.application.version.prepared, case.answers)
        owners |= {item: case.resident_id for item in found if is_uuid(item)}
    return {
        item: file
        for item, file in attachments.by_ids(owners).items()
        if file.owner_id == owners[item]
    }


def record_of(case: Case, files: Mapping[str, Attachment]) -> dict[str, Any]:
    """The application as JSON data. `answers` is valid against the schema at `schema`.

    Corrections are in place; `files` describes those that the answers name by id. Sensitive
    answers are left out.
    """
    application = case.application
    version = application.version
    decision = getattr(case, "decision", None)
    named = attachments.referenced(version.prepared, case.answers)
    return {
        "receipt_number": application.receipt_number,
        "received_on": case.received_on.isoformat(),
        "submitted_at": application.submitted_at.isoformat(timespec="seconds"),
        "language": application.language,
        "without_sign_in": application.without_sign_in,
        "stage": case.stage,
        "outcome": decision.outcome if decision else None,
        "form": {"key": version.key, "version": version.number},
        "schema": schema_address(version),
        "answers": sensitive.without(version.form.questions(), case.answers),
        "files": [
            {
                "id": item,
                "filename": files[item].filename,
                "content_type": files[item].content_type,
                "size": files[item].size,
                "sha256": files[item].sha256,
            }
            for item in sorted(named & files.keys())
        ],
    }


def origins_of(case: Case) -> dict[str, dict[str, Any]]:
    """Where answers came from, by question: what was typed has no entry."""
    return {
        name: {key: str(entry.get(key) or "") for key in ("source", "issuer", "asserted_at")}
        | {"verified": seals.is_verified(entry)}
        for name, entry in case.provenance.items()
    }
