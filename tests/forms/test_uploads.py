# ruff: noqa: E501 -- tables read better with a case on one line
"""Hostile and honest files: what is refused, in words, and what becomes of the rest."""

from __future__ import annotations

import gzip
import socket
import struct
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation
from PIL import Image, PngImagePlugin

from forms.errors import FileRefused
from forms.uploads import images, names, scanner
from forms.uploads.examine import SafeFile, examine

MB = 1024 * 1024


def check(data: bytes, name: str = "file.pdf", accept: Any = ("pdf", "image")) -> SafeFile:
    return examine(data, name, accept=accept, most_bytes=10 * MB)


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30), **options: Any) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, "navy").save(out, kind, **options)
    return out.getvalue()


def a_pdf(extra: bytes = b"", page: bytes = b"", trailer: bytes = b"") -> bytes:
    """A small, well-formed PDF of one empty page."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R " + extra + b" >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] " + page + b" >>",
    ]
    out = bytearray(b"%PDF-1.7\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 4\n0000000000 65535 f \n"
    for offset in offsets:
        out += b"%010d 00000 n \n" % offset
    out += b"trailer << /Size 4 /Root 1 0 R " + trailer + b" >>\nstartxref\n%d\n%%%%EOF\n" % start
    return bytes(out)


def with_stream(dictionary: bytes, body: bytes) -> bytes:
    plain = a_pdf()
    stream = b"9 0 obj\n<< /Length %d %s >>\nstream\n%s\nendstream\nendobj\n" % (
        len(body), dictionary, body,
    )  # fmt: skip
    return plain.replace(b"xref\n0 4", stream + b"xref\n0 4", 1)


def zipped(files: dict[str, bytes]) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def png_header_of(width: int, height: int) -> bytes:
    """A PNG that claims a size it does not carry."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))
        )

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack("!IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b"\0" * 10_000_000))
        + chunk(b"IEND", b"")
    )


def png_with_text_bomb() -> bytes:
    out = BytesIO()
    info = PngImagePlugin.PngInfo()
    info.add_text("x", "a" * 30_000_000, zip=True)
    Image.new("RGB", (4, 4)).save(out, "PNG", pnginfo=info)
    return out.getvalue()


def tar_of(data: bytes) -> bytes:
    out = BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        entry = tarfile.TarInfo("../../etc/passwd")
        entry.size = len(data)
        archive.addfile(entry, BytesIO(data))
    return out.getvalue()


OBJECT_STREAM = b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode"
SVG = (
    b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
)
XXE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
DOCX = {"[Content_Types].xml": b"<Types/>", "word/document.xml": XXE}

