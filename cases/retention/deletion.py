"""Deleting a case for good: rows, answers, drafts, files, letter, copy and messages.

What stays: the ledger (ids, names of events and of staff, the receipt number), the accounts (fees,
payments, lines of bank files and the numbers of receipts; the payer's name is taken out of the
fees) and the run itself. The resident's account and what they chose to keep for the next
application are their own and stay. Of whoever sent without signing in there is no account: what
was known of them, their address for mail and the ways into the case go with it.

Applications and issued letters are removed by functions of the schema's owner alone (migrations
``application_forgotten`` and ``letters_forgotten``), only while a confirmed run waits to do it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import timedelta
from functools import reduce
from operator import or_
from typing import Any, Literal

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from audit import ledger
from billing.models import FeeDue
from cases import case_keys, copies, subjects, writing
from cases.models import (
    Case,
    Cosignature,
    Decision,
    PrintedLetter,
    PrintRun,
    Receipt,
    RegisterEntry,
    Replacement,
    Revocation,
)
from common import outbox
from common.actor import SYSTEM
from documents.models import Document
from forms import attachments
from forms.models import Attachment, Draft, ProfileFact
from forms.validation import is_uuid
from notifications.models import Message
from tenants.files import PrivateStorage

REMOVE_FILES = "cases.remove_files"
#: The file of a print run is a means, not a record.
PRINTED_FOR = timedelta(days=30)


def delete(case: Case, *, years: int, outcome: str) -> None:
    """Delete a case with everything that hangs on it, in the caller's transaction.

    Files go after the commit, by the outbox: a killed worker leaves none behind. Raises
    `django.db.models.ProtectedError` when something refers to the case that nobody thought of.
    """
    application = case.application
    written, papers = list(writing.files_of(case)), list(_documents(case))
    files = list({row.pk: row for row in (*_attachments(case), *written)}.values())
    ledger.record_each(
        event="case.deleted",
        by=SYSTEM,
        objects=subjects.of_each([case]),
        object_kind="case",
        purpose="retention",
        data={
            "receipt_number": application.receipt_number,
            "outcome": outcome,
            "years": years,
            "files": len(files) + len(papers),
        },
    )
    paths = [row.file.name for row in files] + [row.file.name for row in papers]
    paths += [waiver.evidence.name for waiver in case.waivers.all() if waiver.evidence]
    others = [row.draft_id for row in case.corrections.all() if row.draft_id]
    others += list(writing.drafts_of(case).values_list("pk", flat=True))
    _empty_accounts(case)
    _delete_decision(case)
    Message.objects.filter(_about(case)).delete()
    case.waivers.all().delete()
    case.delete()
    _call("SELECT cases_application_forget(%s)", application.pk)
    case_keys.forget(application)
    Document.objects.filter(pk__in=[paper.pk for paper in papers]).delete()
    Attachment.objects.filter(pk__in=[file.pk for file in files]).delete()
    Draft.objects.filter(pk__in=[application.idempotency_key, *others]).delete()
    if paths:
        outbox.enqueue(REMOVE_FILES, str(case.pk), {"paths": paths})


def forget_print_runs() -> None:
    """Delete the files of old print runs, which hold the letters of many; the runs stay."""
    over = timezone.now() - PRINTED_FOR
    for run in PrintRun.objects.filter(document__isnull=False, made_at__lt=over):
        paper = run.document
        if paper is not None:
            PrintRun.objects.filter(pk=run.pk).update(document=None)
            paper.delete()
            outbox.enqueue(REMOVE_FILES, f"run:{run.pk}", {"paths": [paper.file.name]})


@outbox.handler(REMOVE_FILES)
def remove_files(payload: dict[str, Any]) -> None:
    """Remove files whose rows are gone. Idempotent: one that is gone already is no error."""
    storage = PrivateStorage()
    for path in payload["paths"]:
        storage.delete(path)


def _attachments(case: Case) -> Iterable[Attachment]:
    """The files of what was sent, of its corrections and of their drafts.

    Not those that the resident keeps for the next application, or that a case decided anew needs.
    """
    corrections = list(case.corrections.all())
    drafts = [case.application.idempotency_key, *(row.draft_id for row in corrections)]
    prepared = case.application.version.prepared
    named: set[str] = set()
    for answers in (
        case.application.answers,
        case.corrected,
        *(row.replaced for row in corrections),
    ):
        named |= attachments.referenced(prepared, answers)
    ids = {item for item in named if is_uuid(item)}
    kept = set()
    for value in ProfileFact.objects.filter(
        resident=case.resident_id, question__type="file"
    ).values_list("value", flat=True):
        kept |= attachments.ids_in(value)
    for twin in _twins(case):
        kept |= attachments.referenced(twin.application.version.prepared, twin.answers)
    return Attachment.objects.filter(
        Q(draft__in=[pk for pk in drafts if pk]) | Q(pk__in=ids), owner=case.resident_id
    ).exclude(pk__in=kept)


def _twins(case: Case) -> QuerySet[Case]:
    """The same application as another case, which an appeal brought about: the files are one."""
    twin = Q(origin=case.pk, origin_kind=Case.Origin.ANEW)
    if case.origin_kind == Case.Origin.ANEW:
        twin |= Q(pk=case.origin_id)
    return Case.objects.filter(twin).select_related("application")


def _documents(case: Case) -> Iterable[Document]:
    """Every paper about the case: letters in all their editions, receipts, the resident's copy."""
    decided = Decision.objects.filter(case=case)
    return Document.objects.filter(
        Q(pk__in=decided.values("letter"))
        | Q(issued_letter__decision__in=decided)
        | Q(pk__in=Revocation.objects.filter(decision__in=decided).values("letter"))
        | Q(pk__in=Replacement.objects.filter(decision__in=decided).values("letter"))
        | Q(pk__in=case.waivers.values("letter"))
        | Q(pk__in=Receipt.objects.filter(fee__in=_fees(case)).values("document"))
        | Q(pk=case.application_id, kind=copies.KIND)
    ).distinct()


