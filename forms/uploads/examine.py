"""What a file really is, and whether it may be taken."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

import puremagic
from django.utils.translation import gettext as _

from forms.errors import FileRefused
from forms.questions import MEGABYTE
from forms.uploads import images, names, pdf, scanner

ACCEPTED = {
    "pdf": ("application/pdf",),
    "image": ("image/jpeg", "image/png", "image/webp"),
}
EXTENSIONS = {
    "application/pdf": "pdf",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
}
_SIGNATURES = (
    (b"%PDF-", "application/pdf"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
)
_OFFICE = (".doc", ".docx", ".docm", ".xls", ".xlsx", ".xlsm", ".ppt", ".pptx", ".pptm", ".odt")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: What iPhones and some Android telephones write: "High Efficiency". Pillow reads none of them.
_HEIC = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"mif2"})


@dataclass(frozen=True, slots=True)
class SafeFile:
    """A file that may be stored: its bytes as they will be kept, and a name to show."""

    data: bytes
    content_type: str
    filename: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def examine(data: bytes, filename: str, *, accept: Collection[str], most_bytes: int) -> SafeFile:
    """Examine an upload. What it is, its content says, not its name or what the browser claims.

    `accept` holds keys of `ACCEPTED`. Raises `FileRefused` with the reason.
    """
    if not data:
        raise empty()
    if len(data) > most_bytes:
        raise too_large(most_bytes)
    content_type = sniff(data)
    allowed = [kind for key in accept for kind in ACCEPTED[key]]
    if content_type not in allowed:
        raise _not_accepted(data, filename, content_type, accept)
    scanner.scan(data)
    if content_type == "application/pdf":
        pdf.check(data)
    else:
        data = images.clean(data, content_type)
        if len(data) > most_bytes:  # writing a photograph anew as PNG can make it larger
            data, content_type = images.as_jpeg(data), "image/jpeg"
        if len(data) > most_bytes:
            raise too_large(most_bytes)
    return SafeFile(data, content_type, names.safe_name(filename, EXTENSIONS[content_type]))


def sniff(data: bytes) -> str:
    """The media type by content; empty when unknown."""
    for signature, content_type in _SIGNATURES:
        if data.startswith(signature):
            return content_type
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    try:
        return str(puremagic.from_string(data[: 64 * 1024], mime=True) or "")
    except (puremagic.PureError, ValueError, IndexError):
        return ""


def empty() -> FileRefused:
    return FileRefused(_("This file is empty."), code="empty")


def too_large(most_bytes: int) -> FileRefused:
    return FileRefused(
        _("This file is larger than %(most)s MB.") % {"most": most_bytes // MEGABYTE},
        code="too_large",
    )


def _not_accepted(
    data: bytes, filename: str, content_type: str, accept: Collection[str]
) -> FileRefused:
    scanner.scan(data[: 1024 * 1024])  # a virus is called a virus, whatever its type
    head = data[:1024].lstrip().lower()
    name = filename.lower()
    wanted = _wanted(accept)
    if b"<svg" in head or name.endswith((".svg", ".svgz")):
        reason = _("Drawings as SVG can carry programs and are not taken.")
    elif b"<html" in head or b"<!doctype html" in head or b"<script" in head:
        reason = _("This is a web page, not a document.")
    elif name.endswith(_OFFICE) or data.startswith(_OLE) or _is_office(data):
        reason = _("Word, Excel and PowerPoint files are not taken, because they can carry macros.")
    elif data.startswith(b"PK\x03\x04") or content_type in _ARCHIVES:
        reason = _("Archives such as zip are not taken. Attach the files one by one.")
    elif data[4:8] == b"ftyp" and data[8:12] in _HEIC:
        reason = _(
            "Photos as HEIC are not taken. On an iPhone, choose the photo from the photo library "
            "on this page: it is then sent as JPEG. For new photos: Settings, Camera, Formats, "
            "“Most Compatible”. On a computer, open the photo and save it as JPEG."
        )
    elif data[4:8] == b"ftyp" and data[8:12] in (b"avif", b"avis"):
        reason = _("Pictures as AVIF are not taken. Open the picture and save it as JPEG.")
    elif data[4:8] == b"ftyp":
        reason = _("Films are not taken.")
    elif data.startswith((b"MZ", b"\x7fELF", b"#!")):
        reason = _("This is a program.")
    else:
        reason = _("This kind of file is not taken.")
    return FileRefused(f"{reason} {wanted}", code="type")


_ARCHIVES = frozenset(
    {"application/zip", "application/gzip", "application/x-7z-compressed", "application/x-tar"}
    | {"application/x-rar-compressed", "application/x-bzip2", "application/x-xz"}
    | {"application/vnd.rar", "application/x-gzip"}
)


def _is_office(data: bytes) -> bool:
    return data.startswith(b"PK\x03\x04") and (
        b"[Content_Types].xml" in data[:4096] or b"mimetypeapplication/vnd.oasis" in data[:200]
    )


def _wanted(accept: Collection[str]) -> str:
    if set(accept) == {"pdf"}:
        return _("Please attach a PDF.")
    if set(accept) == {"image"}:
        return _("Please attach a picture (JPEG, PNG or WebP).")
    return _("Please attach a PDF or a picture (JPEG, PNG or WebP).")
