"""PDF files: looked through for what a plan or a certificate never needs.

The file is not rendered or rewritten (a digital signature in it stays valid). Names are searched
in the file itself and in its compressed object streams, which are unpacked within limits.
"""

from __future__ import annotations

import re
import zlib
from bisect import bisect_left
from collections.abc import Collection

from django.utils.translation import gettext as _

from forms.errors import FileRefused

MOST_UNPACKED = 64 * 1024 * 1024
MOST_STREAMS = 20_000
#: A stream that grows by more than this is a bomb, not a document.
MOST_RATIO = 400
_HEADER = re.compile(rb"%PDF-[12]\.[0-9]")
_NAME_END = rb"(?=[\s/<>\[\]()%]|$)"
_ACTIVE = re.compile(
    rb"/(?:JavaScript|JS|Launch|RichMedia|XFA|ImportData|SubmitForm|Rendition|GoToE|GoToR|AA)"
    + _NAME_END
)
#: What happens on opening: a place in the document (an array, a name, a string) or an action.
_GAP = rb"(?:\s|%[^\r\n]*[\r\n])*"
_ON_OPENING = re.compile(
    rb"/OpenAction"
    + _GAP
    + rb"(?:(?P<inline><<)|(?P<number>\d{1,10})"
    + _GAP
    + rb"\d{1,5}"
    + _GAP
    + b"R)"
)
#: A document says it once, and once more each time that it was changed and saved.
MOST_OPENINGS = 50
_OBJECT = re.compile(rb"(?<!\d)0*(\d{1,10})\s+\d+\s+obj")
_TO_ADDRESS = re.compile(rb"/URI" + _NAME_END)
_EMBEDDED = re.compile(rb"/(?:EmbeddedFiles?|Filespec|FileAttachment)" + _NAME_END)
_ENCRYPTED = re.compile(rb"/Encrypt" + _NAME_END)
_HEX = re.compile(rb"#([0-9A-Fa-f]{2})")
_COMMENT = re.compile(rb"%[^\r\n]*")
# A lone CR is against the standard, and readers take it.
_STREAM = re.compile(rb"(?<!end)stream(?:\r\n|\n|\r)")
_OBJECT_STREAM = re.compile(rb"/Type\s*/(?:ObjStm|XRef)" + _NAME_END)
# The type can also stand in another object; what an object stream cannot do without are the number
# of its objects and where the first one begins.
_OF_OBJECTS = (re.compile(rb"/N" + _NAME_END), re.compile(rb"/First" + _NAME_END))
_FOREIGN = (b"PK\x03\x04", b"PK\x05\x06", b"<script", b"<html", b"<svg", b"MZ\x90\x00", b"<?php")


def check(data: bytes) -> None:
    """Raises `FileRefused` with the reason when the file is no plain, readable document."""
    if not _HEADER.match(data[:8]):
        raise _damaged()
    end = data.rfind(b"%%EOF")
    if end < 0 or b"startxref" not in data:
        raise _damaged()
    _check_ends(data, end)
    outside, unpacked = _structure(data)
    plain = [_names_written_out(part) for part in (outside, *unpacked)]
    for part in plain:
        _check_names(part)
    _check_opening(plain)
    if b"/Page" not in outside and not any(b"/Page" in part for part in unpacked):
        raise _damaged()


def _check_ends(data: bytes, end: int) -> None:
    """A second file glued before or after the document opens as something else elsewhere."""
    tail = data[end + 5 :]
    lowered = data[:1024].lower()
    if (
        len(tail) > 2048
        or tail.strip(b"\0\r\n\t ")
        or any(sign.lower() in lowered for sign in _FOREIGN)
    ):
        raise FileRefused(
            _("This file is a PDF and something else at the same time. Print it to a new PDF."),
            code="polyglot",
        )


def _structure(data: bytes) -> tuple[bytes, list[bytes]]:
    """The file without its streams, and what its object streams hold."""
    outside, unpacked = [], []
    at, total, count = 0, 0, 0
    while found := _STREAM.search(data, at):
        count += 1
        if count > MOST_STREAMS:
            raise _bomb()
        head = data[at : found.start()]
        outside.append(head)
        end = data.find(b"endstream", found.end())
        if end < 0:
            raise _damaged()
        dictionary = _names_written_out(head[-4096:])
        dictionary = _COMMENT.sub(b" ", dictionary[dictionary.rfind(b" obj") :])
        body = data[found.end() : end]
        flate = b"/FlateDecode" in dictionary or b"/Fl " in dictionary
        if _OBJECT_STREAM.search(dictionary) or all(
            name.search(dictionary) for name in _OF_OBJECTS
        ):
            if not flate and b"/Filter" in dictionary:
                raise _unreadable()
            part = _inflate(body, MOST_UNPACKED - total) if flate else body
            total += len(part)
            unpacked.append(part)
        elif flate:
            # Not looked into, but a bomb must not reach the reader of whoever opens it.
            total += _measure(body, MOST_UNPACKED * 4 - total)
        at = end + len(b"endstream")
    outside.append(data[at:])
    return b"\n".join(outside), unpacked