def _fees(case: Case) -> QuerySet[FeeDue]:
    decided = Decision.objects.filter(case=case)
    return FeeDue.objects.filter(
        Q(pk=case.fee_id) | Q(pk__in=decided.values("fee")) | Q(series__in=decided.values("pk"))
    )


def _empty_accounts(case: Case) -> None:
    """Accounts are kept; who paid is not in them any more."""
    fees = _fees(case)
    Receipt.objects.filter(fee__in=fees).update(document=None)
    fees.update(payer_name="", payer_kana="")


def _delete_decision(case: Case) -> None:
    """The decision with all that was issued on it, from the outermost row inwards."""
    PrintedLetter.objects.filter(letter__decision__case=case).delete()
    _call("SELECT cases_letters_forget(%s)", case.application_id)
    for rows in (Revocation.objects, Replacement.objects, RegisterEntry.objects):
        rows.filter(decision__case=case).delete()
    Decision.objects.filter(case=case).delete()


def _about(case: Case) -> Q:
    """Messages about the case, its consultations and its signatures, whoever got them."""
    signed = Cosignature.objects.filter(draft=case.application.idempotency_key)
    things = [
        f"case:{case.pk}",
        *(f"consultation:{pk}" for pk in case.consultations.values_list("pk", flat=True)),
        *(f"cosignature:{pk}" for pk in signed.values_list("pk", flat=True)),
    ]
    # What happened to it stands behind its name: "consultation:<id>:reminder".
    return reduce(or_, (Q(key=name) | Q(key__startswith=f"{name}:") for name in things))


def _call(
    function: Literal["SELECT cases_letters_forget(%s)", "SELECT cases_application_forget(%s)"],
    application_id: uuid.UUID,
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(function, [application_id])
