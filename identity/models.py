"""Residents and staff of one municipality. All of it lives in the municipality's schema."""

from __future__ import annotations

import json
import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.base_session import AbstractBaseSession
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.kept import A_MOMENT, KeptForeignKey
from common.text import Text, TextField
from identity import sealed
from identity.counter.models import CounterCode, Helping, WrongCode
from identity.representation.models import Representation

__all__ = [
    "CounterCode", "Department", "EidClient", "EidIdentity", "EidSession", "Helping",
    "Representation", "Role", "Session", "StaffRole", "UsedLogoutToken", "User", "WrongCode",
]  # fmt: skip

# What Django writes, with random letters after it, for an account without a password.
NO_PASSWORD = "!"  # noqa: S105  a mark, no secret


class UserManager(BaseUserManager["User"]):
    """Makes the two kinds of users. A resident never has a password."""

    def create_resident(self, *, name: str = "", **fields: Any) -> User:
        """A resident known by eID only: made-up username, no password."""
        user = self.model(kind=User.Kind.RESIDENT, name=name, **fields)
        user.username = f"resident-{user.pk}"
        user.set_unusable_password()
        user.save(using=self._db)
        return user

    def create_staff(
        self, username: str, *, name: str, password: str | None = None, **fields: Any
    ) -> User:
        """Somebody who works for the municipality; without `password` only a passkey signs in."""
        user = self.model(
            kind=User.Kind.STAFF,
            username=self.model.normalize_username(username),
            name=name,
            **fields,
        )
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_user(
        self, username: str, email: str = "", password: str | None = None, **fields: Any
    ) -> User:
        """Django's own entry point (Wagtail, management commands): makes staff."""
        fields.setdefault("name", username)
        return self.create_staff(
            username, password=password, email=self.normalize_email(email), **fields
        )

    def create_superuser(
        self, username: str, email: str = "", password: str | None = None, **fields: Any
    ) -> User:
        """Staff with every permission in this municipality."""
        return self.create_user(
            username, email, password, is_staff=True, is_superuser=True, **fields
        )


class User(AbstractBaseUser, PermissionsMixin):
    """A person of one municipality: a resident (by eID) or staff (by password or passkey)."""

    class Kind(models.TextChoices):
        RESIDENT = "resident", _("Resident")
        STAFF = "staff", _("Staff")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.STAFF)
    username = models.CharField(
        _("user name"),
        max_length=150,
        unique=True,
        validators=[RegexValidator(r"^[\w.@+-]+\Z", _("Use letters, digits and . @ + - _ only."))],
    )
    name = models.CharField(_("name"), max_length=200, blank=True)
    name_kana = models.CharField(_("name in kana"), max_length=200, blank=True)
    email = models.EmailField(_("e-mail address"), blank=True)
    language = models.CharField(_("language"), max_length=12, default="ja")
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("may use the content administration"), default=False)
    date_joined = models.DateTimeField(_("joined"), default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["email"]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="identity_user_resident_no_password",
                condition=models.Q(kind="staff") | models.Q(password__startswith=NO_PASSWORD),
            ),
            models.CheckConstraint(
                name="identity_user_resident_no_privileges",
                condition=models.Q(kind="staff")
                | models.Q(kind="resident", is_staff=False, is_superuser=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.username

    @property
    def is_resident(self) -> bool:
        return self.kind == self.Kind.RESIDENT

    def get_full_name(self) -> str:
        return self.name or self.username

    def get_short_name(self) -> str:
        return self.get_full_name()

    @property
    def first_name(self) -> str:
        """What Wagtail calls its user; one field holds the name, since names differ in order."""
        return self.name


class EidIdentity(models.Model):
    """A resident's link to the national eID and what it last asserted.

    `claims` maps a concept of the GIF vocabulary to
    ``{"value": …, "source": "eid", "issuer": …, "acr": …, "asserted_at": ISO time}``.
    """

    # The link belongs to the person: it goes when the person goes.
    user = models.OneToOneField(User, models.CASCADE, related_name="eid")
    issuer = models.CharField(max_length=255)
    subject = models.CharField(max_length=255)
    claims = models.JSONField(default=dict, blank=True)
    acr = models.CharField(max_length=100, blank=True)
    asserted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("eID link")
        verbose_name_plural = _("eID links")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="identity_eid_unique")
        ]

    def __str__(self) -> str:
        return f"{self.issuer} {self.subject}"


class Session(AbstractBaseSession):
    """A web session; `user` says whose, for whoever has signed in."""

    # Signing somebody out everywhere is deleting these; they go with the account.
    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="sessions")

    @classmethod
    def get_session_store_class(cls) -> type[SessionBase]:
        from identity.sessions import SessionStore  # noqa: PLC0415  it reads this model

        return SessionStore


