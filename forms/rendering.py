"""HTML of the fields. Built in Python: a form step is the page most often made.

Every value goes through `escape`; only markup written here is trusted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from forms import display
from forms.models import Attachment
from forms.prepared import Node
from forms.questions import (
    ADDRESS_PARTS,
    AddressQuestion,
    ChoiceQuestion,
    ComputedQuestion,
    DateQuestion,
    DeclarationQuestion,
    FileQuestion,
    GroupQuestion,
    LongTextQuestion,
    MultipleQuestion,
    NumberQuestion,
    Option,
    QuestionBase,
    TextQuestion,
    YesNoQuestion,
)
from forms.seals import is_verified
from forms.state import State

#: Typed text is shown again up to this length; more would only make the page heavy.
LONGEST_ECHO = 20_000
_REFRESH = ' hx-post="" hx-trigger="change" hx-vals=\'{"_do":"refresh"}\''
_FILE_TYPES = {
    "pdf": ".pdf,application/pdf",
    "image": ".jpg,.jpeg,.png,.webp,image/jpeg,image/png,image/webp",
}
_ADDRESS_TOKENS = {
    "postalCode": "postal-code",
    "prefecture": "address-level1",
    "city": "address-level2",
    "streetAddress": "address-line1",
    "building": "address-line2",
}


def _attributes(pairs: Mapping[str, Any]) -> str:
    """`` name="value"``; None and False are left out, True is a bare name."""
    return "".join(
        f" {name}" if value is True else f' {name}="{escape(value)}"'
        for name, value in pairs.items()
        if value is not None and value is not False and value != ""
    )


@dataclass
class Painter:
    """Paints the questions of one page."""

    state: State
    provenance: Mapping[str, Any]
    controlling: Collection[str]
    typed: Mapping[str, Any]
    errors: Mapping[str, list[str]]
    files: Mapping[str, Attachment]
    language: str

    def fields(self, nodes: Iterable[Node]) -> SafeString:
        """The HTML of all questions that are asked."""
        parts = [self._question(node, node.id, self.state.values.get(node.id)) for node in nodes]
        # Everything that is not markup of this module was escaped where it was put in.
        return mark_safe("".join(parts))  # noqa: S308

    # --- the frame around a field -------------------------------------------------------------
    def _question(self, node: Node, name: str, value: Any) -> str:
        question = node.question
        if is_verified(self.provenance.get(name)):
            return self._verified(question, name, value)
        return _PAINTERS[question.type](self, node, name, value)

    def _in(self, text: Any) -> str:
        return escape(text.in_language(self.language)) if text else ""

    def _label(self, question: QuestionBase) -> str:
        optional = not question.required and question.required_when is None
        if optional and not isinstance(question, ComputedQuestion | GroupQuestion):
            return f'{self._in(question.label)} <span class="f-optional">{_("optional")}</span>'
        return self._in(question.label)

    def _about(self, question: QuestionBase, name: str) -> tuple[str, list[str]]:
        """Hint, why we ask, errors, badge; and the ids that describe the field."""
        parts, ids = [], []
        if question.hint:
            parts.append(f'<p class="f-hint" id="f-{name}-hint">{self._in(question.hint)}</p>')
            ids.append(f"f-{name}-hint")
        parts.append(self._why(question))
        error = self._error(name)
        if error:
            parts.append(error)
            ids.append(f"f-{name}-error")
        origin = self.provenance.get(name)
        if origin:
            words = display.origin_label(origin)
            parts.append(f'<p class="f-badge f-badge--prefilled" id="f-{name}-from">{words}</p>')
            ids.append(f"f-{name}-from")
        return "".join(parts), ids

    def _why(self, question: QuestionBase) -> str:
        if not (question.why or question.legal_basis):
            return ""
        why = f"<p>{self._in(question.why)}</p>" if question.why else ""
        if question.legal_basis:
            basis = self._in(question.legal_basis)
            why += f'<p class="f-why__basis">{_("Legal basis")}: {basis}</p>'
        return (
            f'<details class="f-why"><summary class="f-why__summary">{_("Why we ask")}</summary>'
            f"{why}</details>"
        )

    def _error(self, name: str) -> str:
        messages = self.errors.get(name)
        if not messages:
            return ""
        words = "<br>".join(escape(message) for message in messages)
        return (
            f'<p class="f-error" id="f-{name}-error"><span class="f-error__mark">'
            f"{_('Error')}:</span> {words}</p>"
        )

    def _wrap(self, question: QuestionBase, name: str, inside: str) -> str:
        wrong = " f-field--error" if self._is_wrong(name) else ""
        refresh = _REFRESH if question.id in self.controlling else ""
        return f'<div class="f-field f-field--{question.type}{wrong}"{refresh}>{inside}</div>'  # type: ignore[attr-defined]

    def _set(self, question: QuestionBase, name: str, inside: str) -> str:
        """A fieldset: the legend is the label, hint and error describe the whole."""
        about, ids = self._about(question, name)
        wrong = " f-field--error" if self._is_wrong(name) else ""
        refresh = _REFRESH if question.id in self.controlling else ""
        described = _attributes({"aria-describedby": " ".join(ids)})
        return (
            f'<fieldset class="f-field f-field--{question.type}{wrong}"{described}{refresh}>'  # type: ignore[attr-defined]
            f'<legend class="f-label">{self._label(question)}</legend>{about}{inside}</fieldset>'
        )

    def _is_wrong(self, name: str) -> bool:
        return name in self.errors or any(key.startswith(f"{name}-") for key in self.errors)

    def _text(self, name: str, stored: Any) -> str:
        """What an input holds: what was typed just now, else what is stored."""
        if name in self.typed:
            found = self.typed[name]
            stored = found[-1] if isinstance(found, list) and found else found or ""
        return str("" if stored is None else stored)[:LONGEST_ECHO]

    def _input(self, name: str, stored: Any, ids: Iterable[str] = (), **more: Any) -> str:
        kind = more.pop("css", "f-input")
        pairs = {
            "class": kind,
            "type": more.pop("type", "text"),
            "id": f"f-{name}",
            "name": name,
            "value": self._text(name, stored),
            "aria-describedby": " ".join(ids),
            "aria-invalid": "true" if name in self.errors else None,
        }
        return f"<input{_attributes(pairs | more)}>"

    def _labelled(
        self, question: QuestionBase, name: str, control: Callable[[list[str]], str]
    ) -> str:
        about, ids = self._about(question, name)
        label = f'<label class="f-label" for="f-{name}">{self._label(question)}</label>'
        return self._wrap(question, name, f"{label}{about}{control(ids)}")

    @staticmethod
    def _required(question: QuestionBase) -> str | None:
        # Told to assistive technology; the browser's own refusal would stop "save and leave".
        return "true" if question.required and question.required_when is None else None

    # --- types --------------------------------------------------------------------------------
    def _verified(self, question: QuestionBase, name: str, value: Any) -> str:
        words = escape(display.text_of(question, value, self.language)).replace("\n", "<br>")
        error = self._error(name)
        return (
            f'<div class="f-field f-field--verified" id="f-{name}" tabindex="-1">'
            f'<p class="f-label">{self._in(question.label)}</p>{error}'
            f'<p class="f-value">{words}</p>'
            f'<p class="f-badge f-badge--verified">{_("Verified by eID")}</p>{self._why(question)}'
            "</div>"
        )

    def _simple(self, node: Node, name: str, value: Any) -> str:
        question = node.question
        more: dict[str, Any] = {
            "autocomplete": question.autocomplete or _autocomplete(question),
            "aria-required": self._required(question),
        }
        if isinstance(question, TextQuestion):
            if question.width:
                more["css"] = f"f-input f-input--{question.width}"
            if question.format == "digits":
                more["inputmode"] = "numeric"
        elif question.type == "email":
            # Not type=email: it would refuse full-width letters before we can help.
            more |= {"inputmode": "email", "autocapitalize": "none", "spellcheck": "false"}
        elif question.type == "phone":
            more |= {"type": "tel", "css": "f-input f-input--20"}
        return self._labelled(question, name, lambda ids: self._input(name, value, ids, **more))

    def _long_text(self, node: Node, name: str, value: Any) -> str:
        question = node.question
        assert isinstance(question, LongTextQuestion)

        def control(ids: list[str]) -> str:
            pairs = {
                "class": "f-input f-input--area",
                "id": f"f-{name}",
                "name": name,
                "rows": question.rows,
                "aria-describedby": " ".join([*ids, f"f-{name}-most"]),
                "aria-invalid": "true" if name in self.errors else None,
                "aria-required": self._required(question),
            }
            most = _("At most %(most)s characters") % {"most": f"{question.max_length:,}"}
            return (
                f"<textarea{_attributes(pairs)}>\n{escape(self._text(name, value))}</textarea>"
                f'<p class="f-hint f-hint--after" id="f-{name}-most">{most}</p>'
            )

        return self._labelled(question, name, control)

    def _number(self, node: Node, name: str, value: Any) -> str:
        question = node.question
        decimals = question.decimals if isinstance(question, NumberQuestion) else 0
        unit = self._in(question.unit) if isinstance(question, NumberQuestion) else _("yen")

        def control(ids: list[str]) -> str:
            box = self._input(
                name,
                value,
                [*ids, f"f-{name}-unit"] if unit else ids,
                css="f-input f-input--10",
                inputmode="decimal" if decimals else "numeric",
                autocomplete="off",
                **{"aria-required": self._required(question)},
            )
            if not unit:
                return box
            return f'<span class="f-unit">{box}<span class="f-unit__text" id="f-{name}-unit">{unit}</span></span>'

        return self._labelled(question, name, control)

    def _date(self, node: Node, name: str, value: Any) -> str:
        question = node.question
        assert isinstance(question, DateQuestion)
        if question.input == "text":
            return self._labelled(
                question,
                name,
                lambda ids: self._input(
                    name, value, ids, css="f-input f-input--20", autocomplete="off"
                ),
            )
        year, month, day = str(value).split("-") if value else ("", "", "")
        birth = question.concept == "person.dateOfBirth"
        wrong = "true" if name in self.errors else None
        parts = []
        for key, label, stored, css, mode in (
            ("year", _("Year"), year, "f-input--year", None),
            ("month", _("Month"), month.lstrip("0"), "f-input--5", "numeric"),
            ("day", _("Day"), day.lstrip("0"), "f-input--5", "numeric"),
        ):
            box = self._input(
                f"{name}-{key}",
                stored,
                css=f"f-input {css}",
                inputmode=mode,
                autocomplete=f"bday-{key}" if birth else "off",
                **{"aria-invalid": wrong},
            )
            parts.append(
                f'<div class="f-date__part"><label class="f-sublabel" for="f-{name}-{key}">{label}'
                f"</label>{box}</div>"
            )
        if name in self.typed and self._text(name, ""):
            parts[0] += (
                f'<input type="hidden" name="{name}" value="{escape(self._text(name, ""))}">'
            )
        # The anchor of error links made for the whole date.
        inside = f'<div class="f-date" id="f-{name}" tabindex="-1">{"".join(parts)}</div>'
        return self._set(question, name, inside)

    def _options(
        self, kind: str, name: str, options: Iterable[tuple[str, str, str]], chosen: Collection[str]
    ) -> str:
        parts = []
        wrong = _attributes({"aria-invalid": "true" if name in self.errors else None})
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

    def _chosen(self, name: str, stored: Iterable[Any]) -> set[str]:
        if name in self.typed:
            found = self.typed[name]
            return {str(item) for item in (found if isinstance(found, list) else [found])}
        # Nothing ticked leaves no trace in a post: then what is stored counts as before.
        return {str(item) for item in stored if item is not None}

    def _triples(self, options: Iterable[Option]) -> list[tuple[str, str, str]]:
        return [(o.value, self._in(o.label), self._in(o.hint)) for o in options]

    def _choice(self, node: Node, name: str, value: Any) -> str:
        question = node.question
        assert isinstance(question, ChoiceQuestion)
        chosen = self._chosen(name, [value])
        if not question.as_select:
            return self._set(
                question,
                name,
                self._options("radio", name, self._triples(question.choices), chosen),
            )

        def control(ids: list[str]) -> str:
            pairs = {
                "class": "f-input f-input--select",
                "id": f"f-{name}",
                "name": name,
                "aria-describedby": " ".join(ids),
                "aria-invalid": "true" if name in self.errors else None,
                "aria-required": self._required(question),
            }
            options = "".join(
                f'<option value="{escape(value)}"{" selected" if value in chosen else ""}>{label}</option>'
                for value, label, _hint in self._triples(question.choices)
            )
            return (
                f'<select{_attributes(pairs)}><option value="">{_("Please choose")}</option>'
                f"{options}</select>"
            )

        return self._labelled(question, name, control)

    def _multiple(self, node: Node, name: str, value: Any) -> str:
        question = node.question
        assert isinstance(question, MultipleQuestion)
        chosen = self._chosen(name, value or [])
        options = self._options("checkbox", name, self._triples(question.choices), chosen)
        return self._set(question, name, options)

    def _yes_no(self, node: Node, name: str, value: Any) -> str:
        question = node.question
        assert isinstance(question, YesNoQuestion)
        stored = {True: "yes", False: "no"}.get(value)
        options = [
            ("yes", self._in(question.yes_label) or _("Yes"), ""),
            ("no", self._in(question.no_label) or _("No"), ""),
        ]
        chosen = self._chosen(name, [stored])
        return self._set(question, name, self._options("radio", name, options, chosen))

    def _declaration(self, node: Node, name: str, value: Any) -> str:
        question = node.question
        assert isinstance(question, DeclarationQuestion)
        about, ids = self._about(question, name)
        text = self._in(question.text).replace("\n", "<br>")
        before = f'<div class="f-declaration" id="f-{name}-text">{text}</div>' if text else ""
        described = _attributes(
            {"aria-describedby": " ".join([f"f-{name}-text"] * bool(text) + ids)}
        )
        checked = " checked" if "yes" in self._chosen(name, ["yes"] if value else []) else ""
        box = (
            f'<div class="f-choice"><input class="f-choice__input" type="checkbox" id="f-{name}"'
            f' name="{name}" value="yes"{checked}{described}>'
            f'<label class="f-choice__label" for="f-{name}">{self._label(question)}</label></div>'
        )
        return self._wrap(question, name, f"{before}{about}{box}")

    def _address(self, node: Node, name: str, value: Any) -> str:
        question = node.question
        assert isinstance(question, AddressQuestion)
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
            error = self._error(field)
            optional = ""
            if part == "building":
                optional = f' <span class="f-optional">{_("optional")}</span>'
            box = self._input(
                field,
                stored.get(part),
                [f"f-{field}-error"] if error else [],
                css=f"f-input {sizes.get(part, '')}".strip(),
                inputmode="numeric" if part == "postalCode" else None,
                autocomplete=_ADDRESS_TOKENS[part] if own else "off",
            )
            if part == "postalCode":
                box = f'<span class="f-lookup">{box}{self._button("lookup", name, _("Fill in the address"))}</span>'
            parts.append(
                f'<div class="f-subfield"><label class="f-sublabel" for="f-{field}">{labels[part]}'
                f"{optional}</label>{error}{box}</div>"
            )
        return self._set(
            question,
            name,
            f'<div class="f-address" id="f-{name}" tabindex="-1">{"".join(parts)}</div>',
        )

    def _bank_account(self, node: Node, name: str, value: Any) -> str:
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
            error = self._error(field)
            ids = [f"f-{field}-error"] if error else []
            if part == "accountType":
                box = self._account_type(field, stored.get(part), ids)
            else:
                box = self._input(
                    field, stored.get(part), ids, css=f"f-input {css}".strip(), inputmode=mode,
                    autocomplete="off",
                )  # fmt: skip
            parts.append(
                f'<div class="f-subfield"><label class="f-sublabel" for="f-{field}">{label}</label>'
                f"{error}{box}</div>"
            )
        return self._set(
            node.question,
            name,
            f'<div class="f-bank" id="f-{name}" tabindex="-1">{"".join(parts)}</div>',
        )

    def _account_type(self, field: str, stored: Any, ids: list[str]) -> str:
        chosen = self._text(field, stored)
        options = "".join(
            f'<option value="{key}"{" selected" if key == chosen else ""}>{display.account_type_text(key)}</option>'
            for key in ("ordinary", "current", "savings")
        )
        pairs = {
            "class": "f-input f-input--select",
            "id": f"f-{field}",
            "name": field,
            "aria-describedby": " ".join(ids),
            "aria-invalid": "true" if ids else None,
        }
        return f'<select{_attributes(pairs)}><option value="">{_("Please choose")}</option>{options}</select>'

    def _file(self, node: Node, name: str, value: Any) -> str:
        question = node.question
        assert isinstance(question, FileQuestion)
        kept = [item for item in self.typed.get(f"{name}-kept", value or []) if item]
        rows = "".join(self._attached(name, item) for item in kept)
        listed = f'<ul class="f-file__list">{rows}</ul>' if rows else ""
        accept = ",".join(_FILE_TYPES[kind] for kind in question.accept)
        kinds = " / ".join(
            {"pdf": "PDF", "image": "JPEG, PNG, WebP"}[kind] for kind in question.accept
        )
        limits = _("%(kinds)s, up to %(most)s MB each") % {
            "kinds": kinds,
            "most": question.max_size_mb,
        }
        if question.max_files > 1:
            limits += " · " + _("at most %(most)s files") % {"most": question.max_files}

        def control(ids: list[str]) -> str:
            pairs = {
                "class": "f-file__input",
                "type": "file",
                "id": f"f-{name}",
                "name": name,
                "accept": accept,
                "multiple": question.max_files > 1,
                "aria-describedby": " ".join([*ids, f"f-{name}-limits"]),
                "aria-invalid": "true" if name in self.errors else None,
            }
            marker = f'<input type="hidden" name="{name}-kept" value="">'
            limit = f'<p class="f-hint" id="f-{name}-limits">{escape(limits)}</p>'
            if len(kept) >= question.max_files:
                full = _("To attach another file, remove this one first.")
                return f'<div class="f-file" id="f-{name}" tabindex="-1">{marker}{listed}<p class="f-hint">{full}</p></div>'
            return f'<div class="f-file">{marker}{listed}{limit}<input{_attributes(pairs)}></div>'

        return self._labelled(question, name, control)

    def _attached(self, name: str, item: str) -> str:
        known = self.files.get(item)
        filename = escape(known.filename if known else _("File"))
        size = f"{max(1, round((known.size if known else 0) / 1024)):,} kB"
        return (
            f'<li class="f-file__item"><input type="hidden" name="{name}-kept" value="{escape(item)}">'
            f'<span class="f-file__name">{filename}</span> <span class="f-file__size">{size}</span> '
            f"{self._button('remove-file', item, _('Remove'), about=filename)}</li>"
        )

    def _computed(self, node: Node, name: str, value: Any) -> str:
        question = node.question
        about, _ids = self._about(question, name)
        words = escape(display.text_of(question, value, self.language))
        return (
            f'<div class="f-field f-field--computed" id="f-{name}"><p class="f-label">'
            f'{self._in(question.label)}</p>{about}<output class="f-value">{words or "—"}</output></div>'
        )

    def _group(self, node: Node, name: str, value: Any) -> str:
        question = node.question
        assert isinstance(question, GroupQuestion)
        items = list(value or [])
        visible = list(self.state.item_visible.get(node.id, []))
        typed = self._text(f"{name}-n", "")
        if typed.isascii() and typed.isdigit():
            count = min(int(typed[:3]), question.max + 1)
        else:
            count = len(items) or min(max(question.min, int(question.required)), question.max)
        entries = []
        first = [item for item in node.items if item.show is None]
        for index in range(count):
            entry = items[index] if index < len(items) else {}
            asked = visible[index] if index < len(visible) else {item.id for item in first}
            entries.append(self._entry(node, question, name, index, entry, asked, count))
        add = ""
        if count < question.max:
            words = self._in(question.add_label) or _("Add another")
            add = self._button("add", name, words, trusted=True)
        inside = (
            f'<input type="hidden" name="{name}-n" value="{count}">{"".join(entries)}'
            f'<p class="f-group__add" id="f-{name}" tabindex="-1">{add}</p>'
        )
        about, ids = self._about(question, name)
        described = _attributes({"aria-describedby": " ".join(ids)})
        wrong = " f-field--error" if name in self.errors else ""
        refresh = _REFRESH if self._refreshes(node) else ""
        return (
            f'<fieldset class="f-field f-group{wrong}"{described}{refresh}><legend class="f-label">'
            f"{self._label(question)}</legend>{about}{inside}</fieldset>"
        )

    def _refreshes(self, node: Node) -> bool:
        """Only when something outside an entry hangs on the group as a whole."""
        return node.id in self.controlling

    def _entry(
        self,
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
            self._question(by_id[item.id], f"{name}-{index}-{item.id}", entry.get(item.id))
            for item in question.questions
            if item.id in asked
        )
        title = f"{self._in(question.item_label)} {index + 1}"
        remove = ""
        if count > question.min:
            remove = self._button("remove", f"{name}:{index}", _("Remove"), about=title)
        return (
            f'<fieldset class="f-group__item" id="f-{name}-{index}" tabindex="-1">'
            f'<legend class="f-group__title">{title}</legend>{fields}{remove}</fieldset>'
        )

    @staticmethod
    def _button(
        action: str, about_what: str, words: str, *, about: str = "", trusted: bool = False
    ) -> str:
        """A submit button that stays on the page; htmx makes it smooth."""
        text = words if trusted else escape(words)
        hidden = f'<span class="f-hidden"> {about}</span>' if about else ""
        return (
            f'<button class="f-button f-button--{action}" type="submit" name="_do" '
            f'value="{escape(f"{action}:{about_what}")}" formnovalidate hx-post="">{text}{hidden}</button>'
        )


def _autocomplete(question: QuestionBase) -> str:
    return {
        "person.fullName": "name",
        "contact.email": "email",
        "contact.phone": "tel",
    }.get(question.concept or "", "")


_PAINTERS: dict[str, Callable[[Painter, Node, str, Any], str]] = {
    "text": Painter._simple,
    "email": Painter._simple,
    "phone": Painter._simple,
    "long_text": Painter._long_text,
    "number": Painter._number,
    "money": Painter._number,
    "date": Painter._date,
    "choice": Painter._choice,
    "multiple": Painter._multiple,
    "yes_no": Painter._yes_no,
    "declaration": Painter._declaration,
    "address": Painter._address,
    "bank_account": Painter._bank_account,
    "file": Painter._file,
    "computed": Painter._computed,
    "group": Painter._group,
}