def _inflate(body: bytes, most: int) -> bytes:
    unpack = zlib.decompressobj()
    try:
        part = unpack.decompress(body, max(most, 1))
    except zlib.error:
        raise _damaged() from None
    if unpack.unconsumed_tail or len(part) > MOST_RATIO * len(body) + 1_000_000:
        raise _bomb()
    return part


def _measure(body: bytes, most: int) -> int:
    """The unpacked size, in pieces; only until it is plainly too much."""
    unpack, size, rest = zlib.decompressobj(), 0, body
    try:
        while rest and not unpack.eof:
            size += len(unpack.decompress(rest, 1_000_000))
            rest = unpack.unconsumed_tail
            if size > most:
                raise _bomb()
    except zlib.error:
        return size  # a damaged picture in it is the reader's problem, not a danger
    return size


def _names_written_out(part: bytes) -> bytes:
    """``/J#53`` is ``/JS``."""
    return _HEX.sub(lambda found: bytes([int(found[1], 16)]), part)


def _check_opening(parts: list[bytes]) -> None:
    """A document that opens an address by itself tells somebody that, and where, it is read."""
    if sum(part.count(b"/OpenAction") for part in parts) > MOST_OPENINGS:
        raise _active()
    numbers = set()
    for part in parts:
        for found in _ON_OPENING.finditer(part):
            if found["number"]:
                numbers.add(int(found["number"]))
            elif _TO_ADDRESS.search(part, found.start(), found.start() + 2048):
                raise _active()
    if numbers and _lead_to_address(numbers, parts):
        raise _active()


def _lead_to_address(numbers: Collection[int], parts: list[bytes]) -> bool:
    """Whether an object with one of these numbers names an address: every revision, in the file and
    in its object streams. In one pass: a file can say ``1 0 obj`` a million times."""
    outside = parts[0]
    addresses = [found.start() for found in _TO_ADDRESS.finditer(outside)]
    ends = [found.start() for found in re.finditer(b"endobj", outside)]
    for found in _OBJECT.finditer(outside):
        if int(found[1]) in numbers:
            end = _next(ends, found.end(), len(outside))
            if _next(addresses, found.end(), end) < end:
                return True
    names = {b"%d" % number for number in numbers}
    for part in parts[1:]:
        # Pairs of number and offset first, then the objects in the same order.
        head = re.match(rb"[\s\d]*", part)
        pairs = head[0].split() if head else []
        if names.intersection(pairs[::2]) and _TO_ADDRESS.search(part):
            return True
    return False


def _next(places: list[int], begin: int, otherwise: int) -> int:
    """The first of the ordered `places` from `begin` on."""
    at = bisect_left(places, begin)
    return places[at] if at < len(places) else otherwise


def _check_names(part: bytes) -> None:
    if _ENCRYPTED.search(part):
        raise FileRefused(
            _("This PDF is protected by a password. Save it without protection and retry."),
            code="encrypted",
        )
    if _ACTIVE.search(part):
        raise _active()
    if _EMBEDDED.search(part):
        raise FileRefused(
            _("This PDF contains other files. Attach those on their own."), code="embedded_files"
        )


def _active() -> FileRefused:
    return FileRefused(
        _("This PDF contains a program (script or action). Print it to a new PDF and retry."),
        code="active_content",
    )


def _damaged() -> FileRefused:
    return FileRefused(
        _("This PDF is damaged or incomplete and cannot be opened. Save it anew and retry."),
        code="damaged",
    )


def _unreadable() -> FileRefused:
    return FileRefused(
        _("This PDF is packed in a way that cannot be checked. Print it to a new PDF and retry."),
        code="unreadable",
    )


def _bomb() -> FileRefused:
    return FileRefused(
        _("This file unpacks to far more than its size says. It was not stored."), code="bomb"
    )
