"""allauth, narrowed to what this house wants: staff only, no sign-up, a second factor always."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from audit import ledger
from common.actor import Actor
from identity import events, sealed
from identity.safe_next import home, safe_next

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
SECRET_PURPOSE = "madoguchi staff second factor"  # noqa: S105  names a key, is none


class StaffAccountAdapter(DefaultAccountAdapter):
    """Password sign-in for users of kind staff."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": _("The user name or the password is not right."),
        "too_many_login_attempts": _("Too many attempts. Please wait a few minutes."),
        "incorrect_password": _("The password is not right."),
        "rate_limited": _("Too many attempts. Please wait a few minutes."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str) -> bool:
        """A path of this host; allauth would let the hosts of other municipalities pass."""
        return safe_next(url) is not None

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse | None:
        """A resident never comes in by this door, whatever is in the database."""
        if user.kind != "staff":
            messages.error(request, str(self.error_messages["username_password_mismatch"]))
            return HttpResponseRedirect(reverse("account_login"))
        return super().pre_login(request, user, **kwargs)

    def login(self, request: HttpRequest, user: Any) -> None:
        super().login(request, user)
        methods = sorted(
            {
                str(record.get("type") or record["method"])
                for record in get_authentication_records(request, user)
            }
        )
        ledger.record(
            event=events.STAFF_SIGNED_IN,
            by=Actor.of(user),
            object_kind="user",
            object_id=str(user.pk),
            data={"methods": methods},
        )

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        if request.user.is_authenticated and request.user.kind == "staff":
            try:
                return reverse("desk:inbox")
            except NoReverseMatch:  # a deployment without the desk
                return reverse("mfa_index")
        return home((get_language() or settings.LANGUAGE_CODE).split("-")[0])

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        return reverse("identity:signed_out")

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Changing one's factors asks for a proof again, unless one was given just now.

        For the first factor the password of a moment ago is the proof; afterwards only a factor.
        """
        request = context.request
        has_factor = Authenticator.objects.filter(
            user_id=request.user.pk, type__in=FACTORS
        ).exists()
        proof = "mfa" if has_factor else "password"
        newest = max(
            (
                float(record["at"])
                for record in get_authentication_records(request, request.user)
                if record.get("method") == proof
            ),
            default=0.0,
        )
        return time.time() - newest > settings.ACCOUNT_REAUTHENTICATION_TIMEOUT

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Whoever has a second factor proves by it; the password alone is not enough then."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        return [m for m in methods if m["id"] != "reauthenticate"] or methods

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        """Only texts of ours. allauth's notices come from templates, some after the commit, when
        nothing of the municipality can be read any more; our pages show the state instead."""
        if message:
            messages.add_message(request, level, message, extra_tags=extra_tags)

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Notices to people are the business of notifications/."""


class StaffMfaAdapter(DefaultMFAAdapter):
    """Second factors: secrets sealed, the last factor cannot be removed."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("The code is not right. Codes change every 30 seconds."),
        "cannot_delete_authenticator": _(
            "This is your only second factor. Add another one before you remove it."
        ),
    }

    def _get_site_name(self) -> str:
        """The municipality, as an authenticator app or a browser lists it."""
        town = getattr(context.request, "tenant", None)
        return str(town.name) if town else str(context.request.get_host())

    def _get_user_identifier(self, user: Any) -> str:
        return str(user.username)

    def encrypt(self, text: str) -> str:
        return sealed.seal(text.encode(), purpose=SECRET_PURPOSE, context="")

    def decrypt(self, encrypted_text: str) -> str:
        return sealed.unseal(encrypted_text, purpose=SECRET_PURPOSE, context="").decode()

    def generate_authenticator_name(self, user: Any, type: Authenticator.Type) -> str:  # noqa: A002
        """What a passkey is called until its owner says otherwise."""
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return gettext("Passkey {number}").format(number=number)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Recovery codes alone are no second factor to work with."""
        if authenticator.type not in FACTORS:
            return False
        others = Authenticator.objects.filter(user_id=authenticator.user_id, type__in=FACTORS)
        return others.exclude(pk=authenticator.pk).exists()
