"""Work for the caseworkers' desk: made-up applications with all that happens around them."""

from __future__ import annotations

from cases import actions, saved, writing
from cases.assigning import actions as assigning
from cases.assigning.actions import Wanted
from cases.assigning.models import AssignmentRule
from cases.desk import InboxFilter
from cases.models import Case
from cases.models_desk import SavedFilter
from catalogue.models import Offering
from common import outbox
from forms import drafts
from identity.models import User
from notifications import bounces
from notifications.models import Delivery
from sandbox.examples.applying import sent


def seed(offering: Offering, worker: User, lead: User) -> None:
    """Make it, once: not in a town whose desk has lists or rules already."""
    if SavedFilter.objects.exists() or AssignmentRule.objects.exists():
        return
    _lists(worker, lead)
    for name, kana in (("清水 直人", "シミズ ナオト"), ("石川 千夏", "イシカワ チナツ")):
        sent(offering, name, kana)
    asks = sent(offering, "岡田 美咲", "オカダ ミサキ")
    _writes(actions.claim_case(case=asks, by=worker))
    gone = sent(offering, "藤田 進", "フジタ ススム", email="fujita@example.test")
    _is_not_reached(actions.claim_case(case=gone, by=worker))
    _rule(offering, worker, lead)


def _lists(worker: User, lead: User) -> None:
    mine = InboxFilter(view="mine", stage="review")
    saved.save_filter(chosen=mine, name="わたしの審査中", share=saved.OWN, by=worker)
    saved.save_filter(
        chosen=InboxFilter(view="unassigned"), name="担当者待ち", share=saved.EVERYBODY, by=lead
    )


def _rule(offering: Offering, worker: User, lead: User) -> None:
    """Switched off: what was just sent waits for whoever takes it."""
    rule = assigning.save_rule(
        rule=None,
        wanted=Wanted(
            department=offering.department,
            name="犬の登録は山本さんへ",
            offering=offering,
            condition="",
            people=[worker.pk],
            how=AssignmentRule.How.FEWEST,
        ),
        by=lead,
    )
    assigning.switch_rule(rule=rule, on=False, by=lead)


def _writes(case: Case) -> None:
    """The resident asks something, the office has not read it yet."""
    resident = case.resident
    draft = writing.draft_of(case=case, thread=None, by=resident)
    drafts.put(
        draft,
        {
            "subject": "鑑札の受け取りについて",
            "text": "鑑札は家族が代わりに受け取れますか。平日は仕事で伺えません。",
        },
    )
    writing.send(draft=draft, case=case, thread=None, by=resident)


def _is_not_reached(case: Case) -> None:
    """The mail that says the application has arrived came back."""
    outbox.handlers.get("cases.submitted")({"case_id": str(case.pk)})
    delivery = Delivery.objects.get(message__recipient=case.resident, channel=Delivery.Channel.MAIL)
    bounces.came_back(delivery)
