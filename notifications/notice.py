"""What a notice is, and the register of all of them.

One class for each notice. Its wording is one plain-text template for each language,
``notifications/<kind>.<language>.txt``: the subject in the first line, an empty line, the text.
The same template words the message in the inbox and the mail; only the inbox, behind the sign-in,
is told the name and what `NoticeContext` marks as `PRIVATE`: a mail has the receipt number, and
nothing else about a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from django.template import Context, TemplateDoesNotExist
from django.template.loader import get_template
from django.utils import translation
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from common.registry import Registry
from common.text import Text
from notifications.errors import NoticeError

LANGUAGES = ("ja", "en")

ReceiptNumber = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z\-]{1,40}$")]
# A page of the town's own site; never an address that leads elsewhere.
SitePath = Annotated[str, StringConstraints(pattern=r"^(/|(/[\w\-.]+)+/?)?$", max_length=200)]


class NoticeContext(BaseModel):
    """What every notice may be told. Unknown names are refused: nothing leaks by accident."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    # Shown in the inbox only.
    PRIVATE: ClassVar[frozenset[str]] = frozenset({"service"})

    receipt_number: ReceiptNumber
    # Which service it is about tells much about a person (welfare, disability).
    service: Text | None = None
    path: SitePath = ""
    # Whoever is told signs in to nothing: `path` leads to a page that mails them a link.
    without_sign_in: bool = False


@dataclass(frozen=True, slots=True)
class Wording:
    """A notice in words: one subject line, paragraphs of plain text."""

    subject: str
    body: str

    @property
    def paragraphs(self) -> list[str]:
        return [part.strip() for part in self.body.split("\n\n") if part.strip()]


class Notice:
    """Base of all notices. A class is a declaration; nothing is ever instantiated."""

    kind: ClassVar[str] = ""
    context: ClassVar[type[NoticeContext]] = NoticeContext
    # Ways outside that it may take besides the inbox (`Delivery.Channel`).
    channels: ClassVar[frozenset[str]] = frozenset({"mail", "sms", "webhook"})
    # Waits neither for the end of quiet hours nor for the digest.
    urgent: ClassVar[bool] = False
    # What the link in the mail says, a lazy translation.
    link_label: ClassVar[Any] = ""

    @classmethod
    def checked(cls, context: Mapping[str, Any]) -> NoticeContext:
        """`context` as the notice's own type. Raises `NoticeError`, naming fields and no values."""
        try:
            return cls.context.model_validate(dict(context))
        except ValidationError as error:
            wrong = ", ".join(sorted({str(item["loc"][0]) for item in error.errors()}))
            raise NoticeError(f"{cls.__name__}: wrong or unknown context: {wrong}") from None

    @classmethod
    def worded(
        cls, context: NoticeContext, *, language: str, name: str, town: str, private: bool
    ) -> Wording:
        """The notice in `language`; with `private` also what only the inbox may say.

        To whom it goes is said in the inbox only: a mail names nobody.
        """
        hidden = frozenset() if private else context.PRIVATE
        values = {
            field: getattr(context, field)
            for field in type(context).model_fields
            if field not in hidden
        }
        with translation.override(language):
            template = get_template(cls.template_name(language))
            text = template.template.render(  # type: ignore[attr-defined]
                Context({**values, "name": name if private else "", "town": town}, autoescape=False)
            )
        subject, _, body = text.strip().partition("\n")
        return Wording(" ".join(subject.split()), body.strip())

    @classmethod
    def template_name(cls, language: str) -> str:
        return f"notifications/{cls.kind}.{language}.txt"


notices: Registry[type[Notice]] = Registry("notice")


def register(notice: type[Notice], registry: Registry[type[Notice]] = notices) -> type[Notice]:
    """Class decorator: checks the declaration and adds it. Raises `NoticeError`, `ValueError`.

    Every language must have its template, with a subject, an empty line and a text.
    """
    if not notice.kind or not issubclass(notice.context, NoticeContext):
        raise NoticeError(f"{notice.__name__} needs a kind and a context of its own type.")
    for language in LANGUAGES:
        try:
            template = get_template(notice.template_name(language))
        except TemplateDoesNotExist:
            raise NoticeError(
                f"{notice.__name__} has no template {notice.template_name(language)}"
            ) from None
        lines = template.template.source.splitlines()  # type: ignore[attr-defined]
        if len(lines) < 3 or not lines[0].strip() or lines[1].strip():
            raise NoticeError(
                f"{notice.template_name(language)}: first the subject, an empty line, then the text"
            )
    registry.register(notice.kind, notice)
    return notice
