"""Letters on paper: which have to go by post, and one PDF of many for the printer (一括印刷).

Each letter is put behind a page with the address where a window envelope shows it (長形3号, window
90 × 45 mm, 20 mm from the left and 12 mm from the top); the sheets are for printing on both sides.
"""

from __future__ import annotations

import io
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from audit import ledger
from cases import mailing, policies
from cases.letters import LANGUAGE
from cases.models import Case, IssuedLetter, PrintedLetter, PrintRun
from common import outbox
from common.actor import Actor
from common.errors import InvalidInput, NotAllowed
from common.text import Text
from documents import actions as documents
from documents import brand, codes, files
from documents.letters import Addressee
from documents.pdf import render_pdf
from identity.models import Department, User
from identity.roles import has_role
from notifications.models import Preference

KIND = "cases.print_run"
#: More would be a PDF that no printer takes well.
MOST = 500


@dataclass(frozen=True, slots=True)
class Listed:
    """A letter of the list. `why`: ``"wish"``, ``"no_mail"`` or empty (it need not go by post)."""

    letter: IssuedLetter
    why: str
    times_printed: int
    printed_at: datetime | None

    @property
    def proposed(self) -> bool:
        return bool(self.why) and not self.times_printed


def may_print(user: User, department: Department) -> bool:
    """Whoever works on the department's cases."""
    return any(has_role(user, role, department.key) for role in policies.DESK_ROLES)


def departments_of(user: User) -> list[Department]:
    """Departments whose letters the user may print."""
    return [one for one in Department.objects.order_by("key") if may_print(user, one)]


def letters_of(department: Department, day: date) -> list[Listed]:
    """The letters that a department issued on a day, oldest first. Two statements."""
    rows = list(
        _issued_on(department, day)
        .annotate(times=Count("printed"), last=Max("printed__run__made_at"))
        .select_related(
            "document", "decision__case__application", "decision__case__resident",
            "decision__case__offering",
        )
        .order_by("issued_at", "id")
    )  # fmt: skip
    residents = {row.decision.case.resident_id for row in rows}
    wishes = {row.resident_id: row for row in Preference.objects.filter(resident__in=residents)}
    return [
        Listed(
            letter=row,
            why=_why(row.decision.case, wishes.get(row.decision.case.resident_id)),
            times_printed=row.times,
            printed_at=row.last,
        )
        for row in rows
    ]


def _issued_on(department: Department, day: date) -> QuerySet[Any]:
    begin = timezone.make_aware(datetime.combine(day, time.min))
    end = timezone.make_aware(datetime.combine(day, time.max))
    return IssuedLetter.objects.filter(
        decision__case__department=department, issued_at__range=(begin, end)
    )


def _why(case: Case, wish: Preference | None) -> str:
    if wish is not None and wish.by_post:
        return "wish"
    return "" if case.resident.email or mailing.own_of(case) else "no_mail"


@transaction.atomic
def print_letters(
    *, department: Department, day: date, letter_ids: Sequence[str], by: User
) -> PrintRun:
    """Have one PDF made of the chosen letters; they are marked as printed.

    Raises `NotAllowed`, `InvalidInput`.
    """
    if not may_print(by, department):
        raise NotAllowed(
            _("Your role does not allow to print letters of this office."), code="role"
        )
    chosen = [
        row
        for row in _issued_on(department, day).select_related("decision__case")
        if str(row.pk) in letter_ids
    ]
    if not chosen:
        raise InvalidInput({"letters": [_("Choose the letters to be printed.")]})
    if len(chosen) > MOST:
        raise InvalidInput({"letters": [_("At most %(most)s letters at a time.") % {"most": MOST}]})
    run = PrintRun.objects.create(department=department, day=day, made_by=by)
    PrintedLetter.objects.bulk_create(PrintedLetter(run=run, letter=row) for row in chosen)
    ledger.record_each(
        event="letter.printed",
        by=Actor.of(by),
        objects=[(str(row.decision.case.resident_id), str(row.decision.case_id)) for row in chosen],
        object_kind="case",
        purpose="processing",
        data={"run": str(run.pk)},
    )
    outbox.enqueue(KIND, str(run.pk), {"run_id": str(run.pk)})
    return run


def put_together(run_id: uuid.UUID | str) -> None:
    """Make the PDF of a run; nothing when it is there. Raises `DamagedFile`, `RenderingError`."""
    run = PrintRun.objects.select_for_update(of=("self",)).get(pk=run_id)
    if run.document_id is not None:
        return
    printed = run.letters.select_related("letter__document", "letter__decision__case")
    letters = [row.letter for row in printed.order_by("letter__issued_at", "letter_id")]
    with translation.override(LANGUAGE):
        title = _("Letters to be printed, %(day)s") % {"day": f"{run.day:%Y-%m-%d}"}
        html = render_to_string("cases/address_pages.html", _context(run, letters, title))
    counted: list[int] = []

    def make() -> bytes:
        pdf, pages = _joined(render_pdf(html, title=title, language=LANGUAGE), letters)
        counted.append(pages)
        return pdf

    run.document = documents.keep(
        kind=KIND,
        title=title,
        language=LANGUAGE,
        make=make,
        code=codes.new_code(),  # not printed: nobody relies on it
        document_id=run.pk,
    )
    run.pages = counted[0] if counted else 0
    run.save(update_fields=["document", "pages"])


def _context(run: PrintRun, letters: list[IssuedLetter], title: str) -> dict[str, Any]:
    return {
        "title": title,
        "brand": brand.current(),
        "office": Text(run.department.name).in_language(LANGUAGE),
        "letters": [
            letter.content | {"addressee": Addressee(**letter.content["addressee"])}
            for letter in letters
        ],
    }


def _joined(addresses: bytes, letters: list[IssuedLetter]) -> tuple[bytes, int]:
    """Address page, letter, address page, letter …, each beginning on a sheet of its own.

    One letter's PDF at a time is open.
    """
    import pikepdf  # noqa: PLC0415  the web process does without it

    made = pikepdf.new()
    with pikepdf.open(io.BytesIO(addresses)) as pages:
        if len(pages.pages) != len(letters):
            raise RuntimeError("an address takes more than its page")
        for number, letter in enumerate(letters):
            made.pages.append(pages.pages[number])
            with pikepdf.open(io.BytesIO(files.read(letter.document))) as paper:
                made.pages.extend(paper.pages)
            if len(made.pages) % 2:
                made.add_blank_page(page_size=(595.28, 841.89))
    for page in made.pages:
        # Tags point into the letters' own trees, which stay behind.
        for name in ("/StructParents", "/Tabs"):
            if name in page:
                del page[name]
    file = io.BytesIO()
    made.save(file, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return file.getvalue(), len(made.pages)
