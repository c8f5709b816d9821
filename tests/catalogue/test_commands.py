"""What one IT person types to bring a municipality to life."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from catalogue.models import Offering
from identity.models import StaffRole, User
from identity.roles import Role, has_role


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_create_staff_prints_a_password_that_works_and_gives_the_role(
    in_town: Any, db: None
) -> None:
    out = run(
        "create_staff", "shiomi", "ito", "--name", "伊藤 さくら", "--role", "caseworker",
        "--department", "permits",
    )  # fmt: skip
    address, username, password = out.split()
    assert (address, username) == ("http://shiomi.localhost:8000/staff/login/", "ito")
    with in_town("shiomi"):
        user = User.objects.get(username="ito")
        assert user.check_password(password)
        assert has_role(user, Role.CASEWORKER, "permits")
        assert not has_role(user, Role.CASEWORKER, "roads")
        assert (user.is_staff, user.is_superuser) == (False, False)
    with in_town("suginosawa"):
        assert not User.objects.filter(username="ito").exists()


def test_create_staff_refuses_a_taken_name_and_an_unknown_town(in_town: Any, db: None) -> None:
    arguments = ("--name", "X", "--role", "admin")
    with pytest.raises(CommandError, match="already"):
        run("create_staff", "shiomi", "yamamoto", *arguments)
    with pytest.raises(CommandError, match="nowhere"):
        run("create_staff", "nowhere", "ito", *arguments)
    with in_town("shiomi"):
        assert StaffRole.objects.filter(user__username="yamamoto").count() == 1


def test_adopt_service_sets_the_towns_rates(in_town: Any, db: None) -> None:
    out = run("adopt_service", "suginosawa", "park_use", "--rate", "event=999")
    assert out.startswith("suginosawa offers park-use ")
    with in_town("suginosawa"):
        settings = Offering.objects.get(slug="park-use").settings
        assert settings["rates"] == {"event": 999}
        assert len(settings["choices"]["park"]) >= 3  # the town's own parks stay
    with in_town("shiomi"):
        assert Offering.objects.get(slug="park-use").settings["rates"]["event"] != 999


def test_adopt_service_sets_the_towns_own_numbers(in_town: Any, db: None) -> None:
    run("adopt_service", "suginosawa", "school_aid", "--number", "coefficient=110")
    with in_town("suginosawa"):
        offering = Offering.objects.get(template_key="school_aid")
        assert offering.settings["numbers"] == {"coefficient": 110}
        assert offering.form_version.form.as_json() != offering.template.form.as_json()


def test_adopt_service_names_what_is_wrong(db: None) -> None:
    with pytest.raises(CommandError, match="no service template 'castle'"):
        run("adopt_service", "shiomi", "castle")
    with pytest.raises(CommandError):
        run("adopt_service", "shiomi", "park_use", "--rate", "event=much")
    with pytest.raises(CommandError, match="no computed number 'rent'"):
        run("adopt_service", "shiomi", "school_aid", "--number", "rent=1")
