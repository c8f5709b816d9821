"""HTML to PDF/UA-1 by WeasyPrint, with our own fonts and nothing fetched.

- The engine knows two font files only, Noto Sans JP and Noto Serif JP of the package
  ``pylopdf-fonts-jp``: a letter looks the same on every machine, and no font of the system can
  slip in. Characters that the fonts lack are replaced openly (see `printable`).
- Everything a letter shows is in its HTML or in a ``data:`` URL. Any other address stops the
  rendering: WeasyPrint's own fetcher would follow http and embed local files.
- One font configuration and one fetcher for each process: a new one per letter costs up to a
  second.
"""

from __future__ import annotations

import gc
import logging
import os
import tempfile
import threading
import unicodedata
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import pylopdf_fonts_jp
import structlog
from PIL import ImageFile

from documents.errors import ForbiddenResource, RenderingError

if TYPE_CHECKING:
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher

FONT_FAMILIES = ("Noto Sans JP", "Noto Serif JP")
# 〓 (geta): what Japanese printers set where a type is missing.
MISSING_TYPE = "〓"
_COMPRESSION = 4

_FONT_FILES = (pylopdf_fonts_jp.sans_path(), pylopdf_fonts_jp.serif_path())
_STYLESHEETS = Path(__file__).parent / "styles"

log = structlog.get_logger(__name__)
# Pango's font maps are not thread-safe, and neither is the environment variable below.
_lock = threading.Lock()


def render_pdf(html: str, *, title: str, language: str) -> bytes:
    """`html` as a tagged PDF/UA-1 with its fonts embedded; the same input gives the same bytes.

    `title` becomes the document's title (shown by viewers), `language` (``"ja"``, ``"en"``) the
    language of its text. The stylesheet ``documents/styles/letter.css`` is always applied.
    Raises `ForbiddenResource` when the HTML points outside itself, `RenderingError` otherwise.
    """
    if not title.strip() or not language.strip():
        raise RenderingError("A PDF needs a title and a language.", code="untitled_pdf")
    with _lock, _no_garbage_collection():
        return _render(printable(html), printable(title), language)


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Rendering makes a million small objects; collecting amid them costs a tenth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def warm_up() -> None:
    """Load libraries, fonts and stylesheets now (about 1.5 s), so that no letter waits for it."""
    with _lock:
        _engine()
        _known_characters()


def _render(html: str, title: str, language: str) -> bytes:
    engine = _engine()
    weasyprint = engine.weasyprint
    try:
        with _complaints() as complaints:
            # A base that nothing can be joined to, so that relative addresses are refused as well.
            source = weasyprint.HTML(
                string=html, base_url="outside:", url_fetcher=engine.fetcher, media_type="print"
            )
            source.etree_element.set("lang", language)
            document = source.render(
                font_config=engine.fonts, stylesheets=engine.stylesheets, pdf_variant="pdf/ua-1"
            )
            document.metadata.title = title
            document.metadata.lang = language
            document.metadata.generator = "Madoguchi"
            # No file identifier: it would compress every stream twice, and nothing here needs it.
            pdf = document.write_pdf(pdf_variant="pdf/ua-1", finisher=_finish)
    except engine.refusal as refused:
        raise ForbiddenResource(
            "The document refers to something outside itself.", code="forbidden_resource"
        ) from refused
    if complaints.errors or not isinstance(pdf, bytes):
        log.error("pdf.defective", complaints=complaints.errors)
        raise RenderingError(
            "The document could not be rendered in full.", code="defective_document"
        )
    return pdf


def _finish(document: Any, pdf: Any) -> None:
    """Give each link the description that PDF/UA-1 asks for (ISO 14289-1, 7.18.5); compress.

    pydyf compresses at level 9; level 4 takes a third of the time for 2 % more bytes.
    """
    import pydyf  # noqa: PLC0415 - see _Engine

    for entry in pdf.objects:
        if isinstance(entry, pydyf.Stream) and entry.compress:
            content = b"\n".join(_bytes_of(part) for part in entry.stream)
            entry.stream = [zlib.compress(content, _COMPRESSION)]
            entry.extra["Filter"] = "/FlateDecode"
            entry.compress = False
        elif isinstance(entry, pydyf.Dictionary) and entry.get("Subtype") == "/Link":
            action = entry.get("A")
            address = action.get("URI") if isinstance(action, dict) else None
            entry["Contents"] = address or pydyf.String(document.metadata.title)


def _bytes_of(part: Any) -> bytes:
    """One line of a PDF stream, as pydyf would write it."""
    if isinstance(part, bytes):
        return part
    data = getattr(part, "data", None)
    return data if isinstance(data, bytes) else str(part).encode("ascii")


class _Complaints(logging.Handler):
    """Collects what WeasyPrint only logs: an image that fails to load is a defect of the letter.

    The wording is kept without its arguments, which may carry what an applicant typed; for the
    same reason nothing of it reaches other handlers.
    """

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.errors: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.errors.append(str(record.msg))