class EidSession(models.Model):
    """Which web session an eID sign-in opened, so that the provider can end it (back channel)."""

    session_key = models.CharField(max_length=40, unique=True)
    # Ended with the person's account.
    user = models.ForeignKey(User, models.CASCADE, related_name="eid_sessions")
    issuer = models.CharField(max_length=255)
    subject = models.CharField(max_length=255)
    sid = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("eID session")
        verbose_name_plural = _("eID sessions")
        indexes: ClassVar = [
            models.Index(fields=["issuer", "subject"], name="identity_eidsess_sub")
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.sid}"


class UsedLogoutToken(models.Model):
    """A back-channel logout token that was carried out; a second time it is refused."""

    jti = models.CharField(max_length=255, primary_key=True)
    seen_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = _("used logout token")
        verbose_name_plural = _("used logout tokens")

    def __str__(self) -> str:
        return self.jti


class EidClient(models.Model):
    """This municipality's registration at the eID provider. One active row per municipality."""

    class AskBy(models.TextChoices):
        CLAIMS = "claims", _("claims parameter")
        SCOPE = "scope", _("scopes")

    KEY_PURPOSE = "madoguchi eid client key"

    issuer = models.CharField(max_length=255)
    client_id = models.CharField(max_length=255)
    authorization_endpoint = models.CharField(max_length=500)
    token_endpoint = models.CharField(max_length=500)
    userinfo_endpoint = models.CharField(max_length=500)
    jwks_uri = models.CharField(max_length=500)
    end_session_endpoint = models.CharField(max_length=500, blank=True)
    # The provider's discovery document as it was read at registration.
    discovery = models.JSONField(default=dict, blank=True)
    discovered_at = models.DateTimeField(null=True, blank=True)
    # JWK set with the private keys (signing, and encryption when used), sealed.
    sealed_keys = models.TextField()
    signing_alg = models.CharField(max_length=10, default="ES256")
    id_token_alg = models.CharField(max_length=10, default="ES256")
    # Empty: the provider answers with plain JSON over TLS.
    userinfo_alg = models.CharField(max_length=10, blank=True, default="ES256")
    userinfo_encrypted = models.BooleanField(default=False)
    ask_by = models.CharField(max_length=10, choices=AskBy.choices, default=AskBy.CLAIMS)
    # What every sign-in must reach, and what a step-up asks for (space-separated).
    acr_required = models.CharField(max_length=100, blank=True, default="aal2")
    acr_step_up = models.CharField(max_length=100, blank=True, default="aal3")
    # RFC 9207: the provider names itself in the answer, and a missing name is refused.
    requires_iss = models.BooleanField(default=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("eID registration")
        verbose_name_plural = _("eID registrations")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["is_active"],
                condition=models.Q(is_active=True),
                name="identity_eidclient_one_active",
            ),
            models.UniqueConstraint(
                fields=["issuer", "client_id"], name="identity_eidclient_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.client_id} @ {self.issuer}"

    def seal_keys(self, jwks: dict[str, Any]) -> None:
        """Keep the private JWK set ``{"keys": [{"kty", "kid", "use", "d", …}]}``."""
        self.sealed_keys = sealed.seal(
            json.dumps(jwks).encode(), purpose=self.KEY_PURPOSE, context=self.client_id
        )

    def private_key(self, use: str) -> dict[str, Any] | None:
        """The private JWK for ``use`` "sig" or "enc". Raises `sealed.CannotOpen`."""
        opened = sealed.unseal(self.sealed_keys, purpose=self.KEY_PURPOSE, context=self.client_id)
        keys: list[dict[str, Any]] = json.loads(opened)["keys"]
        return next((key for key in keys if key.get("use", "sig") == use), None)


class Department(models.Model):
    """An office of the municipality that handles or is consulted on cases."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.SlugField(_("key"), max_length=60, unique=True)
    name: models.Field[Text, Text] = TextField(verbose_name=_("name"))

    class Meta:
        ordering: ClassVar = ["key"]
        verbose_name = _("department")
        verbose_name_plural = _("departments")

    def __str__(self) -> str:
        return str(Text(self.name)) or self.key


class StaffRole(models.Model):
    """What somebody may do, in one department or (department empty) in the whole municipality."""

    class Role(models.TextChoices):
        CASEWORKER = "caseworker", _("Caseworker")
        CONSULTEE = "consultee", _("Consulted office")
        LEAD = "lead", _("Lead")
        FINANCE = "finance", _("Finance")
        COUNTER = "counter", _("Help at the counter")
        EDITOR = "editor", _("Editor")
        ADMIN = "admin", _("Administrator")

    # A role means nothing without its person or its department.
    user = models.ForeignKey(User, models.CASCADE, related_name="roles")
    department = KeptForeignKey(
        Department, models.CASCADE, related_name="roles", null=True, blank=True, seconds=A_MOMENT
    )
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)

    class Meta:
        verbose_name = _("staff role")
        verbose_name_plural = _("staff roles")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "department", "role"],
                name="identity_staffrole_unique",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.role}"


Role = StaffRole.Role
