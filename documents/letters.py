"""Official letters: the typed content, and from it the HTML that `documents.pdf` renders.

A service's ``letter.html`` extends ``documents/letter_base.html`` and fills what differs. It sees:

``letter``
    The `Letter` below. Everything in it is plain text and is escaped.
``brand``
    The municipality (`documents.brand.Brand`): ``town``, ``colour``, ``mark``, ``seal``,
    ``representative_title``, ``representative_name``, ``department``, ``address``, ``phone``,
    ``email``.
further names
    Whatever the caller gives in `extra`.

Blocks to fill, in the order of the page: ``letterhead``, ``addressee``, ``issuer``, ``title``,
``body`` (the deciding sentences), ``particulars`` (the table), ``refused_parts``, ``reason``,
``conditions``,
``fee``, ``legal_basis``, ``remarks``, ``appeal``, ``verification``. Each is left out by itself when
the letter has nothing for it. ``styles`` takes further CSS.

Filters of ``{% load letters %}``: ``date|letter_date`` (令和8年4月1日 or 1 April 2026),
``yen_amount|yen`` (1,460円 or ¥1,460), ``text|qr`` (data URL of a QR code).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation

from documents import brand as brands

BASE_TEMPLATE = "documents/letter_base.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """To whom. `name` without 様 or 御中; the address may be empty.

    `care_of` is a line of its own that names who acts for them.
    """

    name: str
    postal_code: str = ""
    address: str = ""
    is_organisation: bool = False
    care_of: str = ""

    @property
    def postal(self) -> str:
        """``248-0012``, from whichever source the digits came."""
        code = self.postal_code
        return f"{code[:3]}-{code[3:]}" if len(code) == 7 and code.isdecimal() else code


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal:
    """Who hears an appeal: 行政不服審査法 82条 and 行政事件訴訟法 46条 ask for this notice.

    `authority` takes the request for review (潮見市長), `defendant` is sued (潮見市), represented
    by `representative` (潮見市長). `template` names a pair of templates without language and
    ending; other laws have other wordings.
    """

    authority: str
    defendant: str
    representative: str
    template: str = "documents/appeal/review_and_action"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationMark:
    """Where anyone can check the paper: the page's full address, and the code it carries."""

    url: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One letter, in one language.

    `number` is the document number (潮公指令第12号); `paragraphs` the deciding sentences;
    `particulars` label and value; `conditions`, `reason`, `legal_basis` and `remarks` are
    sentences; `fee` label and yen for each line, the total is printed under them.
    """

    language: str
    title: str
    number: str
    issued_on: date
    addressee: Addressee
    paragraphs: tuple[str, ...]
    receipt_number: str = ""
    particulars: tuple[tuple[str, str], ...] = ()
    reason: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    fee: tuple[tuple[str, int], ...] = ()
    legal_basis: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    appeal: Appeal | None = None
    verification: VerificationMark | None = None
    # What is not granted, each with its grounds.
    refused_parts: tuple[tuple[str, str], ...] = ()
    # "Issued again (edition 2)", and the sentence that says so.
    edition: str = ""
    replaces: str = ""
    # The seal belongs on decisions only, and never on a preview.
    sealed: bool = True
    # The key of the department: it may have a seal of its own.
    office: str = ""
    preview: bool = False

    @property
    def fee_total(self) -> int:
        """Yen."""
        return sum(amount for _, amount in self.fee)

    @property
    def appeal_template(self) -> str:
        """The notice of appeal in the letter's language."""
        return f"{self.appeal.template}.{self.language}.html" if self.appeal else ""


def render_letter(
    letter: Letter, *, template: str = BASE_TEMPLATE, extra: Mapping[str, Any] | None = None
) -> str:
    """The HTML of `letter` in its language and in the active municipality's brand."""
    with translation.override(letter.language):
        context = {**(extra or {}), "letter": letter, "brand": _brand_for(letter)}
        return render_to_string(template, context)


def _brand_for(letter: Letter) -> brands.Brand:
    """The town's brand, with the seal of the letter's office where it has one of its own."""
    brand = brands.current()
    own = brand.office_seals.get(letter.office, "")
    return replace(brand, seal=own) if own else brand
