"""The papers by which somebody is recognised at a counter (本人確認書類).

As town halls ask for a copy of the register: one paper with a photograph that an authority issued,
or two without one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.utils.translation import gettext_lazy as _

from identity.representation.models import Representation

Basis = Representation.Basis

#: One of these is enough: a photograph, issued by an authority.
WITH_PHOTOGRAPH = (
    Basis.MY_NUMBER_CARD,
    Basis.DRIVING_LICENCE,
    Basis.PASSPORT,
    Basis.RESIDENCE_CARD,
    Basis.DISABILITY_CERTIFICATE,
)

#: Of these, two different ones.
OTHER = {
    "health_insurance": _("Certificate of health insurance (資格確認書)"),
    "care_insurance": _("Long-term care insurance card"),
    "pension": _("Pension book or notice of the basic pension number"),
    "child_benefit": _("Certificate of child rearing or medical benefits"),
    "student_or_staff": _("Student or employee card with the name"),
    "public_letter": _("Letter of an authority with name and address"),
}
ENOUGH = 2


def is_enough(basis: str, others: Collection[str]) -> bool:
    """Whether that recognises somebody."""
    if basis in WITH_PHOTOGRAPH:
        return True
    return basis == Basis.OTHER_PAPERS and len(set(others) & OTHER.keys()) >= ENOUGH


def in_words(others: Iterable[str]) -> list[str]:
    """The papers without a photograph, in the active language."""
    return [str(OTHER[paper]) for paper in others if paper in OTHER]
