"""What a button beside a field looks up: an address by its postal code, a bank or branch by name.

What is found is filled into what was posted; the page shows what there is to choose from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.http import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from forms import banks, postal
from forms.banks import Listed
from forms.normalise import Unreadable, digits


@dataclass
class LookedUp:
    """Where to go on, what to say, and errors by field name."""

    focus: str
    notice: str = ""
    errors: dict[str, list[str]] = field(default_factory=dict)


def look_up(argument: str, post: QueryDict) -> LookedUp:
    """``home``: the address asked as `home`. ``account-bankCode``: the bank typed there, or with
    ``:0005`` behind it the one chosen of those found; the branch likewise."""
    name, _sign, chosen = argument.partition(":")
    account, _sign, part = name.rpartition("-")
    if part == "bankCode":
        return _bank(account, chosen, post)
    if part == "branchCode":
        return _branch(account, chosen, post)
    return _address(name, post)


def code_of(typed: str) -> str:
    """The digits of a code, however they were typed; empty for anything else."""
    try:
        return digits(typed)
    except Unreadable:
        return ""


def _bank(account: str, chosen: str, post: QueryDict) -> LookedUp:
    here, typed = f"{account}-bankCode", _text(post, f"{account}-bankCode")
    known = banks.bank(chosen or code_of(typed))
    found = [known] if known else banks.find_banks(typed)
    if not found and not typed.strip():
        return _refused(here, _("Write how the name of the bank begins, then look it up."))
    if not found and banks.is_name(typed):
        return LookedUp(here, no_bank())
    return _filled_in(here, found, f"{account}-branchCode", post)


def _branch(account: str, chosen: str, post: QueryDict) -> LookedUp:
    here, typed = f"{account}-branchCode", _text(post, f"{account}-branchCode")
    bank = code_of(_text(post, f"{account}-bankCode"))
    if banks.bank(bank) is None:
        return _refused(here, _("Choose the bank first; then its branches can be looked up."))
    known = banks.branch(bank, chosen or code_of(typed))
    found = [known] if known else banks.find_branches(bank, typed)
    if not found and not typed.strip():
        return _refused(here, _("Write how the name of the branch begins, then look it up."))
    if not found and banks.is_name(typed):
        return LookedUp(here, no_branch())
    return _filled_in(here, found, f"{account}-accountType", post)


def no_bank() -> str:
    """Nothing was found by the name of a bank."""
    return _(
        "No bank with this name was found. Write less of it, or the four digits that stand in "
        "your bank book or on your cash card."
    )


def no_branch() -> str:
    """Nothing was found by the name of a branch."""
    return _(
        "This bank has no branch with this name. Write less of it, or the three digits that stand "
        "in your bank book or on your cash card."
    )


def _filled_in(here: str, found: Sequence[Listed], then: str, post: QueryDict) -> LookedUp:
    if not found:  # digits that are not listed: the field says so
        return LookedUp(here)
    if len(found) > 1:
        return LookedUp(
            f"{here}-found", _("Several were found. Please choose from those below the field.")
        )
    post[here] = found[0].code
    name = found[0].named(get_language() or "ja")
    return LookedUp(then, _("Filled in: %(name)s.") % {"name": name})


def _address(name: str, post: QueryDict) -> LookedUp:
    places = postal.look_up(_text(post, f"{name}-postalCode"))
    if not places:
        return _refused(
            f"{name}-postalCode",
            _("No address has this postal code. Check it, or fill in the address yourself."),
        )
    place = postal.shared(places)
    post[f"{name}-postalCode"] = place.postal_code
    for part, words in (("prefecture", place.prefecture), ("city", place.city)):
        if words:
            post[f"{name}-{part}"] = words
    if not _text(post, f"{name}-streetAddress").startswith(place.neighborhood):
        post[f"{name}-streetAddress"] = place.neighborhood
    if len(places) > 1:
        empty = "streetAddress" if place.city else "city" if place.prefecture else "prefecture"
        return LookedUp(
            f"{name}-{empty}",
            _(
                "This postal code stands for several places. Only what they share was filled in: "
                "please choose or type the rest."
            ),
        )
    return LookedUp(
        f"{name}-streetAddress", _("The address was filled in. Please add the house number.")
    )


def _refused(here: str, message: str) -> LookedUp:
    return LookedUp(here, errors={here: [message]})


def _text(post: QueryDict, name: str) -> str:
    return str(post.get(name, "") or "")
