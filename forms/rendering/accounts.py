"""What stands below the code of a bank or a branch: its name, what was found by name, a doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from forms import banks, display, doubts, lookups
from forms.banks import MOST_FOUND, Listed
from forms.parts import Part
from forms.rendering.frame import Frame, attributes, escape


def said(frame: Frame, name: str, part: Part, answer: Mapping[str, Any]) -> str:
    """About the code or the name in the box of `part`; empty where there is nothing to say."""
    typed = {
        key: frame.text(f"{name}-{key}", answer.get(key)) for key in ("bankCode", "branchCode")
    }
    codes = {key: lookups.code_of(text) for key, text in typed.items()}
    field, of_bank = f"{name}-{part.name}", part.name == "bankCode"
    bank = banks.bank(codes["bankCode"])
    if banks.is_name(typed[part.name]):
        if of_bank:
            return _found(frame, field, banks.find_banks(typed[part.name]), lookups.no_bank())
        if bank is None:
            return _line(field, _("Choose the bank first; then its branches can be looked up."))
        found = banks.find_branches(bank.code, typed[part.name])
        return _found(frame, field, found, lookups.no_branch())
    known = bank if of_bank else banks.branch(codes["bankCode"], codes["branchCode"])
    if known is not None:
        name_of = known.in_language(frame.language)
        return (
            f'<p class="f-known" id="f-{field}-said">{escape(name_of)}'
            f' <span class="f-known__kana">{escape(known.kana)}</span></p>'
        )
    if banks.unlisted(codes) == part.name:
        return _doubt(frame, field, part.name, codes)
    return ""


def _line(field: str, words: str) -> str:
    return f'<p class="f-hint f-hint--after" id="f-{field}-said">{escape(words)}</p>'


def _found(frame: Frame, field: str, found: Sequence[Listed], nothing: str) -> str:
    """What to choose from, each a button that fills it in."""
    if not found:
        return _line(field, nothing)
    words = _("Please choose:")
    if len(found) > MOST_FOUND:
        words = _("%(count)s were found. Please choose, or write more of the name:") % {
            "count": len(found)
        }
    buttons = "".join(
        f"<li>{frame.button('lookup', f'{field}:{one.code}', one.named(frame.language))}</li>"
        for one in found[:MOST_FOUND]
    )
    return (
        f'<div class="f-found" id="f-{field}-found" tabindex="-1" role="group" '
        f'aria-labelledby="f-{field}-said"><p id="f-{field}-said">{escape(words)}</p>'
        f"<ul>{buttons}</ul></div>"
    )


def _doubt(frame: Frame, field: str, part: str, codes: Mapping[str, str]) -> str:
    """The list may lag behind: whoever says that the code is right is believed."""
    words = display.unlisted_text(part, codes, frame.language)
    advice = _("Please compare it with your bank book or cash card.")
    sure = _("%(code)s is right") % {"code": codes[part]}
    key = field + doubts.SURE
    value = doubts.mark(part, codes)
    box = attributes(
        {
            "type": "checkbox",
            "id": f"f-{key}",
            "name": key,
            "value": value,
            "checked": frame.text(key, "") == value,
            "aria-describedby": f"f-{field}-said",
        }
    )
    return (
        f'<div class="f-doubt"><p id="f-{field}-said">{escape(words)} {advice}</p>'
        f'<div class="f-choice"><input{box}>'
        f'<label class="f-choice__label" for="f-{key}">{escape(sure)}</label></div></div>'
    )
