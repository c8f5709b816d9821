"""Fields made of several: addresses, accounts, repeating groups."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, cast

from django.utils.translation import gettext as _

from forms import display
from forms.prepared import Node
from forms.questions import (
    ACCOUNT_TYPES,
    ADDRESS_PARTS,
    AddressQuestion,
    GroupQuestion,
)
from forms.rendering.frame import REFRESH, Frame, attributes

_ADDRESS_TOKENS = {
    "postalCode": "postal-code",
    "prefecture": "address-level1",
    "city": "address-level2",
    "streetAddress": "address-line1",
    "building": "address-line2",
}


def address(frame: Frame, node: Node, name: str, value: Any) -> str:
    question = cast("AddressQuestion", node.question)
    stored = value or {}
    own = question.concept == "person.address" or question.autocomplete
    labels = {
        "postalCode": _("Postal code"),
        "prefecture": _("Prefecture"),
        "city": _("City, ward, town or village"),
        "streetAddress": _("Area and house number"),
        "building": _("Building and room"),
    }
    sizes = {"postalCode": "f-input--10", "prefecture": "f-input--10", "city": "f-input--20"}
    parts = []
    for part in ADDRESS_PARTS:
        field = f"{name}-{part}"
        error = frame.error(field)
        optional = ""
        if part == "building":
            optional = f' <span class="f-optional">{_("optional")}</span>'
        box = frame.box(
            field,
            stored.get(part),
            [f"f-{field}-error"] if error else [],
            css=f"f-input {sizes.get(part, '')}".strip(),
            inputmode="numeric" if part == "postalCode" else None,
            autocomplete=_ADDRESS_TOKENS[part] if own else "off",
        )
        if part == "postalCode":
            button = frame.button("lookup", name, _("Fill in the address"))
            box = f'<span class="f-lookup">{box}{button}</span>'
        parts.append(
            f'<div class="f-subfield"><label class="f-sublabel" for="f-{field}">{labels[part]}'
            f"{optional}</label>{error}{box}</div>"
        )
    return frame.fieldset(
        question,
        name,
        f'<div class="f-address" id="f-{name}" tabindex="-1">{"".join(parts)}</div>',
    )


def bank_account(frame: Frame, node: Node, name: str, value: Any) -> str:
    stored = value or {}
    parts = []
    for part, label, css, mode in (
        ("bankCode", _("Bank code (4 digits)"), "f-input--5", "numeric"),
        ("branchCode", _("Branch code (3 digits)"), "f-input--5", "numeric"),
        ("accountType", _("Type of account"), "", None),
        ("number", _("Account number (7 digits)"), "f-input--10", "numeric"),
        ("holder", _("Account holder in katakana"), "", None),
    ):
        field = f"{name}-{part}"
        error = frame.error(field)
        ids = [f"f-{field}-error"] if error else []
        if part == "accountType":
            box = _account_type(frame, field, stored.get(part), ids)
        else:
            box = frame.box(
                field, stored.get(part), ids, css=f"f-input {css}".strip(), inputmode=mode,
                autocomplete="off",
            )  # fmt: skip
        parts.append(
            f'<div class="f-subfield"><label class="f-sublabel" for="f-{field}">{label}</label>'
            f"{error}{box}</div>"
        )
    return frame.fieldset(
        node.question,
        name,
        f'<div class="f-bank" id="f-{name}" tabindex="-1">{"".join(parts)}</div>',
    )


def _account_type(frame: Frame, field: str, stored: Any, ids: list[str]) -> str:
    chosen = frame.text(field, stored)
    options = "".join(
        f'<option value="{key}"{" selected" if key == chosen else ""}>'
        f"{display.account_type_text(key)}</option>"
        for key in ACCOUNT_TYPES
    )
    pairs = {
        "class": "f-input f-input--select",
        "id": f"f-{field}",
        "name": field,
        "aria-describedby": " ".join(ids),
        "aria-invalid": "true" if ids else None,
    }
    none = _("Please choose")
    return f'<select{attributes(pairs)}><option value="">{none}</option>{options}</select>'


def group(frame: Frame, node: Node, name: str, value: Any) -> str:
    question = cast("GroupQuestion", node.question)
    items = list(value or [])
    visible = list(frame.state.item_visible.get(node.id, []))
    typed = frame.text(f"{name}-n", "")
    if typed.isascii() and typed.isdigit():
        count = min(int(typed[:3]), question.max + 1)
    else:
        count = len(items) or min(max(question.min, int(question.required)), question.max)
    entries = []
    first = [item for item in node.items if item.show is None]
    for index in range(count):
        entry = items[index] if index < len(items) else {}
        asked = visible[index] if index < len(visible) else {item.id for item in first}
        entries.append(_entry(frame, node, question, name, index, entry, asked, count))
    add = ""
    if count < question.max:
        words = frame.say(question.add_label) or _("Add another")
        add = frame.button("add", name, words, trusted=True)
    inside = (
        f'<input type="hidden" name="{name}-n" value="{count}">{"".join(entries)}'
        f'<p class="f-group__add" id="f-{name}" tabindex="-1">{add}</p>'
    )
    about, ids = frame.about(question, name)
    described = attributes({"aria-describedby": " ".join(ids)})
    wrong = " f-field--error" if name in frame.errors else ""
    refresh = REFRESH if question.id in frame.controlling else ""
    return (
        f'<fieldset class="f-field f-group{wrong}"{described}{refresh}><legend class="f-label">'
        f"{frame.label(question)}</legend>{about}{inside}</fieldset>"
    )


def _entry(
    frame: Frame,
    node: Node,
    question: GroupQuestion,
    name: str,
    index: int,
    entry: Mapping[str, Any],
    asked: Collection[str],
    count: int,
) -> str:
    by_id = {item.id: item for item in node.items}
    fields = "".join(
        frame.question(by_id[item.id], f"{name}-{index}-{item.id}", entry.get(item.id))
        for item in question.questions
        if item.id in asked
    )
    title = f"{frame.say(question.item_label)} {index + 1}"
    remove = ""
    if count > question.min:
        remove = frame.button("remove", f"{name}:{index}", _("Remove"), about=title)
    return (
        f'<fieldset class="f-group__item" id="f-{name}-{index}" tabindex="-1">'
        f'<legend class="f-group__title">{title}</legend>{fields}{remove}</fieldset>'
    )
