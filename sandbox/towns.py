"""Makes the pilot municipalities: schema, content, staff, services, eID. Safe to run again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.contrib.auth.models import Group

from cases import bodies
from catalogue.models import Offering
from catalogue.offerings import adopt
from catalogue.registry import catalogue
from cms.seeding import EDITORS, seed_site
from cms.town_spec import ServiceSpec, TownSpec
from common.actor import SYSTEM
from identity.models import Department, Role, StaffRole, User
from sandbox import content, people
from sandbox.eid.registration import register_towns
from tenants import context, provisioning
from tenants.links import base_url
from tenants.models import Domain, Municipality

#: What each of the five towns offers; the others are named in the town's own file.
EVERYWHERE = ("park_use", "child_allowance", "review_request")


def seed(keys: Iterable[str]) -> list[Municipality]:
    """Provision and fill the towns of `keys` (folders of `sandbox.content`)."""
    return [_seed_town(key) for key in keys]


def _seed_town(key: str) -> Municipality:
    spec = content.load(key)
    town = Municipality.objects.filter(schema_name=key).first()
    if town is None:
        town = provisioning.provision(
            schema_name=key,
            code=spec.code,
            name=spec.name,
            prefecture=spec.prefecture,
            domains=[f"{key}.{settings.PLATFORM_DOMAIN}"],
            languages=["ja", "en"],
        )
    with context.municipality(town):
        departments = {
            declared.key: Department.objects.update_or_create(
                key=declared.key, defaults={"name": declared.name}
            )[0]
            for declared in spec.departments
        }
        seed_site(town_spec=spec, offerings=_services(spec, departments))
        for account in people.ACCOUNTS:
            _staff(key, account, departments)
        for body in bodies.known():
            # Its mail arrives in the sandbox's own inbox, as everybody's does.
            body.email = f"{body.key}@{key}.example"
            body.save()
    return town


def _services(spec: TownSpec, departments: Mapping[str, Department]) -> list[Offering]:
    """The services of every town, and those that the town has a word of its own on."""
    adopted = []
    for key in dict.fromkeys([*EVERYWHERE, *spec.services]):
        template, own = catalogue().get(key), spec.services.get(key, ServiceSpec())
        parks = {"park": spec.park_choices()} if "park" in template.form.questions_by_id else {}
        adopted.append(
            adopt(
                key,
                by=SYSTEM,
                department=departments[own.department or template.service.department],
                rates=own.rates,
                numbers=own.numbers,
                sign_in=own.sign_in,
                choices=parks,
            )
        )
    return adopted


def _staff(
    schema_name: str, account: people.Account, departments: Mapping[str, Department]
) -> None:
    user = User.objects.filter(username=account.username).first()
    if user is None:
        user = User.objects.create_staff(
            account.username,
            name=account.name,
            password=people.PASSWORD,
            email=f"{account.username}@{schema_name}.example.test",
            is_staff=account.cms,
            is_superuser=account.role is Role.ADMIN,
        )
        if account.cms:
            user.groups.add(Group.objects.get(name=EDITORS))
    department = departments[account.department] if account.department else None
    StaffRole.objects.get_or_create(user=user, role=account.role, department=department)
    if not Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists():
        TOTP.activate(user, people.totp_secret(schema_name, account.username))


def register_eid(keys: Iterable[str], *, issuer: str, config_path: Path) -> None:
    """Tell the sandbox eID about each town, and each town about the sandbox eID."""
    with context.public():
        domains = list(
            Domain.objects.select_related("tenant").filter(
                tenant__schema_name__in=list(keys), is_primary=True
            )
        )
    register_towns(
        [(domain.tenant, base_url(domain.domain)) for domain in domains],
        issuer=issuer,
        config_path=config_path,
    )
