"""Fields made of several: addresses, persons, periods, repeating groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from django.utils.translation import gettext as _

from common import maps
from forms import display, entries, postal
from forms.parts import ACCOUNT_TYPES, COMPOSITES, Part
from forms.prepared import Node
from forms.questions import (
    GroupQuestion,
)
from forms.rendering import accounts
from forms.rendering.fields import date_boxes
from forms.rendering.frame import REFRESH, Frame, attributes, escape

_NUMERIC = frozenset({"digits", "postal_code"})


def composite(frame: Frame, node: Node, name: str, value: Any) -> str:
    """A fieldset of labelled parts."""
    question = node.question
    stored = value or {}
    kind = question.type
    own = bool(question.autocomplete) or (question.concept or "").startswith("person.")
    places = _places(frame, name) if kind == "address" else {}
    parts = "".join(
        _part(frame, name, part, stored, own, places.get(part.name, []))
        for part in COMPOSITES[kind]
    )
    offer = _map(name) if kind == "location" else ""
    return frame.fieldset(
        question, name, f'<div class="f-parts" id="f-{name}" tabindex="-1">{parts}</div>{offer}'
    )


def _map(name: str) -> str:
    """Offers a map below the boxes, where there is a script to show it (static/js/map.js)."""
    tiles = maps.tiles()
    if tiles is None:
        return ""
    show, hide = _("Show a map"), _("Hide the map")
    about, described = "", ""
    if tiles.host:
        words = _(
            "The pictures of the map come from %(host)s, which then sees the address of your "
            "connection and the area you look at, and nothing of what you write here."
        ) % {"host": tiles.host}
        about = f'<p class="f-hint" id="f-{name}-map-about">{escape(words)}</p>'
        described = attributes({"aria-describedby": f"f-{name}-map-about"})
    return (
        f'<div class="f-map" data-map="{name}" hidden>{about}'
        f'<button class="f-button" type="button" data-map-button data-show="{escape(show)}" '
        f'data-hide="{escape(hide)}" aria-expanded="false" aria-controls="f-{name}-map"'
        f"{described}>{escape(show)}</button>"
        f'<p class="f-error" role="status" data-map-problem></p>'
        f'<div id="f-{name}-map" data-map-holder hx-preserve></div></div>'
    )


def _places(frame: Frame, name: str) -> dict[str, list[str]]:
    """What each part can be, where the postal code just typed stands for several places."""
    if f"{name}-postalCode" not in frame.typed:
        return {}
    places = postal.look_up(frame.text(f"{name}-postalCode", ""))
    found = {
        "prefecture": [place.prefecture for place in places],
        "city": [place.city for place in places],
        "streetAddress": [place.neighborhood for place in places if place.neighborhood],
    }
    return {part: list(dict.fromkeys(words)) for part, words in found.items() if len(places) > 1}


def _part(
    frame: Frame,
    name: str,
    part: Part,
    answer: Mapping[str, Any],
    own: bool,
    offered: Sequence[str],
) -> str:
    field, stored = f"{name}-{part.name}", answer.get(part.name)
    if part.kind == "date":
        return _date_part(frame, field, part, stored, own=own)
    error = frame.error(field)
    ids = [f"f-{field}-error"] if error else []
    optional = "" if part.required else f' <span class="f-optional">{frame.optional()}</span>'
    hint = ""
    if part.hint:
        hint = f'<p class="f-hint" id="f-{field}-hint">{part.hint}</p>'
        ids.append(f"f-{field}-hint")
    said = accounts.said(frame, name, part, answer) if part.look_up else ""
    if said:
        ids.append(f"f-{field}-said")
    if part.kind == "account_type":
        box = _account_type(frame, field, stored, ids, wrong=bool(error))
    else:
        box = frame.box(
            field,
            stored,
            ids,
            css=f"f-input {part.css}".strip(),
            inputmode="numeric" if part.kind in _NUMERIC and not part.look_up else None,
            autocomplete=part.autocomplete if own else "off",
            list=f"f-{field}-places" if len(offered) > 1 else None,
        )
    if len(offered) > 1:
        options = "".join(f'<option value="{escape(words)}"></option>' for words in offered)
        box += f'<datalist id="f-{field}-places">{options}</datalist>'
    if part.kind == "postal_code":
        button = frame.button("lookup", name, _("Fill in the address"))
        box = f'<span class="f-lookup">{box}{button}</span>'
    elif part.look_up:
        button = frame.button("lookup", field, str(part.look_up), key=f"f-{field}-lookup")
        box = f'<span class="f-lookup">{box}{button}</span>{said}'
    refresh = REFRESH if part.look_up else ""
    return (
        f'<div class="f-subfield"{refresh}><label class="f-sublabel" for="f-{field}">{part.label}'
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


class _Typed:
    """What was posted, as `entries` reads it."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame

    def get(self, name: str) -> str:
        return self.frame.text(name, "")

    def __iter__(self) -> Iterator[str]:
        return iter(self.frame.typed)


def group(frame: Frame, node: Node, name: str, value: Any) -> str:
    question = cast("GroupQuestion", node.question)
    items = list(value or [])
    if f"{name}-n" in frame.typed:
        count = entries.size(question, name, _Typed(frame))
    else:
        count = len(items) or question.count_at_first
    items += [{}] * (count - len(items))
    _number_entries(frame, node, name, items[:count])
    painted = "".join(
        _entry(frame, node, name, index, items[index], count) for index in range(count)
    )
    add = ""
    if count < question.max:
        words = frame.say(question.add_label) or _("Add another")
        add = frame.button("add", name, words, trusted=True)
    inside = (
        f'<input type="hidden" name="{name}-n" value="{count}">{painted}'
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


def _number_entries(
    frame: Frame, node: Node, name: str, items: Sequence[Mapping[str, Any]]
) -> None:
    """Where files are asked for, each entry gets its key: typed, stored, or the next free one."""
    if not node.asks_files:
        return
    given = [
        entries.key_in(frame.text(f"{name}-{index}-{entries.KEY}", item.get(entries.KEY)))
        for index, item in enumerate(items)
    ]
    for index, key in enumerate(entries.keys(given, len(items))):
        frame.keys[f"{name}-{index}"] = key


def _entry(
    frame: Frame, node: Node, name: str, index: int, entry: Mapping[str, Any], count: int
) -> str:
    question, here = cast("GroupQuestion", node.question), f"{name}-{index}"
    by_id = {item.id: item for item in node.items}
    visible = frame.state.item_visible.get(name, [])
    asked = (
        visible[index]
        if index < len(visible)
        else {item.id for item in node.items if item.show is None}
    )
    fields = "".join(
        frame.question(by_id[item.id], f"{here}-{item.id}", entry.get(item.id))
        for item in question.questions
        if item.id in asked
    )
    title = f"{frame.say(question.item_label)} {index + 1}"
    buttons = ""
    if question.ordered and index:
        buttons += frame.button("up", f"{name}:{index}", _("Move up"), about=title)
    if count > question.min:
        buttons += frame.button("remove", f"{name}:{index}", _("Remove"), about=title)
    hidden = ""
    if key := frame.keys.get(here):
        path = "/".join(frame.keys[entry] for entry in entries.around(f"{here}-"))
        hidden = (
            f'<input type="hidden" name="{here}-{entries.KEY}" value="{key}" data-entry="{path}">'
        )
    return (
        f'<fieldset class="f-group__item" id="f-{here}" tabindex="-1">'
        f'<legend class="f-group__title">{title}</legend>{fields}{hidden}{buttons}</fieldset>'
    )
