"""Applications of one service as a file, for the office that works on them.

Rows come from the database in chunks and go to the file as they come: memory does not grow with
their number, and a chunk costs the same few statements whatever is in it. The file is made whole
before the first byte is sent: an answer that streams would run outside of the request's
transaction, and what the ledger says of it is committed before anything leaves the house.

Every export and every application in it is in the ledger; each resident reads there who took their
data out, and what for.
"""

from __future__ import annotations

import json
import tempfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import islice
from typing import IO, Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone, translation
from django.utils.text import get_valid_filename
from django.utils.translation import gettext as _

from audit import ledger
from cases import policies, queries, records, subjects
from cases.columns import Columns
from cases.models import Case
from catalogue.models import Offering
from common.actor import Actor
from common.database import connection
from common.errors import InvalidInput
from common.tables import CsvFile, CsvFiles, Writer, XlsxFile
from forms.models import FormVersion
from identity.models import User

#: Applications in one file; a larger service is exported month by month. Measured on two busy
#: cores with 5,000 child allowance claims: XLSX 7.7 s, CSV 2.0 s, JSON 2.2 s, and 0.6 to 1.3 s to
#: seal the entries of the ledger at the commit, when no other entry of the town can be sealed.
MOST = 10_000
CHUNK = 200
LONGEST_PURPOSE = 200


