"""How a notice reads in a municipality: its own wording where it has one, else the platform's."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.template.loader import get_template
from django.utils import translation
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _

from notifications import merging
from notifications.merging import Malformed, Problem
from notifications.models import TownWording
from notifications.notice import Notice, NoticeContext, Wording

LONGEST_SUBJECT, LONGEST_BODY = 150, 5_000
_DATES = {"ja": "Y年n月j日", "en": "j F Y"}

# The platform's texts use just this of Django's templates; a test holds it.
_IF = re.compile(r"\{% if (\w+) %\}(.*?)\{% endif %\}", re.DOTALL)
_FIELD = re.compile(r"\{\{ (\w+)(?:\|date:\"[^\"]*\")? \}\}")


# A line with the name outside of [ ], from before it was left out of mails.
_NAMED = re.compile(r"^[^\[\n]*\{name\}[^\n]*\n?", re.MULTILINE)

# Of a context, what is not for the text.
_NO_WORDS = frozenset({"path", "without_sign_in"})


@dataclass(frozen=True, slots=True)
class Field:
    """What a wording may name. `loose`: it may be missing, so it stands in a passage."""

    name: str
    loose: bool


def fields_of(notice: type[Notice]) -> dict[str, Field]:
    """By name, in the order in which they are declared."""
    found = {"name": Field("name", True), "town": Field("town", False)}
    for name, info in notice.context.model_fields.items():
        if name in _NO_WORDS or (name == "receipt_number" and not has_number(notice)):
            continue
        loose = not info.is_required() or name in notice.context.PRIVATE
        found[name] = Field(name, loose)
    return found


def has_number(notice: type[Notice]) -> bool:
    """Whether there is a receipt number when it is sent."""
    return notice.context.model_fields["receipt_number"].is_required()


def worded(
    notice: type[Notice],
    content: NoticeContext,
    *,
    own: TownWording | None,
    language: str,
    name: str,
    town: str,
    private: bool,
) -> Wording:
    """The notice in `language`; with `private` also what only the inbox may say.

    A wording of the town that cannot be read any more gives way to the platform's. To whoever has
    no account a mail says at its end how to open the page.
    """
    words = _worded(
        notice, content, own=own, language=language, name=name, town=town, private=private
    )
    if private or not content.without_sign_in:
        return words
    with translation.override(language):
        how = _(
            "You need no account: open the page below, and we mail you a link to your application."
        )
    return Wording(words.subject, f"{words.body}\n\n{how}")


def _worded(
    notice: type[Notice],
    content: NoticeContext,
    *,
    own: TownWording | None,
    language: str,
    name: str,
    town: str,
    private: bool,
) -> Wording:
    if own is not None and own.subject.get(language) and own.body.get(language):
        known = {"name": name if private else "", "town": town}
        for field in type(content).model_fields:
            if private or field not in content.PRIVATE:
                known[field] = _shown(getattr(content, field), language)
        try:
            subject = merging.merged(own.subject[language], known)
            text = own.body[language] if private else _NAMED.sub("", own.body[language])
            body = merging.merged(text, known)
        except Malformed:
            pass
        else:
            return Wording(" ".join(subject.split()), body.strip())
    return notice.worded(content, language=language, name=name, town=town, private=private)


def _shown(value: Any, language: str) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        with translation.override(language):
            return str(format_date(value, _DATES[language]))
    if hasattr(value, "in_language"):
        return str(value.in_language(language))
    return str(value)


def own_of(kind: str) -> TownWording | None:
    """The active municipality's wording of a notice."""
    return TownWording.objects.filter(kind=kind).first()


def platform_text(notice: type[Notice], language: str) -> tuple[str, str]:
    """Subject and body of the platform's text, as a municipality would write it."""
    source = _source(notice, language)
    text = _IF.sub(lambda found: f"[{found[2]}]", source)
    text = _FIELD.sub(lambda found: "{" + found[1] + "}", text)
    subject, _rest, body = text.strip().partition("\n")
    return subject.strip(), body.strip()


def fingerprint(notice: type[Notice], language: str) -> str:
    """Changes with the platform's text."""
    return hashlib.sha256(_source(notice, language).encode()).hexdigest()[:16]


def _source(notice: type[Notice], language: str) -> str:
    template: Any = get_template(notice.template_name(language))
    return str(template.template.source)


def is_outdated(notice: type[Notice], own: TownWording, language: str) -> bool:
    """Whether the platform's text was changed after the town made its own."""
    return own.based_on.get(language) != fingerprint(notice, language)


def problems(notice: type[Notice], subject: str, body: str) -> dict[str, list[str]]:
    """What stands in the way of saving, for "subject" and "body", in words."""
    found: dict[str, list[str]] = {"subject": [], "body": []}
    for part, text, longest in (
        ("subject", subject, LONGEST_SUBJECT),
        ("body", body, LONGEST_BODY),
    ):
        if not text.strip():
            found[part].append(_("Please write a text in this language."))
        elif len(text) > longest:
            found[part].append(_("At most %(count)s characters.") % {"count": longest})
        else:
            found[part] += _in_text(notice, text, may_be_private=part == "body")
    if "\n" in subject.strip():
        found["subject"].append(_("The subject is one line."))
    if has_number(notice) and not found["body"] and "{receipt_number}" not in body:
        found["body"].append(_("The receipt number is missing: {receipt_number}."))
    return {part: said for part, said in found.items() if said}


def _in_text(notice: type[Notice], text: str, *, may_be_private: bool) -> list[str]:
    try:
        used = list(merging.fields(text))
    except Malformed as error:
        return [_syntax(error.problem)]
    known, said = fields_of(notice), []
    for name, in_passage in dict.fromkeys(used):
        if name not in known:
            said.append(_("There is no field {%(name)s}.") % {"name": name})
        elif not may_be_private and (name == "name" or name in notice.context.PRIVATE):
            # A subject is seen on a locked screen, and in a list of many.
            said.append(_("The field {%(name)s} cannot stand in the subject.") % {"name": name})
        elif known[name].loose and not in_passage:
            said.append(
                _("The field {%(name)s} can be empty. Put it and what belongs to it in [ ].")
                % {"name": name}
            )
    return said


def _syntax(problem: Problem) -> str:
    place = {"line": problem.line, "text": problem.text}
    match problem.code:
        case "brace":
            return _("Line %(line)s: this is no field: “%(text)s”") % place
        case "nested":
            return _("Line %(line)s: a [ ] within another: “%(text)s”") % place
        case "plain":
            return _("Line %(line)s: there is no field within the [ ]: “%(text)s”") % place
        case "close":
            return _("Line %(line)s: this ] has no [ before it: “%(text)s”") % place
        case _:
            return _("Line %(line)s: this [ has no ] after it: “%(text)s”") % place
