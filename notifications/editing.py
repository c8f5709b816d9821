"""What an administrator settles about notices: their wording, and which system is told, too."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from django.db import transaction
from django.utils.translation import gettext as _

from audit import ledger
from common.actor import Actor
from common.database import connection
from common.errors import Conflict, InvalidInput
from common.text import Text
from identity import sealed
from identity.models import User
from notifications import events, wording
from notifications.channels import fetching, webhook
from notifications.channels.fetching import AddressRefused
from notifications.models import TownWording, WebhookTarget
from notifications.notice import LANGUAGES, Notice, Wording, notices

#: Subject and body by language.
Texts = Mapping[str, tuple[str, str]]
State = Literal["platform", "changed", "older", "missing"]


@dataclass(frozen=True, slots=True)
class Line:
    """A notice in the overview: its state in each language of the municipality."""

    notice: type[Notice]
    subject: str
    states: dict[str, State]
    own: TownWording | None


def overview(language: str) -> list[Line]:
    """Every notice, by its subject in `language`."""
    own = {row.kind: row for row in TownWording.objects.all()}
    languages = list(dict.fromkeys([*LANGUAGES, *connection.tenant.languages]))
    lines = []
    for kind, notice in notices.items():
        mine = own.get(kind)
        subject = texts_of(notice, mine)[language][0]
        states = {each: _state(notice, mine, each) for each in languages}
        lines.append(Line(notice, subject, states, mine))
    return lines


def _state(notice: type[Notice], own: TownWording | None, language: str) -> State:
    if own is not None and own.subject.get(language) and own.body.get(language):
        return "older" if wording.is_outdated(notice, own, language) else "changed"
    # Without a text of its own, or with one in other languages only.
    return "platform" if language in LANGUAGES and own is None else "missing"


def texts_of(notice: type[Notice], own: TownWording | None) -> dict[str, tuple[str, str]]:
    """What to begin editing with: the town's wording where there is one, else the platform's."""
    found = {}
    for language in LANGUAGES:
        subject, body = wording.platform_text(notice, language)
        if own is not None:
            subject = own.subject.get(language) or subject
            body = own.body.get(language) or body
        found[language] = (subject, body)
    return found


def stamp(own: TownWording | None) -> str:
    """What a page was made from, to see whether somebody else saved meanwhile."""
    return own.changed_at.isoformat() if own else ""


def check(notice: type[Notice], texts: Texts) -> dict[str, list[str]]:
    """What stands in the way of saving, by ``subject-ja``, ``body-en``, …"""
    return {
        f"{part}-{language}": said
        for language in LANGUAGES
        for part, said in wording.problems(notice, *texts[language]).items()
    }


@transaction.atomic
def save(*, notice: type[Notice], texts: Texts, seen: str, by: User) -> TownWording:
    """The municipality's wording from now on. What was sent stays as it was worded.

    Raises `InvalidInput` by field, `Conflict` when somebody else saved meanwhile.
    """
    clean = {
        language: (subject.strip(), body.replace("\r\n", "\n").strip())
        for language, (subject, body) in texts.items()
    }
    errors = check(notice, clean)
    if errors:
        raise InvalidInput(errors)
    # Also what is not there yet is made by one at a time.
    User.objects.select_for_update().get(pk=by.pk)
    own = TownWording.objects.select_for_update().filter(kind=notice.kind).first()
    _check_seen(own, seen)
    saved, _made = TownWording.objects.update_or_create(
        kind=notice.kind,
        defaults={
            "subject": Text({each: clean[each][0] for each in LANGUAGES}),
            "body": Text({each: clean[each][1] for each in LANGUAGES}),
            "based_on": {each: wording.fingerprint(notice, each) for each in LANGUAGES},
            "changed_by": by,
        },
    )
    ledger.record(event=events.WORDING_CHANGED, **_by(by, notice.kind))
    return saved


@transaction.atomic
def revert(*, notice: type[Notice], seen: str, by: User) -> None:
    """The platform's wording again. Raises `Conflict`."""
    own = TownWording.objects.select_for_update().filter(kind=notice.kind).first()
    _check_seen(own, seen)
    if own is not None:
        own.delete()
        ledger.record(event=events.WORDING_REVERTED, **_by(by, notice.kind))


def _check_seen(own: TownWording | None, seen: str) -> None:
    if stamp(own) != seen:
        raise Conflict(
            _("Somebody else has changed this text in the meantime. Nothing was overwritten."),
            code="saved_elsewhere",
        )


def preview(notice: type[Notice], texts: Texts, language: str, *, private: bool) -> Wording:
    """How it would read, with made-up values."""
    subject, body = texts[language]
    return wording.worded(
        notice,
        notice.checked(_sample(notice)),
        own=TownWording(
            kind=notice.kind, subject=Text({language: subject}), body=Text({language: body})
        ),
        language=language,
        name="山田 花子" if language == "ja" else "Hanako Yamada",
        town=connection.tenant.name.in_language(language),
        private=private,
    )


def _sample(notice: type[Notice]) -> dict[str, object]:
    """Values of nobody, for every field the notice has."""
    day = date(2026, 4, 20)
    known: dict[str, object] = {
        "receipt_number": "260401-7K3F9QXM" if wording.has_number(notice) else "",
        "service": Text({"ja": "公園使用の許可", "en": "Park use permit"}),
        "stage": Text({"ja": "審査中", "en": "Under review"}),
        "department": Text({"ja": "公園緑地課", "en": "Parks and greenery"}),
        "colleague": "山本 真理",
        "code": "12345678",
        "remarks": 2,
        "rule": "公園の許可",
        "path": "",
        "without_sign_in": False,
    }
    return {name: known.get(name, day) for name in notice.context.model_fields}


@transaction.atomic
def set_webhook(*, url: str, by: User) -> str:
    """Tell the system at `url` from now on; answers with its new secret, which is shown once.

    Raises `InvalidInput`. Names are looked up when something is sent, not here.
    """
    url = url.strip()
    try:
        host, _port, _path = fetching.checked(url)
        _check_literal(host)
    except AddressRefused as refused:
        raise InvalidInput({"url": [_reason(refused.code)]}) from None
    secret = secrets.token_urlsafe(32)
    WebhookTarget.objects.update_or_create(
        pk=WebhookTarget.ONLY,
        defaults={
            "url": url,
            "secret": sealed.seal(
                secret.encode(), purpose=webhook.PURPOSE, context=connection.schema_name
            ),
            "changed_by": by,
        },
    )
    ledger.record(event=events.WEBHOOK_SET, **_by(by, "webhook"))
    return secret


@transaction.atomic
def remove_webhook(*, by: User) -> None:
    """Tell no system any more."""
    deleted, _rows = WebhookTarget.objects.all().delete()
    if deleted:
        ledger.record(event=events.WEBHOOK_REMOVED, **_by(by, "webhook"))


def _check_literal(host: str) -> None:
    try:
        ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
            raise AddressRefused("private") from None
        return
    if not fetching.is_public(host):
        raise AddressRefused("private")


def _reason(code: str) -> str:
    if code == "https":
        return _("The address has to begin with https://")
    if code == "private":
        return _("This address is in an internal network. It has to be a public one.")
    return _("This is no address that can be called, such as https://example.lg.jp/notices")


def _by(user: User, object_id: str) -> dict[str, Any]:
    return {"by": Actor.of(user), "object_kind": "notice", "object_id": object_id}
