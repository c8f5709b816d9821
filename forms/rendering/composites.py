"""Fields made of several: addresses, persons, periods, repeating groups."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, cast

from django.utils.translation import gettext as _

from forms import display
from forms.parts import ACCOUNT_TYPES, COMPOSITES, Part
from forms.prepared import Node
from forms.questions import (
    GroupQuestion,
)
from forms.rendering.fields import date_boxes
from forms.rendering.frame import REFRESH, Frame, attributes


def composite(frame: Frame, node: Node, name: str, value: Any) -> str:
    """A fieldset of labelled parts."""
    question = node.question
    stored = value or {}
    kind = question.type
    own = bool(question.autocomplete) or (question.concept or "").startswith("person.")
    parts = "".join(
        _part(frame, name, part, stored.get(part.name), own=own) for part in COMPOSITES[kind]
    )
    return frame.fieldset(
        question, name, f'<div class="f-parts" id="f-{name}" tabindex="-1">{parts}</div>'
    )


def _part(frame: Frame, name: str, part: Part, stored: Any, *, own: bool) -> str:
    field = f"{name}-{part.name}"
    if part.kind == "date":
        return _date_part(frame, field, part, stored, own=own)
    error = frame.error(field)
    ids = [f"f-{field}-error"] if error else []
    optional = "" if part.required else f' <span class="f-optional">{frame.optional()}</span>'
    hint = ""
    if part.hint:
        hint = f'<p class="f-hint" id="f-{field}-hint">{part.hint}</p>'
        ids.append(f"f-{field}-hint")
    if part.kind == "account_type":
        box = _account_type(frame, field, stored, ids, wrong=bool(error))
    else:
        box = frame.box(
            field,
            stored,
            ids,
            css=f"f-input {part.css}".strip(),
            inputmode="numeric" if part.kind in {"digits", "postal_code"} else None,
            autocomplete=part.autocomplete if own else "off",
        )
    if part.kind == "postal_code":
        button = frame.button("lookup", name, _("Fill in the address"))
        box = f'<span class="f-lookup">{box}{button}</span>'
    return (
        f'<div class="f-subfield"><label class="f-sublabel" for="f-{field}">{part.label}'
        f"{optional}</label>{hint}{error}{box}</div>"
    )


def _date_part(frame: Frame, field: str, part: Part, stored: Any, *, own: bool) -> str:
    error = frame.error(field)
    described = attributes({"aria-describedby": f"f-{field}-error" if error else ""})
    birth = own and part.autocomplete == "bday"
    return (
        f'<fieldset class="f-subfield"{described}><legend class="f-sublabel">{part.label}</legend>'
        f"{error}{date_boxes(frame, field, stored, birth=birth)}</fieldset>"
    )


def _account_type(frame: Frame, field: str, stored: Any, ids: list[str], *, wrong: bool) -> str:
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
        "aria-invalid": "true" if wrong else None,
    }
    return f"<select{attributes(pairs)}>{frame.nothing_chosen()}{options}</select>"


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
