"""What can go wrong with papers."""

from common.errors import DomainError


class RenderingError(DomainError):
    """A paper could not be rendered; nothing was issued."""


class ForbiddenResource(RenderingError):
    """A template asked for something outside itself (http, file, a relative address)."""


class DamagedFile(DomainError):
    """The stored file is gone or is not what was issued; it must not be handed out."""
