"""Staff accounts of the demo: the same in every pilot municipality."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass

from django.conf import settings

from identity.models import Role

PASSWORD = "madoguchi-demo"  # noqa: S105  printed by `make demo`; the sandbox only


@dataclass(frozen=True, slots=True)
class Account:
    """A member of staff. `department` empty: the whole municipality."""

    username: str
    name: str
    name_en: str
    role: Role
    department: str = ""
    cms: bool = False


ACCOUNTS = (
    Account("yamamoto", "山本 真理", "Mari Yamamoto", Role.CASEWORKER, "permits"),
    Account("kobayashi", "小林 健", "Ken Kobayashi", Role.CASEWORKER, "child_welfare"),
    Account("ishida", "石田 明", "Akira Ishida", Role.CASEWORKER, "general_affairs"),
    Account("ueda", "上田 緑", "Midori Ueda", Role.CONSULTEE, "parks"),
    Account("mori", "森 さくら", "Sakura Mori", Role.COUNTER),
    Account("sasaki", "佐々木 誠", "Makoto Sasaki", Role.FINANCE),
    Account("hayashi", "林 学", "Manabu Hayashi", Role.EDITOR, cms=True),
    Account("admin", "管理者", "Administrator", Role.ADMIN, cms=True),
)


def totp_secret(schema_name: str, username: str) -> str:
    """Base 32 secret of an account's second factor, different for every town and installation."""
    digest = hmac.new(
        settings.SECRET_KEY.encode(), f"totp:{schema_name}:{username}".encode(), hashlib.sha256
    ).digest()
    return base64.b32encode(digest[:20]).decode()
