"""What the form engine refuses."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from common.errors import DomainError


class DefinitionError(Exception):
    """A form definition that cannot be published; the message names the place."""

    def __init__(self, message: str, path: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.path = path


class TamperedValue(DomainError):
    """A verified value was changed on its way, or its seal does not fit."""

    def __init__(self, question_ids: list[str]) -> None:
        super().__init__(
            _(
                "An answer that comes from your eID cannot be changed here, and what arrived was "
                "different. Nothing was saved. Open the page again and continue."
            ),
            code="tampered_value",
        )
        self.question_ids = question_ids


class DraftClosed(DomainError):
    """The draft was sent or discarded; it takes no more answers."""

    def __init__(self) -> None:
        super().__init__(
            _("This application was already sent or deleted. Nothing was changed."),
            code="draft_closed",
        )


class WrongOffset(Exception):
    """A piece of an upload does not begin where the last one ended; `offset` is where that was."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


class FileRefused(DomainError):
    """An uploaded file is not accepted; the message says why and what to do."""