@contextmanager
def _complaints() -> Iterator[_Complaints]:
    """Listens during one rendering: whoever configures logging meanwhile or before takes no handler
    away."""
    logger, handler = logging.getLogger("weasyprint"), _Complaints()
    propagated = logger.propagate
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield handler
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagated


class _Engine:
    """What is made once in a process: fonts, fetcher, parsed stylesheets."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            # Bare machines have no fonts installed. We bring our own.
            warnings.filterwarnings("ignore", message=".*Expect ugly output")
            # Slow subsetting is reported once, by documents.checks.
            warnings.filterwarnings(
                "ignore", message="HarfBuzz-Subset", category=DeprecationWarning
            )
            import weasyprint  # noqa: PLC0415 - 0.3 s and 40 MB that web processes do not need
            from weasyprint.urls import FatalURLFetchingError  # noqa: PLC0415 - as above
        # WeasyPrint switches this on for the whole process when it is imported; uploads must not
        # pass because a letter was made before.
        ImageFile.LOAD_TRUNCATED_IMAGES = False
        self.weasyprint = weasyprint
        self.refusal = FatalURLFetchingError
        self.fonts = _own_fonts_only()
        self.fetcher: URLFetcher = weasyprint.URLFetcher(
            allowed_protocols=("data",), allow_redirects=False, fail_on_errors=True
        )
        self.stylesheets = [
            weasyprint.CSS(
                string=sheet.read_text("utf-8"),
                font_config=self.fonts,
                url_fetcher=self.fetcher,
            )
            for sheet in sorted(_STYLESHEETS.glob("*.css"))
        ]


@cache
def _engine() -> _Engine:
    return _Engine()


def _own_fonts_only() -> FontConfiguration:
    """A font configuration that knows our two files and nothing of the system's.

    Fontconfig reads its configuration from the file that FONTCONFIG_FILE names; the variable is
    set for this one call, so that child processes keep the system's fonts.
    """
    from weasyprint.text.fonts import FontConfiguration  # noqa: PLC0415 - see _Engine

    for path in _FONT_FILES:
        if not path.is_file():
            raise RenderingError(f"The font {path.name} is missing.", code="font_missing")
    folders = "".join(
        f"<dir>{escape(str(folder))}</dir>" for folder in {f.parent for f in _FONT_FILES}
    )
    before = os.environ.get("FONTCONFIG_FILE")
    with tempfile.TemporaryDirectory(prefix="madoguchi-fonts-") as folder:
        configuration = Path(folder) / "fonts.conf"
        configuration.write_text(
            '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">'
            f"<fontconfig>{folders}<cachedir>{escape(folder)}</cachedir></fontconfig>",
            encoding="utf-8",
        )
        os.environ["FONTCONFIG_FILE"] = str(configuration)
        try:
            return FontConfiguration()
        finally:
            if before is None:
                del os.environ["FONTCONFIG_FILE"]
            else:
                os.environ["FONTCONFIG_FILE"] = before


# --- Characters -------------------------------------------------------------------------------


def printable(text: str) -> str:
    """`text` with every character that both fonts can print.

    A Latin letter with a mark that is missing loses the mark, as in passports and residence cards
    (ICAO Doc 9303, part 3: Doğan → Dogan); anything else that is missing becomes 〓, so that a gap
    is seen and never silent. Code points are logged, not the text.
    """
    known = _known_characters()
    missing = {char for char in set(text) if ord(char) not in known and not _is_invisible(char)}
    if not missing:
        return text
    table = {ord(char): _nearest(char, known) for char in missing}
    log.warning(
        "pdf.characters_replaced",
        characters=sorted(f"U+{ord(char):04X}" for char in missing)[:20],
        count=len(missing),
    )
    return text.translate(table)


def _nearest(char: str, known: frozenset[int]) -> str:
    composed = unicodedata.normalize("NFC", char)
    if all(ord(part) in known for part in composed):
        return composed
    if unicodedata.name(char, "").startswith("LATIN"):
        base = unicodedata.normalize("NFD", char)[0]
        if ord(base) in known:
            return base
    if unicodedata.combining(char):
        return ""
    return MISSING_TYPE


def _is_invisible(char: str) -> bool:
    """Controls, joiners and variation selectors: they have no type of their own."""
    return (
        unicodedata.category(char) in {"Cc", "Cf"}
        or char in "\u2028\u2029"
        or ("\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef")
    )


@cache
def _known_characters() -> frozenset[int]:
    from fontTools.ttLib import TTFont  # noqa: PLC0415 - see _Engine

    maps = []
    for path in _FONT_FILES:
        with TTFont(path, lazy=True) as font:
            maps.append(frozenset(font.getBestCmap()))
    return frozenset.intersection(*maps)
