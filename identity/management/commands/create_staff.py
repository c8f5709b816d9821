"""``manage.py create_staff``: an account for somebody who works for a municipality."""

import secrets
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from common.text import Text
from identity.models import Department, Role, StaffRole, User
from tenants import context
from tenants.errors import UnknownMunicipality
from tenants.links import absolute


class Command(BaseCommand):
    help = (
        "Make a staff account with a role and a password for the first sign-in, which is printed "
        "once. The second factor is set up at that sign-in."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("schema", help="the municipality's schema")
        parser.add_argument("username")
        parser.add_argument("--name", required=True)
        parser.add_argument("--email", default="")
        parser.add_argument("--role", required=True, choices=[role.value for role in Role])
        parser.add_argument(
            "--department", default="", help="its key, made when it is new; empty: everywhere"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        password = secrets.token_urlsafe(12)
        try:
            with context.municipality(options["schema"]):
                if User.objects.filter(username=options["username"]).exists():
                    raise CommandError(f"There is already an account '{options['username']}'.")
                key = options["department"]
                department = (
                    Department.objects.get_or_create(key=key, defaults={"name": Text(key)})[0]
                    if key
                    else None
                )
                runs_site = options["role"] in (Role.ADMIN, Role.EDITOR)
                user = User.objects.create_staff(
                    options["username"],
                    name=options["name"],
                    email=options["email"],
                    password=password,
                    is_staff=runs_site,
                    is_superuser=options["role"] == Role.ADMIN,
                )
                StaffRole.objects.create(user=user, role=options["role"], department=department)
                address = absolute(reverse("account_login"))
        except UnknownMunicipality as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{address}\n{options['username']}\n{password}")
