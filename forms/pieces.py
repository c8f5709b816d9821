"""What has arrived of files that come in pieces: bytes in the town's private folder."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from django.core.files.base import ContentFile
from django.db import transaction

from forms.models import Draft, Upload
from tenants.files import PrivateStorage

FOLDER = "uploads"


def _name(upload: Upload) -> str:
    return f"{FOLDER}/{upload.pk.hex}"


def write(upload: Upload, offset: int, data: bytes) -> None:
    """Put `data` at `offset`; whatever lay there or behind it is gone.

    A write whose transaction was undone is simply written over by the next one.
    """
    storage = PrivateStorage()
    if offset == 0:
        storage.delete(_name(upload))
        storage.save(_name(upload), ContentFile(data))
        return
    with storage.open(_name(upload), "r+b") as file:
        file.seek(offset)
        file.write(data)
        file.truncate()


def read(upload: Upload) -> bytes:
    """All that has arrived. Raises `OSError`."""
    with PrivateStorage().open(_name(upload), "rb") as file:
        return bytes(file.read(upload.size + 1))


def drop(uploads: Iterable[Upload]) -> None:
    """Forget them: rows now, bytes once that is certain."""
    uploads = list(uploads)
    if not uploads:
        return
    Upload.objects.filter(pk__in=[upload.pk for upload in uploads]).delete()
    transaction.on_commit(partial(_remove, [_name(upload) for upload in uploads]))


def drop_all_of(draft: Draft) -> None:
    """Nothing of what was on its way to this draft is kept."""
    drop(Upload.objects.filter(draft=draft))


def free(upload: Upload) -> None:
    """The bytes are no longer needed: they were attached."""
    transaction.on_commit(partial(_remove, [_name(upload)]))


def sweep() -> None:
    """Delete bytes whose row is gone (with an account, or undone)."""
    storage = PrivateStorage()
    if not storage.exists(FOLDER):
        return
    # First the folder, then the rows: a row is there before its first byte.
    _folders, files = storage.listdir(FOLDER)
    known = {pk.hex for pk in Upload.objects.values_list("pk", flat=True)}
    _remove([f"{FOLDER}/{file}" for file in files if file not in known])


def _remove(names: Iterable[str]) -> None:
    storage = PrivateStorage()
    for name in names:
        storage.delete(name)
