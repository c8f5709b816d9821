"""Fields of one question each."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection, Iterable, Sequence
from typing import Any, cast

from django.urls import reverse
from django.utils.translation import gettext as _

from forms import display, entries, normalise, parsing, sensitive
from forms.models import Attachment
from forms.prepared import Node
from forms.questions import (
    ChoiceQuestion,
    DateQuestion,
    DeclarationQuestion,
    FileQuestion,
    LongTextQuestion,
    MultipleQuestion,
    NumberQuestion,
    Option,
    QuestionBase,
    TextQuestion,
    YesNoQuestion,
)
from forms.rendering.frame import Frame, attributes, escape

#: A telephone offers its camera beside its pictures when image types are listed; ``capture`` would
#: leave the camera alone. JPEG comes first, and neither HEIC nor ``image/*`` at all: then iPhones
#: send photographs as JPEG by themselves, and so does Safari on a Mac.
_FILE_TYPES = {
    "pdf": ".pdf,application/pdf",
    "image": ".jpg,.jpeg,.png,.webp,image/jpeg,image/png,image/webp",
}


_PARTS = ("year", "month", "day")


def simple(frame: Frame, node: Node, name: str, value: Any) -> str:
    question = node.question
    more: dict[str, Any] = {
        "autocomplete": question.autocomplete or _autocomplete(question),
        "aria-required": frame.required(question),
    }
    if isinstance(question, TextQuestion):
        if question.width:
            more["css"] = f"f-input f-input--{question.width}"
        if question.format in {"digits", "individual_number"}:
            more["inputmode"] = "numeric"
        if question.sensitive:
            more |= {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}
            if sensitive.is_sealed(value):
                return _kept(frame, question, name, value, more)
    elif question.type == "email":
        # Not type=email: it would refuse full-width letters before we can help.
        more |= {"inputmode": "email", "autocapitalize": "none", "spellcheck": "false"}
    elif question.type == "phone":
        more |= {"type": "tel", "css": "f-input f-input--20"}
    return frame.labelled(question, name, lambda ids: frame.box(name, value, ids, **more))


def _kept(frame: Frame, question: TextQuestion, name: str, value: str, more: dict[str, Any]) -> str:
    """A sensitive answer that is stored: said to be there, never shown; to be given anew or taken
    away in the folded part, which is open while something is being typed there."""
    typed = frame.text(name, "")
    held = name + parsing.HELD
    stays = name not in frame.typed or bool(frame.text(held, ""))
    about, ids = frame.about(question, name)
    # Left empty, the stored one stays: nothing has to be typed here.
    box = frame.box(name, "", [f"f-{name}-given", *ids], **more | {"aria-required": None})
    shown = attributes({"open": bool(typed) or not stays or frame.is_wrong(name)})
    checked = attributes({"checked": stays})
    reference = sensitive.reference(value)
    change, anew, keep = _("Change or delete"), _("New answer"), _("Keep what was entered")
    label = frame.label(question)
    return frame.wrap(
        question,
        name,
        f'<p class="f-label">{label}</p>{about}'
        f'<p class="f-value" id="f-{name}-given">{escape(sensitive.mask())}</p>'
        f'<details class="f-why"{shown}><summary class="f-why__summary">{change}'
        f'<span class="f-hidden">: {frame.say(question.label)}</span></summary>'
        f'<div class="f-choice"><input class="f-choice__input" type="checkbox" id="f-{held}"'
        f' name="{held}" value="{reference}"{checked}>'
        f'<label class="f-choice__label" for="f-{held}">{keep}</label></div>'
        f'<label class="f-sublabel" for="f-{name}">{anew}'
        f'<span class="f-hidden">: {frame.say(question.label)}</span></label>{box}</details>',
    )


def long_text(frame: Frame, node: Node, name: str, value: Any) -> str:
    question = cast("LongTextQuestion", node.question)

    def control(ids: list[str]) -> str:
        pairs = {
            "class": "f-input f-input--area",
            "id": f"f-{name}",
            "name": name,
            "rows": question.rows,
            "aria-describedby": " ".join([*ids, f"f-{name}-most"]),
            "aria-invalid": "true" if name in frame.errors else None,
            "aria-required": frame.required(question),
        }
        most = _("At most %(most)s characters") % {"most": f"{question.max_length:,}"}
        return (
            f"<textarea{attributes(pairs)}>\n{escape(frame.text(name, value))}</textarea>"
            f'<p class="f-hint f-hint--after" id="f-{name}-most">{most}</p>'
        )

    return frame.labelled(question, name, control)


def number(frame: Frame, node: Node, name: str, value: Any) -> str:
    question = node.question
    decimals = question.decimals if isinstance(question, NumberQuestion) else 0
    unit = frame.say(question.unit) if isinstance(question, NumberQuestion) else _("yen")

    def control(ids: list[str]) -> str:
        box = frame.box(
            name,
            value,
            [*ids, f"f-{name}-unit"] if unit else ids,
            css="f-input f-input--10",
            inputmode="decimal" if decimals else "numeric",
            autocomplete="off",
            **{"aria-required": frame.required(question)},
        )
        if not unit:
            return box
        words = f'<span class="f-unit__text" id="f-{name}-unit">{unit}</span>'
        return f'<span class="f-unit">{box}{words}</span>'

    return frame.labelled(question, name, control)


def date(frame: Frame, node: Node, name: str, value: Any) -> str:
    question = cast("DateQuestion", node.question)
    if question.input == "text":

        def control(ids: list[str]) -> str:
            box = frame.box(name, value, ids, css="f-input f-input--20", autocomplete="off")
            return box + _era(frame, name, frame.text(name, value), hinted=bool(question.hint))

        return frame.labelled(question, name, control)
    birth = question.concept == "person.dateOfBirth"
    boxes = date_boxes(frame, name, value, birth=birth, hinted=bool(question.hint))
    return frame.fieldset(question, name, boxes)


def month(frame: Frame, node: Node, name: str, value: Any) -> str:
    hinted = bool(node.question.hint)
    return frame.fieldset(
        node.question, name, date_boxes(frame, name, value, hinted=hinted, keys=_PARTS[:2])
    )


def date_boxes(
    frame: Frame,
    name: str,
    value: Any,
    *,
    birth: bool = False,
    hinted: bool = False,
    keys: Sequence[str] = _PARTS,
) -> str:
    """Year, month and (if it is in `keys`) day, with what is wrong with each.

    `hinted`: a hint of its own is above.
    """
    stored_parts = str(value).split("-") if value else [""] * len(keys)
    wrong = name in frame.errors
    parts = []
    labels = {"year": _("Year"), "month": _("Month"), "day": _("Day")}
    for key, stored in zip(keys, stored_parts, strict=False):
        css, mode = ("f-input--year", None) if key == "year" else ("f-input--5", "numeric")
        stored, label = stored if key == "year" else stored.lstrip("0"), labels[key]
        box = frame.box(
            f"{name}-{key}",
            stored,
            css=f"f-input {css}",
            inputmode=mode,
            autocomplete=f"bday-{key}" if birth else "off",
            ids=[f"f-{name}-{key}-error"] if f"{name}-{key}" in frame.errors else [],
            wrong=wrong,
        )
        parts.append(
            f'<div class="f-date__part"><label class="f-sublabel" for="f-{name}-{key}">{label}'
            f"</label>{box}</div>"
        )
    if name in frame.typed and frame.text(name, ""):
        parts[0] += f'<input type="hidden" name="{name}" value="{escape(frame.text(name, ""))}">'
    errors = "".join(frame.error(f"{name}-{key}") for key in keys)
    typed = [frame.text(f"{name}-{key}", at) for key, at in zip(keys, stored_parts, strict=False)]
    # The anchor of error links made for the whole date.
    return (
        f'{errors}<div class="f-date" id="f-{name}" tabindex="-1">{"".join(parts)}</div>'
        f"{_era(frame, name, *typed, hinted=hinted, whole=len(keys) == len(_PARTS))}"
    )


def _era(frame: Frame, name: str, *typed: str, hinted: bool, whole: bool = True) -> str:
    """The Japanese year of what is in the boxes; `eras.js` goes on with it while somebody types."""
    try:
        day = parsing.date_typed(*typed) if whole else _last_day(parsing.month_typed(*typed))
    except normalise.Unreadable:
        day = None  # the reason is at the field
    hint = "" if hinted else _("The year can also be written 令和8 or R8.")
    words = (day and display.era_text(day, frame.language)) or hint
    return (
        f'<p class="f-hint f-hint--after" id="f-{name}-era" data-era="{escape(hint)}"'
        f' aria-live="polite">{escape(words)}</p>'
    )


def _last_day(month: str | None) -> str | None:
    """The day by which the month in which an era begins has its name."""
    if month is None:
        return None
    year, number = (int(part) for part in month.split("-"))
    return f"{month}-{monthrange(year, number)[1]}"


def _options(
    frame: Frame,
    kind: str,
    name: str,
    options: Iterable[tuple[str, str, str]],
    chosen: Collection[str],
) -> str:
    parts = []
    wrong = attributes({"aria-invalid": "true" if name in frame.errors else None})
    for index, (value, label, hint) in enumerate(options):
        anchor = f"f-{name}" if index == 0 else f"f-{name}--{index}"
        checked = " checked" if value in chosen else ""
        described = f' aria-describedby="{anchor}-hint"' if hint else ""
        words = f'<span class="f-choice__hint" id="{anchor}-hint">{hint}</span>' if hint else ""
        parts.append(
            f'<div class="f-choice"><input class="f-choice__input" type="{kind}" id="{anchor}"'
            f' name="{name}" value="{escape(value)}"{checked}{described}{wrong}>'
            f'<label class="f-choice__label" for="{anchor}">{label}</label>{words}</div>'
        )
    return f'<div class="f-choices">{"".join(parts)}</div>'


def choice(frame: Frame, node: Node, name: str, value: Any) -> str:
    question = cast("ChoiceQuestion", node.question)
    chosen = frame.chosen(name, [value])
    if not question.as_select:
        return frame.fieldset(
            question,
            name,
            _options(frame, "radio", name, _triples(frame, question.choices), chosen),
        )

    def control(ids: list[str]) -> str:
        pairs = {
            "class": "f-input f-input--select",
            "id": f"f-{name}",
            "name": name,
            "aria-describedby": " ".join(ids),
            "aria-invalid": "true" if name in frame.errors else None,
            "aria-required": frame.required(question),
        }
        options = "".join(
            f'<option value="{escape(value)}"{" selected" if value in chosen else ""}>'
            f"{label}</option>"
            for value, label, _hint in _triples(frame, question.choices)
        )
        return f"<select{attributes(pairs)}>{frame.nothing_chosen()}{options}</select>"

    return frame.labelled(question, name, control)


def _triples(frame: Frame, options: Iterable[Option]) -> list[tuple[str, str, str]]:
    return [(o.value, frame.say(o.label), frame.say(o.hint)) for o in options]


def multiple(frame: Frame, node: Node, name: str, value: Any) -> str:
    question = cast("MultipleQuestion", node.question)
    chosen = frame.chosen(name, value or [])
    options = _options(frame, "checkbox", name, _triples(frame, question.choices), chosen)
    return frame.fieldset(question, name, options)


def yes_no(frame: Frame, node: Node, name: str, value: Any) -> str:
    question = cast("YesNoQuestion", node.question)
    stored = {True: "yes", False: "no"}.get(value)
    options = [
        ("yes", frame.say(question.yes_label) or _("Yes"), ""),
        ("no", frame.say(question.no_label) or _("No"), ""),
    ]
    chosen = frame.chosen(name, [stored])
    return frame.fieldset(question, name, _options(frame, "radio", name, options, chosen))


def declaration(frame: Frame, node: Node, name: str, value: Any) -> str:
    question = cast("DeclarationQuestion", node.question)
    about, ids = frame.about(question, name)
    text = frame.say(question.text).replace("\n", "<br>")
    before = f'<div class="f-declaration" id="f-{name}-text">{text}</div>' if text else ""
    described = attributes({"aria-describedby": " ".join([f"f-{name}-text"] * bool(text) + ids)})
    checked = " checked" if "yes" in frame.chosen(name, ["yes"] if value else []) else ""
    box = (
        f'<div class="f-choice"><input class="f-choice__input" type="checkbox" id="f-{name}"'
        f' name="{name}" value="yes"{checked}{described}>'
        f'<label class="f-choice__label" for="f-{name}">{frame.label(question)}</label></div>'
    )
    return frame.wrap(question, name, f"{before}{about}{box}")


def file(frame: Frame, node: Node, name: str, value: Any) -> str:
    question = cast("FileQuestion", node.question)
    kept = [item for item in frame.typed.get(f"{name}-kept", value or []) if item]
    frame.listed[name] = kept
    rows = "".join(_attached(frame, name, item) for item in kept)
    listed = f'<ul class="f-file__list">{rows}</ul>' if rows else ""
    accept = ",".join(_FILE_TYPES[kind] for kind in question.accept)
    kinds = " / ".join({"pdf": "PDF", "image": "JPEG, PNG, WebP"}[kind] for kind in question.accept)
    limits = _("%(kinds)s, up to %(most)s MB each") % {
        "kinds": kinds,
        "most": question.max_size_mb,
    }
    if question.max_files > 1:
        limits += " · " + _("at most %(most)s files") % {"most": question.max_files}

    # What the script finds the question again by, when entries come and go.
    path = "/".join(frame.keys.get(entry, "") for entry in entries.around(name))
    place = f' data-file="{node.id}" data-name="{name}" data-entry="{path}"'

    def control(ids: list[str]) -> str:
        pairs = {
            "class": "f-file__input",
            "type": "file",
            "id": f"f-{name}",
            "name": name,
            "accept": accept,
            "multiple": question.max_files > 1,
            "data-resumable": True,  # in pieces, by a script
            "aria-describedby": " ".join([*ids, f"f-{name}-limits"]),
            "aria-invalid": "true" if name in frame.errors else None,
        }
        marker = f'<input type="hidden" name="{name}-kept" value="">'
        limit = f'<p class="f-hint" id="f-{name}-limits">{escape(limits)}</p>'
        if len(kept) >= question.max_files or not frame.takes_uploads:
            full = (
                _("To attach another file, remove this one first.")
                if frame.takes_uploads
                else _("A file can be attached with your next application.")
            )
            inside = f'{marker}{listed}<p class="f-hint">{full}</p>'
            return f'<div class="f-file"{place} id="f-{name}" tabindex="-1">{inside}</div>'
        return f'<div class="f-file"{place}>{marker}{listed}{limit}<input{attributes(pairs)}></div>'

    return frame.labelled(question, name, control)


def _attached(frame: Frame, name: str, item: str) -> str:
    known = frame.files.get(item)
    filename = escape(known.filename if known else _("File"))
    size = display.size_text(known.size if known else 0)
    remove = frame.button("remove-file", item, _("Remove"), about=filename)
    small = ""
    if known and known.content_type.startswith("image/"):
        address = reverse(frame.thumbnails, args=[known.pk])
        small = f'<img src="{address}" alt="" width="48" height="48" loading="lazy">'
    return (
        f'<li class="f-file__item"><input type="hidden" name="{name}-kept" value="{escape(item)}">'
        f'{small}<span class="f-file__name">{filename}</span> '
        f'<span class="f-file__size">{size}</span> {_code(known)}{remove}</li>'
    )


def _code(known: Attachment | None) -> str:
    """The beginning of its hash, by which two people see that they speak of the same file."""
    if known is None:
        return ""
    title, why = _("Check code"), _("The same code means the same file.")
    code = escape(known.sha256)
    return (
        f'<details class="file__code"><summary>{title} <code>{code[:8]}</code></summary>'
        f"<code>SHA-256: {code}</code><br>{why}</details>"
    )


def computed(frame: Frame, node: Node, name: str, value: Any) -> str:
    question = node.question
    about, _ids = frame.about(question, name)
    words = escape(display.text_of(question, value, frame.language))
    return (
        f'<div class="f-field f-field--computed" id="f-{name}"><p class="f-label">'
        f"{frame.say(question.label)}</p>{about}"
        f'<output class="f-value">{words or "—"}</output></div>'
    )


def _autocomplete(question: QuestionBase) -> str:
    return {
        "person.fullName": "name",
        "contact.email": "email",
        "contact.phone": "tel",
    }.get(question.concept or "", "")
