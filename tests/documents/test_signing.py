"""The signature of a letter: valid, broken by any change, and the tags are still there."""

from __future__ import annotations

import io
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pytest
import time_machine
from asn1crypto import pem, x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12
from django.utils import timezone
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from documents import actions, codes, files, signing
from documents.checks import check_signing_keys
from documents.errors import RenderingError
from documents.models import Document
from documents.queries import by_code
from sandbox import certificates
from tests.documents.test_pdf import structure

HTML = "<html><head><title>x</title></head><body><h1>許可書</h1><p>本文</p></body></html>"


@pytest.fixture
def key(town: Any, tmp_path: Path, settings: Any) -> dict[str, str]:
    made = certificates.make(tmp_path / "keys", "汐見市")
    settings.LETTER_SIGNING = {"shiomi": made}
    return made


def issue(*, signed: bool = True) -> Document:
    return actions.issue(
        kind="x.permit",
        title="許可書",
        language="ja",
        html=HTML,
        code=codes.new_code(),
        valid_from=None,
        valid_until=None,
        document_id=uuid.uuid4(),
        signed=signed,
    )


def trust(key: dict[str, str]) -> ValidationContext:
    content = Path(key["path"]).read_bytes()
    passphrase = Path(key["passphrase_file"]).read_bytes()
    _key, certificate, _more = pkcs12.load_key_and_certificates(content, passphrase)
    assert certificate is not None
    _name, _headers, der = pem.unarmor(certificate.public_bytes(Encoding.PEM))
    return ValidationContext(trust_roots=[x509.Certificate.load(der)])


def look(content: bytes, key: dict[str, str]) -> Any:
    (signature,) = PdfFileReader(io.BytesIO(content)).embedded_signatures
    return validate_pdf_signature(signature, trust(key))


def test_a_letter_is_signed_and_valid(key: dict[str, str]) -> None:
    document = issue()
    content = files.read(document)
    status = look(content, key)
    assert status.bottom_line
    assert status.coverage.name == "ENTIRE_FILE"
    (signature,) = PdfFileReader(io.BytesIO(content)).embedded_signatures
    assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert document.is_signed
    assert by_code(document.code).is_signed


def test_a_changed_byte_makes_it_invalid(key: dict[str, str]) -> None:
    content = bytearray(files.read(issue()))
    place = content.index(b"/Producer") + 12
    content[place] ^= 1
    assert not look(bytes(content), key).bottom_line


def test_the_signed_file_is_the_rendered_one_with_the_signature_behind_it(
    key: dict[str, str], settings: Any
) -> None:
    signed = files.read(issue())
    settings.LETTER_SIGNING = {}
    plain = files.read(issue())
    assert signed.startswith(plain)
    with pikepdf.open(io.BytesIO(signed)) as document:
        assert bool(document.Root.MarkInfo.Marked) is True
        assert str(document.Root.Lang) == "ja"
        assert {"/H1", "/P"} <= set(structure(document))
        assert document.open_metadata()["pdfuaid:part"] == "1"


def test_without_a_key_letters_go_unsigned_and_the_answer_says_so(town: Any) -> None:
    document = issue()
    assert not document.is_signed
    assert list(PdfFileReader(io.BytesIO(files.read(document))).embedded_signatures) == []
    assert not by_code(document.code).is_signed


def test_a_copy_is_not_signed(key: dict[str, str]) -> None:
    assert not issue(signed=False).is_signed


def test_a_town_that_signs_issues_nothing_unsigned(key: dict[str, str]) -> None:
    Path(key["passphrase_file"]).write_bytes(b"wrong")
    signing._signer_of_file.cache_clear()
    with pytest.raises(RenderingError) as refusal:
        issue()
    assert key["path"] not in str(refusal.value)
    assert not Document.objects.exists()


@pytest.mark.parametrize("years", [-1, 30])
def test_with_a_certificate_out_of_its_time_nothing_is_issued(
    key: dict[str, str], years: int
) -> None:
    """Such a signature looks like one, and every reader of the letter is warned of it."""
    issue()
    then = timezone.now() + timedelta(days=365 * years)
    with time_machine.travel(then), pytest.raises(RenderingError) as refusal:
        issue()
    assert refusal.value.code == "not_signed"
    assert Document.objects.count() == 1


def test_another_town_does_not_sign_with_it(
    key: dict[str, str], other_town: Any, in_town: Any
) -> None:
    with in_town(other_town):
        assert not issue().is_signed


def test_what_is_wrong_is_said_at_start(key: dict[str, str], settings: Any) -> None:
    assert check_signing_keys(None) == []
    Path(key["path"]).unlink()
    assert [one.id for one in check_signing_keys(None)] == ["documents.E003"]
    settings.LETTER_SIGNING = {"shiomi": {"kind": "floppy"}}
    assert [one.id for one in check_signing_keys(None)] == ["documents.E002"]