class Format(StrEnum):
    XLSX = "xlsx"
    CSV = "csv"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which applications: of a service, received from `first` to `last`, at a stage."""

    offering: Offering
    first: date | None = None
    last: date | None = None
    stage: str = ""


@dataclass(frozen=True, slots=True)
class Exported:
    """A finished export; whoever sends `file` closes it."""

    file: IO[bytes]
    filename: str
    content_type: str
    count: int


def offerings_for(user: User) -> QuerySet[Offering]:
    """Services with applications that the user works on, or that their office offers."""
    mine = queries.worked_on(user)
    return Offering.objects.filter(
        Q(Exists(mine.filter(offering=OuterRef("pk")))) | queries.at_desk_of(user)
    )


def selected(selection: Selection, user: User) -> QuerySet[Case]:
    """The chosen cases of the departments where the user is caseworker or lead, oldest first."""
    cases = queries.worked_on(user).filter(offering=selection.offering)
    if selection.first:
        cases = cases.filter(received_on__gte=selection.first)
    if selection.last:
        cases = cases.filter(received_on__lte=selection.last)
    if selection.stage:
        cases = cases.filter(stage=selection.stage)
    return cases.order_by("received_on", "application__receipt_number")


def check(selection: Selection, purpose: str, user: User) -> int:
    """How many applications an export has. Raises `NotAllowed`, `InvalidInput`."""
    policies.check_export(user)
    errors: dict[str, list[str]] = {}
    if not purpose:
        errors["purpose"] = [purpose_is_missing()]
    elif len(purpose) > LONGEST_PURPOSE:
        errors["purpose"] = [_("Use at most %(most)s characters.") % {"most": LONGEST_PURPOSE}]
    if selection.first and selection.last and selection.last < selection.first:
        errors["last"] = [_("The period ends before it begins.")]
    count = selected(selection, user).count() if "last" not in errors else 0
    if count > MOST:
        errors["first"] = [
            _("There are %(count)s applications. Choose a shorter period: %(most)s fit in a file.")
            % {"count": f"{count:,}", "most": f"{MOST:,}"}
        ]
    if errors:
        raise InvalidInput(errors)
    return count


@transaction.atomic
def export(
    selection: Selection, *, as_format: Format, purpose: str, by: User, language: str
) -> Exported:
    """Make the file and write to the ledger who took what out and what for.

    `purpose` is what the member of staff wrote; see `purpose_of`. Labels are in `language`.
    Raises `NotAllowed`, `InvalidInput`.
    """
    check(selection, purpose, by)
    export_id = uuid.uuid4()
    cases = selected(selection, by)
    noted = _Noted(export_id, purpose, by)
    with translation.override(language):
        write = _record_file if as_format is Format.JSON else _table_file
        file, ending, content_type = write(
            selection, as_format, cases, purpose, language, noted.chunk
        )
    ledger.record(
        event="applications.exported",
        by=Actor.of(by),
        object_kind="export",
        object_id=str(export_id),
        purpose=purpose,
        data={
            "service": selection.offering.slug,
            "format": as_format.value,
            "count": noted.count,
            "first": selection.first.isoformat() if selection.first else None,
            "last": selection.last.isoformat() if selection.last else None,
            "stage": selection.stage,
        },
    )
    name = f"{selection.offering.slug}_{timezone.localdate():%Y%m%d}"
    return Exported(file, f"{get_valid_filename(name)}.{ending}", content_type, noted.count)


def purpose_of(typed: str) -> str:
    """What was written as the purpose, as one line without what cannot be seen."""
    return " ".join("".join(c if c.isprintable() else " " for c in typed).split())


def purpose_is_missing() -> str:
    return _("Write what you need the data for. The residents read it.")


class _Noted:
    """Writes to the ledger, one INSERT a chunk, whose data goes out."""

    def __init__(self, export_id: uuid.UUID, purpose: str, by: User) -> None:
        self.count = 0
        self._data = {"export": str(export_id)}
        self._purpose, self._by = purpose, Actor.of(by)

    def chunk(self, cases: list[Case]) -> None:
        self.count += len(cases)
        ledger.record_each(
            event="application.exported",
            by=self._by,
            objects=subjects.of_each(cases),
            object_kind="case",
            purpose=self._purpose,
            data=self._data,
        )


Note = Callable[[list[Case]], None]
Made = tuple[IO[bytes], str, str]


def _chunks(cases: QuerySet[Case]) -> Iterator[list[Case]]:
    """The cases with their applications and decisions, one cursor for all of them."""
    rows = (
        cases.select_related("application", "decision")
        .defer("application__provenance", "application__fee", "corrected_provenance")
        .iterator(chunk_size=CHUNK)
    )
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def _versions(selection: Selection, cases: QuerySet[Case]) -> list[FormVersion]:
    """The versions that the applications were made with, the newest first; else the offered one."""
    used = cases.order_by().values("application__version")
    found = list(FormVersion.objects.filter(pk__in=used).order_by("-published_at", "-number"))
    return found or [selection.offering.form_version]


def _table_file(
    selection: Selection,
    as_format: Format,
    cases: QuerySet[Case],
    purpose: str,
    language: str,
    note: Note,
) -> Made:
    columns = Columns(
        [version.form for version in _versions(selection, cases)],
        language,
        unproven=cases.filter(application__without_sign_in=True).exists(),
    )
    tables = columns.tables(selection.offering.title.in_language(language))
    writer: Writer
    if as_format is Format.XLSX:
        writer, ending = XlsxFile(tables), "xlsx"
        content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    elif len(tables) > 1:
        writer, ending, content_type = CsvFiles(tables), "zip", "application/zip"
    else:
        writer, ending, content_type = CsvFile(tables[0]), "csv", "text/csv; charset=utf-8"
    with writer:
        for chunk in _chunks(cases):
            files = records.files_of(chunk)
            for case in chunk:
                for table, row in columns.rows(case, files):
                    writer.add(table, row)
            note(chunk)
        return writer.finish(), ending, content_type


def _record_file(
    selection: Selection,
    as_format: Format,
    cases: QuerySet[Case],
    purpose: str,
    language: str,
    note: Note,
) -> Made:
    file = tempfile.TemporaryFile()  # noqa: SIM115  whoever sends it closes it
    try:
        head = {
            "municipality": str(connection.tenant.name),
            "service": {
                "slug": selection.offering.slug,
                "title": selection.offering.title.as_dict(),
            },
            "exported_at": timezone.localtime().isoformat(timespec="seconds"),
            "purpose": purpose,
        }
        # The list is written as it comes, so it stands last.
        file.write(f'{_json(head)[:-1]}, "applications": ['.encode())
        before = "\n"
        for chunk in _chunks(cases):
            files = records.files_of(chunk)
            for case in chunk:
                file.write((before + _json(records.record_of(case, files))).encode())
                before = ",\n"
            note(chunk)
        file.write(b"\n]}\n")
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file, "json", "application/json"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