HOSTILE: dict[str, tuple[bytes, str, str]] = {
    "empty": (b"", "a.pdf", "empty"),
    "one byte": (b"%", "a.pdf", "type"),
    "too large": (b"%PDF-1.7" + b"0" * (10 * MB), "a.pdf", "too_large"),
    "eicar": (scanner.EICAR, "eicar.pdf", "virus"),
    "eicar in a PDF": (a_pdf(b"/X (" + scanner.EICAR + b")"), "a.pdf", "virus"),
    "eicar in a picture's text": (picture("PNG") + scanner.EICAR, "a.png", "virus"),
    "svg with script": (SVG, "a.svg", "type"),
    "svg called png": (SVG, "a.png", "type"),
    "svgz": (gzip.compress(SVG), "a.svgz", "type"),
    "html": (b"<!DOCTYPE html><script>alert(1)</script>", "a.html", "type"),
    "html called jpg": (b"  <html><body onload=alert(1)>", "a.jpg", "type"),
    "xml with entity": (XXE, "a.xml", "type"),
    "docx with xxe": (zipped(DOCX), "a.docx", "type"),
    "docm with macro": (zipped(DOCX | {"word/vbaProject.bin": b"x"}), "a.docm", "type"),
    "xlsx called pdf": (zipped(DOCX), "a.pdf", "type"),
    "old doc with macro": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "a.doc", "type"),
    "zip bomb": (zipped({"0": b"\0" * 20_000_000}), "a.zip", "type"),
    "zip called png": (zipped({"a": b"b"}), "a.png", "type"),
    "zip slip": (zipped({"../../etc/cron.d/x": b"b"}), "../a.zip", "type"),
    "gzip bomb": (gzip.compress(b"\0" * 20_000_000), "a.gz", "type"),
    "tar": (tar_of(b"x"), "a.tar", "type"),
    "windows program": (b"MZ\x90\x00" + b"\0" * 300, "a.exe", "type"),
    "program called pdf": (b"\x7fELF" + b"\0" * 300, "a.pdf", "type"),
    "shell script": (b"#!/bin/sh\nrm -rf /\n", "a.sh", "type"),
    "php": (b"<?php system($_GET['x']); ?>", "a.php.jpg", "type"),
    "text": ("こんにちは".encode(), "a.txt", "type"),
    "gif": (picture("GIF"), "a.gif", "type"),
    "tiff": (picture("TIFF"), "a.tif", "type"),
    "heic": (b"\0\0\0\x18ftypheic" + b"\0" * 50, "a.heic", "type"),
    "heif of other phones": (b"\0\0\0\x18ftypmif1" + b"\0" * 50, "写真.heif", "type"),
    "heic called jpg": (b"\0\0\0\x24ftypheix" + b"\0" * 50, "IMG_0001.JPG", "type"),
    "avif": (b"\0\0\0\x1cftypavif" + b"\0" * 50, "a.avif", "type"),
    "film": (b"\0\0\0\x14ftypqt  " + b"\0" * 50, "IMG_0002.MOV", "type"),
    "pixel flood": (png_header_of(60_000, 60_000), "a.png", "too_many_pixels"),
    "long side": (png_header_of(100, 50_000), "a.png", "too_many_pixels"),
    "text chunk bomb": (png_with_text_bomb(), "a.png", "damaged"),
    "cut png": (picture("PNG", (400, 300))[:200], "a.png", "damaged"),
    "cut jpeg": (picture("JPEG", (400, 300))[:300], "a.jpg", "damaged"),
    "jpeg of noise": (b"\xff\xd8\xff" + b"\x00\x11" * 500, "a.jpg", "damaged"),
    "webp of noise": (b"RIFF\x10\x00\x00\x00WEBPVP8 " + b"\0" * 30, "a.webp", "damaged"),
    "pdf without end": (a_pdf()[:-20], "a.pdf", "damaged"),
    "pdf header only": (b"%PDF-1.7\n", "a.pdf", "damaged"),
    "pdf of html": (b"%PDF-1.7\n<html><script>alert(1)</script>\nstartxref\n0\n%%EOF", "a.pdf", "polyglot"),
    "pdf and zip": (a_pdf() + zipped({"a": b"b"}), "a.pdf", "polyglot"),
    "pdf and page after it": (a_pdf() + b"<script>alert(1)</script>", "a.pdf", "polyglot"),
    "pdf after something": (b"GIF89a" + a_pdf(), "a.pdf", "type"),
    "pdf with script": (a_pdf(b"/OpenAction << /S /JavaScript /JS (x) >>"), "a.pdf", "active_content"),
    "pdf with hidden script": (a_pdf(b"/OpenAction << /S /J#61vaScript /J#53 (x) >>"), "a.pdf", "active_content"),
    "pdf with launch": (a_pdf(page=b"/AA << /O << /S /Launch /F (x.exe) >> >>"), "a.pdf", "active_content"),
    "pdf with form script": (a_pdf(b"/AcroForm << /XFA [] >>"), "a.pdf", "active_content"),
    "pdf with a file in it": (a_pdf(b"/Names << /EmbeddedFiles 5 0 R >>"), "a.pdf", "embedded_files"),
    "pdf with password": (a_pdf(trailer=b"/Encrypt 8 0 R"), "a.pdf", "encrypted"),
    "pdf with packed script": (
        with_stream(OBJECT_STREAM, zlib.compress(b"1 0 << /S /JavaScript /JS (x) >>")), "a.pdf", "active_content",
    ),
    "pdf with script packed under a comment": (
        with_stream(
            b"/Type%\n/ObjStm /N 1 /First 4 /Filter /FlateDecode",
            zlib.compress(b"1 0 << /S /JavaScript /JS (x) >>"),
        ), "a.pdf", "active_content",
    ),
    "pdf with script packed without a type": (
        with_stream(
            b"/Type 8 0 R /#4e 1 /First 4 /Filter /FlateDecode",
            zlib.compress(b"1 0 << /S /JavaScript /JS (x) >>"),
        ), "a.pdf", "active_content",
    ),
    "pdf with script packed after a lone CR": (
        with_stream(OBJECT_STREAM, zlib.compress(b"1 0 << /S /JavaScript /JS (x) >>"))
        .replace(b"stream\n", b"stream\r", 1), "a.pdf", "active_content",
    ),
    "pdf that opens another file": (
        a_pdf(page=b"/A << /S /GoToR /F (\\\\host\\share\\a.pdf) >>"), "a.pdf", "active_content",
    ),
    "pdf that acts when a page is seen": (
        a_pdf(page=b"/AA << /O << /S /URI /URI (https://a.example) >> >>"), "a.pdf", "active_content",
    ),
    "pdf that opens an address": (
        a_pdf(b"/OpenAction << /S /URI /URI (https://a.example) >>"), "a.pdf", "active_content",
    ),
    "pdf that opens an address of another object": (
        a_pdf(b"/OpenAction %x\n3 0 R", page=b"/S /URI /URI (https://a.example)"), "a.pdf", "active_content",
    ),
    "pdf that opens a packed address": (
        with_stream(OBJECT_STREAM, zlib.compress(b"12 0 << /S /URI /URI (https://a.example) >>"))
        .replace(b"/Catalog", b"/Catalog /OpenAction 12 0 R", 1), "a.pdf", "active_content",
    ),
    "pdf that opens an address of an object without an end": (
        a_pdf(b"/OpenAction 12 0 R").replace(
            b"startxref", b"0012 0 obj << /S /URI /URI (https://a.example) >>\nstartxref"
        ), "a.pdf", "active_content",
    ),
    "pdf that says what it opens again and again": (
        a_pdf(b"/OpenAction 3 0 R" * 51), "a.pdf", "active_content",
    ),
    "pdf with packed bomb": (
        with_stream(OBJECT_STREAM, zlib.compress(b"\0" * 200_000_000, 9)), "a.pdf", "bomb",
    ),
    "pdf with picture bomb": (
        with_stream(b"/Filter /FlateDecode", zlib.compress(b"\0" * 400_000_000, 9)), "a.pdf", "bomb",
    ),
    "pdf packed strangely": (
        with_stream(b"/Type /ObjStm /Filter /LZWDecode", b"abc"), "a.pdf", "unreadable",
    ),
    "pdf with broken stream": (with_stream(OBJECT_STREAM, b"not packed"), "a.pdf", "damaged"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_file_is_refused_with_a_reason(name: str) -> None:
    data, filename, code = HOSTILE[name]
    began = time.perf_counter()
    with pytest.raises(FileRefused) as caught:
        check(data, filename)
    assert caught.value.code == code
    assert len(str(caught.value)) > 10
    assert time.perf_counter() - began < 10


def test_there_are_at_least_thirty_hostile_files() -> None:
    assert len(HOSTILE) >= 30


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_largest_picture_stays_below_half_a_gigabyte_and_ten_seconds(
    kind: str, tmp_path: Path
) -> None:
    """The most pixels that are taken, transparent where that is possible, as large as a file may be."""
    side = int(images.MOST_PIXELS[kind] ** 0.5)
    noise = Image.effect_noise((side // 4, side // 4), 60).resize((side, side))
    path = tmp_path / "large"
    noise.convert("RGB" if kind == "JPEG" else "RGBA").save(
        path, kind, quality=50, compress_level=1, method=0
    )
    assert_modest(path, "taken")


@pytest.mark.parametrize("name", ["pdf with packed bomb", "pdf with picture bomb", "pixel flood"])
def test_bomb_stays_below_half_a_gigabyte_and_ten_seconds(name: str, tmp_path: Path) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(HOSTILE[name][0])
    assert_modest(path, "refused")


def assert_modest(path: Path, expected: str) -> None:
    """A fresh process examines the file and reports its own peak and time."""
    code = (
        "import sys, time; from django.conf import settings\n"
        "settings.configure(USE_I18N=False)\n"
        "from forms.uploads.examine import examine; from forms.errors import FileRefused\n"
        "data = open(sys.argv[1], 'rb').read(); began = time.process_time()\n"
        "try: examine(data, 'x', accept=('pdf', 'image'), most_bytes=90 << 20); how = 'taken'\n"
        "except FileRefused: how = 'refused'\n"
        "peak = [line for line in open('/proc/self/status') if line.startswith('VmHWM')][0]\n"
        "print(how, peak.split()[1], time.process_time() - began)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, check=True, text=True
    )
    how, kilobytes, seconds = done.stdout.split()
    assert how == expected
    assert int(kilobytes) < 512 * 1024
    assert float(seconds) < 10


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_picture_is_written_anew(kind: str) -> None:
    data = picture(kind) + b"<script>alert(1)</script>"
    safe = check(data, f"写真.{kind.lower()}")
    assert b"script" not in safe.data
    with Image.open(BytesIO(safe.data)) as image:
        assert (image.format, image.size) == (kind, (40, 30))


def test_picture_loses_its_metadata_and_stands_upright() -> None:
    image = Image.new("RGB", (40, 30), "navy")
    exif = image.getexif()
    exif[0x0112] = 6  # turned
    exif[0x010E] = "secret place"
    out = BytesIO()
    image.save(out, "JPEG", exif=exif, comment=b"secret comment")
    safe = check(out.getvalue(), "a.jpg")
    assert b"secret" not in safe.data
    with Image.open(BytesIO(safe.data)) as again:
        assert again.size == (30, 40)
        assert not again.getexif()


def test_transparent_and_grey_pictures_stay_so() -> None:
    for mode in ("RGBA", "L", "P", "LA", "1", "I;16"):
        out = BytesIO()
        Image.new(mode, (10, 10)).save(out, "PNG")
        assert check(out.getvalue(), "a.png").content_type == "image/png"


def test_large_picture_is_made_smaller() -> None:
    safe = check(picture("JPEG", (5000, 2000)), "a.jpg")
    with Image.open(BytesIO(safe.data)) as image:
        assert max(image.size) <= images.KEPT_SIDE


def test_picture_that_grows_when_written_anew_becomes_a_jpeg() -> None:
    out = BytesIO()
    Image.effect_noise((600, 600), 40).convert("RGB").save(out, "PNG", optimize=True)
    data = out.getvalue()
    assert len(images.clean(data, "image/png")) > len(data)
    safe = examine(data, "a.png", accept=("image",), most_bytes=len(data))
    assert (safe.content_type, safe.filename) == ("image/jpeg", "a.jpg")
    assert len(safe.data) <= len(data)


def test_plain_pdf_is_kept_byte_for_byte() -> None:
    for data in (
        a_pdf(),
        with_stream(b"/Filter /FlateDecode", zlib.compress(b"BT (stream) Tj ET")),
        with_stream(OBJECT_STREAM, zlib.compress(b"1 0 << /Type /Page >>")),
        a_pdf(b"/OpenAction [3 0 R /Fit]"),
        a_pdf(
            b"/OpenAction 3 0 R",
            page=b"/S /GoTo /D [3 0 R /Fit]",
            trailer=b"/X << /S /URI /URI (https://example.jp) >>",
        ),
        # Were each looked through to its end, this would take hours.
        a_pdf(b"/OpenAction 3 0 R", page=b"3 0 obj " * 200_000),
        a_pdf(page=b"/Annots [<< /Subtype /Link /A << /S /URI /URI (https://example.jp) >> >>]"),
    ):
        safe = check(data, "計画.pdf")
        assert (safe.data, safe.content_type, safe.filename) == (
            data,
            "application/pdf",
            "計画.pdf",
        )


def test_pdf_of_our_own_making_passes() -> None:
    """A real PDF with compressed object streams."""
    import pikepdf

    out = BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page()
        document.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    assert check(out.getvalue()).content_type == "application/pdf"


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("heic", "save it as JPEG"),
        ("heic called jpg", "photo library"),
        ("avif", "save it as JPEG"),
        ("film", "Films"),
    ],
)
def test_a_telephones_picture_is_refused_with_a_way_out(case: str, words: str) -> None:
    data, filename, _code = HOSTILE[case]
    with translation.override("en"), pytest.raises(FileRefused, match=words):
        check(data, filename)


def test_only_accepted_kinds_pass() -> None:
    with pytest.raises(FileRefused, match="PDF"):
        check(picture(), "a.png", accept=("pdf",))
    with pytest.raises(FileRefused):
        check(a_pdf(), "a.pdf", accept=("image",))


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("../../etc/passwd", "passwd.pdf"),
        ("..\\..\\windows\\win.ini", "win.pdf"),
        ("計画書 最終版.PDF", "計画書 最終版.pdf"),
        ("a.pdf.exe", "a.pdf.pdf"),
        ("\u202eexe.fdp", "exe.pdf"),
        ("a\x00b\r\nSet-Cookie: x.pdf", "abSet-Cookie x.pdf"),
        ('"><script>.pdf', "script.pdf"),
        ("", "file.pdf"),
        ("...", "file.pdf"),
        ("/", "file.pdf"),
        (".htaccess", "htaccess.pdf"),
        ("\ud800.pdf", "file.pdf"),
        ("あ" * 300 + ".pdf", "あ" * 120 + ".pdf"),
        ("か\u3099.pdf", "が.pdf"),
        (
            "住民票の写し（令和８年４月１日）．ｐｄｆ",
            "住民票の写し（令和８年４月１日）．ｐｄｆ.pdf",
        ),
        ("ＩＭＧ＿０００１.ＪＰＧ", "ＩＭＧ＿０００１.pdf"),
        ("請求書.pdf.exe", "請求書.pdf.pdf"),
        ("写真.tar.gz", "写真.tar.pdf"),
        ("con.pdf", "_con.pdf"),
        ("LPT1.図面.pdf", "_LPT1.図面.pdf"),
        ("あ" * 119 + "  い.pdf", "あ" * 119 + ".pdf"),
    ],
)
def test_file_name_is_made_harmless(raw: str, kept: str) -> None:
    assert names.safe_name(raw, "pdf") == kept


