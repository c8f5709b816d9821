"""Private files, one folder for each municipality."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.utils.deconstruct import deconstructible

from common.database import connection
from tenants.errors import OutsideTenant


@deconstructible
class PrivateStorage(FileSystemStorage):
    """Files under ``MEDIA_ROOT/<schema>/private``; they have no URL: a view must authorise."""

    def __init__(self) -> None:
        super().__init__(file_permissions_mode=0o600, directory_permissions_mode=0o700)

    @property
    def base_location(self) -> str:
        return str(self._root())

    @property
    def location(self) -> str:
        return str(self._root())

    def url(self, name: str | None) -> NoReturn:
        raise ValueError("A private file has no address; serve it by a view that authorises.")

    @staticmethod
    def _root() -> Path:
        schema = connection.schema_name
        if not schema or schema == "public":
            raise OutsideTenant("A private file was reached with no municipality active.")
        return Path(settings.MEDIA_ROOT).resolve() / schema / "private"


@deconstructible
class PublicStorage(FileSystemStorage):
    """A town's public images and documents, under ``MEDIA_ROOT/<schema>/public``."""

    @property
    def base_location(self) -> str:
        return str(self._root())

    @property
    def location(self) -> str:
        return str(self._root())

    @staticmethod
    def _root() -> Path:
        schema = connection.schema_name
        if not schema or schema == "public":
            raise OutsideTenant("A file was reached with no municipality active.")
        return Path(settings.MEDIA_ROOT).resolve() / schema / "public"
