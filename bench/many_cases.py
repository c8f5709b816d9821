# ruff: noqa: PLC0415  models can be imported after django.setup() only
"""Any number of cases in a municipality, written by COPY: people, applications, cases, their time
lines, files, opinions, decisions, and search rows made by the code that makes them in earnest.

Left out is what no page of the desk reads: the ledger's entries, messages, rows of the outbox.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Any

from psycopg.types.json import Jsonb

#: The commonest family names with their kana and how many of 1,000 people have them.
_FAMILY = """
    佐藤:サトウ:15 鈴木:スズキ:14 高橋:タカハシ:11 田中:タナカ:10
    渡辺:ワタナベ:9 伊藤:イトウ:9 山本:ヤマモト:8 中村:ナカムラ:8
    小林:コバヤシ:8 加藤:カトウ:7 吉田:ヨシダ:7 山田:ヤマダ:6 佐々木:ササキ:6
    山口:ヤマグチ:5 松本:マツモト:5 井上:イノウエ:5 木村:キムラ:5 林:ハヤシ:4
    斎藤:サイトウ:4 清水:シミズ:4
"""
#: The rest: names put together of two characters, as most are.
_FIRST = """
    青:アオ 石:イシ 上:ウエ 大:オオ 川:カワ 北:キタ 黒:クロ 桜:サクラ 島:シマ
    杉:スギ 竹:タケ 谷:タニ 中:ナカ 西:ニシ 野:ノ 浜:ハマ 東:ヒガシ 福:フク
    藤:フジ 細:ホソ 前:マエ 南:ミナミ 宮:ミヤ 森:モリ 安:ヤス 柳:ヤナギ 横:ヨコ
    若:ワカ
"""
_LAST = """
    井:イ 内:ウチ 岡:オカ 尾:オ 木:キ 沢:ザワ 坂:サカ 田:タ 塚:ヅカ 津:ツ
    根:ネ 橋:ハシ 原:ハラ 部:ベ 村:ムラ 本:モト 山:ヤマ 脇:ワキ
"""
_GIVEN = """
    太郎:タロウ 花子:ハナコ 陽菜:ヒナ 蓮:レン 結衣:ユイ 大翔:ヒロト 美咲:ミサキ
    健:ケン 真理:マリ 翔太:ショウタ さくら:サクラ 和子:カズコ 誠:マコト 恵子:ケイコ
    直樹:ナオキ 由美:ユミ 拓也:タクヤ 愛:アイ 隆:タカシ 幸子:サチコ
"""
_TOWNS = """
    港町 本町 栄町 緑が丘 桜台 若葉 中央 東山 西浜 南原 北野 川端
"""
_PLACES = """
    噴水 藤棚 時計台 野外ステージ 芝生広場 遊歩道 展望台 池 東屋 花壇
"""
_DEEDS = """
    映画の撮影 写真の撮影 朝市 盆踊り 青空コンサート フリーマーケット 凧揚げ大会 防災訓練
    写生会 太極拳の会 読み聞かせ マラソンの受付
