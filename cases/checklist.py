"""The checklist of a case: what its stage asks for, and what was added by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases import conditions
from cases.models import Case, CaseCheck
from common.errors import NotAllowed
from common.lookup import Lookup, attach_each
from workflow.checks import DeclaredCheck
from workflow.verbs import Verb

_rows: Lookup[CaseCheck] = Lookup(lambda case: CaseCheck.objects.filter(case=case), case=UUID)


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `key` names it in a form: the declaration's id, or the row's."""

    key: str
    text: str
    required: bool
    legal_basis: str
    row: CaseCheck | None
    by_hand: bool

    @property
    def done(self) -> bool:
        return self.row is not None and self.row.ticked_at is not None


def attach(case: Case) -> None:
    """Read the rows once for a page, with who ticked and added them where there are any."""
    _rows.attach(case, "checks", case=case.pk)
    attach_each(case.checks.all(), "ticked_by", "added_by")


def rows(case: Case) -> Sequence[CaseCheck]:
    """One statement; none after `attach`, or where they were prefetched."""
    if "checks" not in getattr(case, "_prefetched_objects_cache", {}):
        attach(case)
    return list(case.checks.all())


def lines(case: Case) -> list[Line]:
    """What the stage asks for, what was ticked at earlier ones, what was added by hand."""
    known = {row.declared: row for row in rows(case) if row.declared}
    asked = {each.id for each in _asked(case)}
    declared = [
        _line(each, known.get(each.id))
        for stage in case.workflow.stages
        for each in stage.checks or ()
        if each.id in asked or _ticked(known.get(each.id))
    ]
    return declared + [
        Line(str(row.pk), row.text, False, "", row, True) for row in rows(case) if not row.declared
    ]


def _ticked(row: CaseCheck | None) -> bool:
    return row is not None and row.ticked_at is not None


def _line(each: DeclaredCheck, row: CaseCheck | None) -> Line:
    basis = str(each.legal_basis) if each.legal_basis else ""
    return Line(each.id, str(each.text), each.required, basis, row, False)


def _asked(case: Case) -> list[DeclaredCheck]:
    """The declared lines of the case's stage that its answers call for."""
    return [each for each in case.stage_now.checks or () if conditions.holds(each.when, case)]


def is_asked(case: Case, check_id: str) -> bool:
    """Whether the checklist of the case's stage has this declared line."""
    return any(each.id == check_id for each in _asked(case))


def check_done(case: Case, verb: Verb) -> None:
    """Refuse a move that a required line keeps back. Raises `NotAllowed` naming what is open.

    No statement where nothing that the answers call for does.
    """
    keeping = [
        each
        for each in case.stage_now.checks or ()
        if each.required and verb in each.keeps and conditions.holds(each.when, case)
    ]
    if not keeping:
        return
    ticked = {row.declared for row in rows(case) if row.ticked_at is not None}
    left = [each for each in keeping if each.id not in ticked]
    if left:
        raise NotAllowed(
            ngettext(
                "%(count)s point of the checklist is still open: %(first)s",
                "%(count)s points of the checklist are still open, the first: %(first)s",
                len(left),
            )
            % {"count": len(left), "first": left[0].text},
            code="checklist",
        )


def heading(found: Sequence[Line]) -> str:
    """``3 of 5``: how many of the lines are ticked."""
    return _("%(done)s of %(all)s") % {
        "done": sum(line.done for line in found),
        "all": len(found),
    }