# --- the scanner ------------------------------------------------------------------------------
@pytest.fixture
def clamd(tmp_path: Path, settings: Any) -> Iterator[dict[str, Any]]:
    """A small clamd: says what it is told to, and remembers what it was sent."""
    told: dict[str, Any] = {"answer": b"stream: OK\0", "received": b"", "delay": 0.0}
    server = socket.socket(socket.AF_UNIX)
    path = tmp_path / "clamd.ctl"
    server.bind(str(path))
    server.listen()
    settings.CLAMAV_SOCKET = str(path)

    def serve() -> None:
        while True:
            try:
                connection, _address = server.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                assert stream.read(10) == b"zINSTREAM\0"
                while size := struct.unpack("!L", stream.read(4))[0]:
                    told["received"] += stream.read(size)
                time.sleep(told["delay"])
                with suppress(BrokenPipeError):  # who asked may have given up
                    connection.sendall(told["answer"])

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield told
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join(5)


def test_clean_file_passes_the_scanner(clamd: dict[str, Any]) -> None:
    assert check(a_pdf()).content_type == "application/pdf"
    assert clamd["received"] == a_pdf()


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"stream: Win.Test.X FOUND\0", "virus"),
        (b"INSTREAM size limit exceeded. ERROR\0", "scanner_down"),
        (b"", "scanner_down"),
        (b"x" * 9000, "scanner_down"),
    ],
)
def test_scanner_that_finds_or_fails_refuses(
    clamd: dict[str, Any], answer: bytes, code: str
) -> None:
    clamd["answer"] = answer
    with pytest.raises(FileRefused) as caught:
        check(a_pdf())
    assert caught.value.code == code


def test_slow_scanner_refuses_in_time(clamd: dict[str, Any], monkeypatch: Any) -> None:
    monkeypatch.setattr(scanner, "SECONDS", 0.2)
    clamd["delay"] = 0.6
    with pytest.raises(FileRefused) as caught:
        check(a_pdf())
    assert caught.value.code == "scanner_down"


@pytest.mark.parametrize(
    "address", ["/nowhere/clamd.ctl", "unix:/nowhere", "127.0.0.1:1", "nonsense"]
)
def test_scanner_that_is_down_refuses(settings: Any, address: str) -> None:
    settings.CLAMAV_SOCKET = address
    with pytest.raises(FileRefused) as caught:
        check(a_pdf())
    assert caught.value.code == "scanner_down"