"""

#: Of 100 cases: where they stand. Most of what a town keeps is closed.
_STAGES = (("received", 8), ("review", 18), ("correction", 4), ("closed", 70))
#: Departments by how many of 100 cases they have.
OFFICES = (("permits", "許認可課", 55), ("harbour", "港支所", 15), ("hills", "丘支所", 15),
           ("river", "川支所", 15))  # fmt: skip
CASEWORKERS = 20
SEED = 20261127


@dataclass(frozen=True)
class Staff:
    """Who works there, and what to look for."""

    offering: Any
    offices: list[Any]
    caseworkers: list[Any]
    # Of all departments.
    lead: Any


def make(schema: str, count: int) -> Staff:
    """`count` cases in a municipality, from now backwards. No two runs differ."""
    from tenants import context

    chance = random.Random(SEED)
    with _index_made_afterwards(schema), context.municipality(schema):
        staff = _staff()
        rows = _Rows(staff, chance)
        for number in range(count):
            rows.add(number)
        rows.write()
    return staff


def _staff() -> Staff:
    from catalogue.offerings import adopt
    from common.actor import SYSTEM
    from common.text import Text
    from identity.models import Department, Role, StaffRole, User

    offices = [Department.objects.create(key=key, name=Text(name)) for key, name, _ in OFFICES]
    offering = adopt("park_use", by=SYSTEM, department=offices[0])
    caseworkers = []
    for number in range(CASEWORKERS):
        user = User.objects.create_staff(f"worker-{number}", name=f"担当 {number}")
        StaffRole.objects.create(user=user, role=Role.CASEWORKER, department=offices[0])
        caseworkers.append(user)
    lead = User.objects.create_staff("lead", name="課長")
    StaffRole.objects.create(user=lead, role=Role.LEAD)
    return Staff(offering, offices, caseworkers, lead)


def name_of(chance: random.Random) -> tuple[str, str]:
    """A name and its kana: 15 of 100 have one of the twenty commonest family names."""
    place = chance.randrange(1000)
    given, given_kana = _pick(chance, _GIVEN)
    for entry in _FAMILY.split():
        family, kana, share = entry.split(":")
        place -= int(share)
        if place < 0:
            return f"{family} {given}", f"{kana} {given_kana}"
    (one, one_kana), (two, two_kana) = _pick(chance, _FIRST), _pick(chance, _LAST)
    return f"{one}{two} {given}", f"{one_kana}{two_kana} {given_kana}"


def _pick(chance: random.Random, words: str) -> list[str]:
    return chance.choice(words.split()).split(":")


class _Rows:
    """The rows of every table, gathered, then copied in."""

    def __init__(self, staff: Staff, chance: random.Random) -> None:
        from django.contrib.auth.hashers import make_password
        from django.utils import timezone

        self.staff, self.chance = staff, chance
        self.now: datetime = timezone.now()
        self.today: date = timezone.localdate()
        self.password = make_password(None)
        self.fee: dict[str, Any] = {}
        self.residents: list[Any] = []
        self.made: dict[str, list[Any]] = {}

    def add(self, number: int) -> None:
        from cases.models import Application, Case
        from cases.numbers import receipt_number
        from catalogue.queries import fee_of

        chance = self.chance
        if number % 10 < 7:
            self.residents.append(self._resident(number))
        resident = chance.choice(self.residents)
        received = self.today - timedelta(days=number * 700 // 100_000 + chance.randrange(20))
        key = uuid.UUID(int=chance.getrandbits(128), version=4)
        file = self._file(key, resident)
        answers = self._answers(number, resident, file)
        if not self.fee:
            offering = self.staff.offering
            self.fee = fee_of(offering, offering.form_version.form, answers).as_json()
        application = Application(
            id=uuid.UUID(int=chance.getrandbits(128), version=4),
            idempotency_key=key,
            receipt_number=receipt_number(key, received),
            offering=self.staff.offering,
            version=self.staff.offering.form_version,
            resident=resident,
            language="ja",
            answers=answers,
            provenance={},
            fee=self.fee,
            submitted_at=self.now - (self.today - received),
        )
        case = Case(
            id=uuid.UUID(int=chance.getrandbits(128), version=4),
            application=application,
            offering=self.staff.offering,
            workflow_version_id=self.staff.offering.workflow_version_id,
            department=self._of(
                zip(self.staff.offices, (part[2] for part in OFFICES), strict=True)
            ),
            resident=resident,
            stage=self._of(_STAGES),
            received_on=received,
        )
        self._course(case, number)
        self.made.setdefault("Application", []).append(application)
        self.made.setdefault("Case", []).append(case)

    def _of(self, shares: Iterable[tuple[Any, int]]) -> Any:
        place = self.chance.randrange(100)
        for found, share in shares:
            place -= share
            if place < 0:
                return found
        raise AssertionError("shares of 100")

    def _resident(self, number: int) -> Any:
        from identity.models import User

        name, kana = name_of(self.chance)
        user = User(
            id=uuid.UUID(int=self.chance.getrandbits(128), version=4),
            kind="resident",
            username=f"resident-{number}",
            password=self.password,
            name=name,
            name_kana=kana,
            email=f"resident{number}@example.jp",
        )
        self.made.setdefault("User", []).append(user)
        return user

    def _file(self, key: uuid.UUID, resident: Any) -> Any:
        from forms.models import Attachment

        file = Attachment(
            id=uuid.UUID(int=key.int ^ 1),
            owner=resident,
            question_id="site_plan",
            filename="位置図.pdf",
            content_type="application/pdf",
            size=10_000,
            sha256="0" * 64,
            file="bench/none.pdf",
        )
        self.made.setdefault("Attachment", []).append(file)
        return file

    def _answers(self, number: int, resident: Any, file: Any) -> dict[str, Any]:
        chance = self.chance
        place, town = chance.choice(_PLACES.split()), chance.choice(_TOWNS.split())
        return {
            "name": resident.name,
            "name_kana": resident.name_kana,
            "birth_date": "1985-04-12",
            "address": {
                "postalCode": f"{1000000 + chance.randrange(9000)}",
                "prefecture": "窓口県",
                "city": "第一市",
                "streetAddress": f"{town}{chance.randrange(1, 9)}-{number % 40}",
                "building": "",
            },
            "phone": f"090-{chance.randrange(10_000):04}-{chance.randrange(10_000):04}",
            "email": resident.email,
            "for_organisation": False,
            "park": ("central", "riverside", "hillside")[number % 3],
            "place_detail": {"description": f"{place}の{chance.choice('東西南北')}側 {number}"},
            "area_m2": number % 900 + 1,
            "use_from": "2027-04-01",
            "use_to": "2027-04-02",
            "days": 2,
            "hours": f"{number % 12 + 1}時から",
            "act_type": "photography",
            "purpose": f"{place}での{chance.choice(_DEEDS.split())}",
            "crew": number % 40 + 1,
            "cameras": number % 9 + 1,
            "site_plan": [str(file.pk)],
            "fee_waiver": False,
            "agreed": True,
        }

    def _course(self, case: Any, number: int) -> None:
        """Who has it, its clock, and what happened."""
        from cases.models import Consultation, CorrectionRequest, Decision, TimelineEntry

        chance, worker = self.chance, self.chance.choice(self.staff.caseworkers)
        happened = ["submitted"]
        if case.stage != "received":
            case.assigned_to = worker
            happened.append("claimed")
        if case.stage == "correction":
            case.days_left_when_paused, case.paused_on = 3, self.today
            happened.append("correction_requested")
            self.made.setdefault("CorrectionRequest", []).append(
                CorrectionRequest(
                    case=case, question_ids=["purpose"], message="くわしく。", requested_by=worker
                )
            )
        elif case.stage == "closed":
            refused = number % 20 == 0
            outcome = "refused" if refused else "approved"
            case.stage = "refused" if refused else "issued"
            case.closed_at = self.now - timedelta(seconds=number * 60 + chance.randrange(60))
            happened.append(outcome)
            self.made.setdefault("Decision", []).append(
                Decision(
                    case=case,
                    outcome=outcome,
                    number=f"公{number}",
                    reason="重なるため。" if refused else "",
                    decided_by=worker,
                )
            )
        else:
            case.due_on = self.today + timedelta(days=chance.randrange(-3, 40))
        if number % 10 == 0:
            self.made.setdefault("Consultation", []).append(
                Consultation(
                    case=case,
                    department=self.staff.offices[1],
                    question="支障はありますか。",
                    asked_by=worker,
                    opinion="no_objection",
                    answered_by=worker,
                    answered_at=self.now,
                )
            )
        self.made.setdefault("TimelineEntry", []).extend(
            TimelineEntry(case=case, code=code) for code in happened
        )

    def write(self) -> None:
        from cases import search

        for name in ("User", "Attachment", "Application", "Case", "Decision", "TimelineEntry",
                     "CorrectionRequest", "Consultation"):  # fmt: skip
            copy_in(self.made.get(name, []))
        copy_in(search.row_of(case) for case in self.made["Case"])


@contextmanager
def _index_made_afterwards(schema: str) -> Iterator[None]:
    """The index of the search is made when the rows are there: the same one, in less time."""
    import psycopg
    from django.conf import settings
    from psycopg import sql

    with psycopg.connect(settings.DATABASE_OWNER_URL, autocommit=True) as owner:
        owner.execute("SET maintenance_work_mem = '256MB'")
        owner.execute(sql.SQL("DROP INDEX {}.case_search_grams").format(sql.Identifier(schema)))
        yield
        owner.execute(
            sql.SQL(
                "CREATE INDEX case_search_grams ON {}.cases_searchrow USING gin (grams)"
            ).format(sql.Identifier(schema))
        )


#: What COPY cannot write by itself.
_TO_COPY: dict[str, Callable[[Any], Any]] = {"JSONField": Jsonb, "FileField": str}


def copy_in(rows: Iterable[Any]) -> None:
    """Rows of one model by COPY; keys that the database counts are left to it."""
    from psycopg import sql

    from common.database import connection

    found: Iterator[Any] = iter(rows)
    first = next(found, None)
    if first is None:
        return
    meta = first._meta  # noqa: SLF001  Django's public name for it
    fields = [
        field for field in meta.concrete_fields
        if not (field.primary_key and field.get_internal_type().endswith("AutoField"))
    ]  # fmt: skip
    command = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(meta.db_table),
        sql.SQL(", ").join(sql.Identifier(field.column) for field in fields),
    )
    columns = [(field.attname, _TO_COPY.get(field.get_internal_type())) for field in fields]
    with connection.cursor() as cursor, cursor.copy(command) as copy:
        for row in chain([first], found):
            values = [(getattr(row, name), convert) for name, convert in columns]
            copy.write_row(
                [
                    convert(value) if convert and value is not None else value
                    for value, convert in values
                ]
            )
