"""People and departments, in the town that is active."""

from __future__ import annotations

import time
import uuid
from typing import Any

from django.test import Client
from django.utils import timezone

from common.text import Text
from identity.models import Department, EidIdentity, Role, StaffRole, User

ISSUER = "https://eid.example"

_DEPARTMENTS = {
    "permits": ("許認可課", "Permits"),
    "parks": ("公園緑地課", "Parks and greenery"),
    "police": ("警察署", "Police"),
    "child_welfare": ("子ども福祉課", "Child welfare"),
}


def department(key: str = "permits") -> Department:
    """The department of this key; made when it does not exist."""
    ja, en = _DEPARTMENTS.get(key, (key, key))
    found, _ = Department.objects.get_or_create(
        key=key, defaults={"name": Text({"ja": ja, "en": en})}
    )
    return found


def claims_of(
    *,
    name: str = "山田 花子",
    name_kana: str = "ヤマダ ハナコ",
    born: str = "1985-04-12",
    phone: str = "090-1234-5678",
    email: str = "hanako@example.jp",
) -> dict[str, dict[str, Any]]:
    """What the eID asserts, by concept, as `identity` keeps it."""
    values: dict[str, Any] = {
        "person.fullName": name,
        "person.fullNameKana": name_kana,
        "person.dateOfBirth": born,
        "person.address": {
            "postalCode": "1000001",
            "prefecture": "東京都",
            "city": "千代田区",
            "streetAddress": "千代田1-1",
            "building": "",
        },
        "contact.phone": phone,
        "contact.email": email,
    }
    now = timezone.now().isoformat()
    return {
        concept: {
            "value": value,
            "source": "eid",
            "issuer": ISSUER,
            "acr": "aal2",
            "asserted_at": now,
        }
        for concept, value in values.items()
        if value
    }


def resident(*, name: str = "山田 花子", language: str = "ja", **claims: str) -> User:
    """A resident with an eID link."""
    asserted = claims_of(name=name, **claims)
    user = User.objects.create_resident(
        name=name,
        name_kana=asserted.get("person.fullNameKana", {}).get("value", ""),
        email=asserted.get("contact.email", {}).get("value", ""),
        language=language,
    )
    EidIdentity.objects.create(
        user=user, issuer=ISSUER, subject=uuid.uuid4().hex, claims=asserted, acr="aal2"
    )
    return user


def staff(
    role: Role = Role.CASEWORKER,
    *,
    at: Department | str | None = "permits",
    name: str = "山本 真理",
    username: str = "",
    language: str = "ja",
) -> User:
    """A member of staff with one role; `at` None: in the whole municipality."""
    user = User.objects.create_staff(
        username or f"staff-{uuid.uuid4().hex[:12]}",
        name=name,
        language=language,
        email="staff@example.jp",
    )
    office = department(at) if isinstance(at, str) else at
    StaffRole.objects.create(user=user, role=role, department=office)
    return user


def caseworker(*, at: Department | str | None = "permits", name: str = "山本 真理") -> User:
    return staff(Role.CASEWORKER, at=at, name=name)


def consultee(*, at: Department | str | None = "parks", name: str = "上田 緑") -> User:
    return staff(Role.CONSULTEE, at=at, name=name)


def admin(*, name: str = "管理者") -> User:
    return staff(Role.ADMIN, at=None, name=name)


def sign_in_staff(client: Client, user: User) -> Client:
    """The session of a member of staff as it is after password and code."""
    client.force_login(user, backend="identity.backends.StaffBackend")
    session = client.session
    session["account_authentication_methods_user"] = str(user.pk)
    session["account_authentication_methods"] = [
        {"method": "password", "at": time.time()},
        {"method": "mfa", "type": "totp", "at": time.time()},
    ]
    session.save()
    return client
