"""What the database itself refuses."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from identity import sealed
from identity.models import Department, EidClient, EidIdentity, StaffRole, User
from tests.identity.support import make_staff


def refused() -> Any:
    return pytest.raises(IntegrityError)


def test_resident_never_has_a_password(town: Any) -> None:
    user = User.objects.create_resident(name="佐藤 恵")
    assert not user.has_usable_password()
    user.set_password("anything at all")
    with refused(), transaction.atomic():
        user.save()


@pytest.mark.parametrize("privilege", ["is_staff", "is_superuser"])
def test_resident_never_has_privileges(privilege: str, town: Any) -> None:
    with refused(), transaction.atomic():
        User.objects.create_resident(name="佐藤 恵", **{privilege: True})


def test_subject_belongs_to_one_user(town: Any) -> None:
    first, second = (User.objects.create_resident(name=name) for name in "ab")
    EidIdentity.objects.create(user=first, issuer="i", subject="s")
    EidIdentity.objects.create(user=second, issuer="other", subject="s")
    third = User.objects.create_resident(name="c")
    with refused(), transaction.atomic():
        EidIdentity.objects.create(user=third, issuer="i", subject="s")


def test_role_is_held_once(town: Any) -> None:
    user = make_staff("kato", "lead")
    with refused(), transaction.atomic():
        StaffRole.objects.create(user=user, role="lead")


def test_one_registration_is_active(eid_client: EidClient) -> None:
    with refused(), transaction.atomic():
        EidClient.objects.create(issuer="x", client_id="y", sealed_keys="")


def test_names_of_a_user(town: Any) -> None:
    user = make_staff("kato", name="")
    assert (str(user), user.get_full_name(), user.get_short_name()) == ("kato",) * 3
    user.name = "山本 真理"
    assert (str(user), user.first_name) == ("山本 真理", "山本 真理")
    assert str(Department(key="test-parks", name={"ja": "公園課"})) == "公園課"


def test_superuser_is_staff(town: Any) -> None:
    user = User.objects.create_superuser("root", "r@example.test", "a long enough password")
    assert (user.kind, user.is_staff, user.is_superuser) == ("staff", True, True)


def test_staff_without_password_signs_in_by_passkey_only(town: Any) -> None:
    assert not User.objects.create_staff("x", name="x").has_usable_password()


def test_private_key_is_not_readable_in_the_database(eid_client: EidClient) -> None:
    key = eid_client.private_key("sig")
    assert key is not None
    assert key["d"] not in eid_client.sealed_keys
    assert eid_client.private_key("enc") is None


def test_sealed_value_is_bound_to_secret_purpose_and_context(settings: Any) -> None:
    kept = sealed.seal(b"value", purpose="p", context="c")
    assert sealed.unseal(kept, purpose="p", context="c") == b"value"
    for purpose, context in (("q", "c"), ("p", "d")):
        with pytest.raises(sealed.CannotOpen):
            sealed.unseal(kept, purpose=purpose, context=context)
    old = settings.SECRET_KEY
    settings.SECRET_KEY = "another secret, for a test"
    with pytest.raises(sealed.CannotOpen):
        sealed.unseal(kept, purpose="p", context="c")
    settings.SECRET_KEY_FALLBACKS = [old]
    assert sealed.unseal(kept, purpose="p", context="c") == b"value"
