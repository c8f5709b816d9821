from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

#: How the ledger's entries about cases read, for the resident and for staff.
WORDINGS = {
    "application.submitted": _("{name} sent the application"),
    "application.entered": _("{name} entered the application with you at the counter and sent it"),
    "counter.joined": _("{name} joined what was entered at the counter with their eID"),
    "counter.draft": _("{name} opened the form in order to fill it in with you"),
    "counter.receipt": _("{name} printed what was entered with you at the counter"),
    "case.opened": _("{name} opened the application and read it"),
    "answer.shown": _(
        "{name} looked at a number that is kept hidden, such as the Individual Number"
    ),
    "case.claimed": _("{name} took over the application"),
    "consultation.requested": _("{name} asked another department for its opinion"),
    "consultation.answered": _("{name} gave the opinion of the department that was asked"),
    "consultation.opened": _("{name}, asked for an opinion, read the matter"),
    "guest.signed_in": _("{name} signed in with a code to give an opinion"),
    "guest.link_sent": _("{name} sent a new link to the office that was asked"),
    "consulted_body.changed": _("{name} changed the address of an office that is asked"),
    "correction.requested": _("{name} asked for a correction"),
    "correction.answered": _("{name} sent the correction"),
    "case.approved": _("{name} approved the application"),
    "case.refused": _("{name} refused the application"),
    "case.acknowledged": _("{name} acknowledged the notification"),
    "case.withdrawn": _("{name} withdrew the application"),
    "case.lapsed": _("The application ended: the fee was not paid in time"),
    "fee.opened": _("{name} looked at your fee"),
    "waiver.asked": _("{name} asked to be let off the fee"),
    "waiver.opened": _("{name} read why you ask to be let off the fee"),
    "waiver.granted": _("{name} decided that the fee does not have to be paid"),
    "waiver.reduced": _("{name} decided to reduce the fee"),
    "waiver.refused": _("{name} decided that the fee stays as it is"),
    "case.confirmed_complete": _("{name} noted that the application is complete"),
    "case.extended": _("{name} extended the period for the decision"),
    "case.reopened": _("{name} took the application up again"),
    "case.transferred": _("{name} brought the application to a newer version of the procedure"),
    "clock.reminded": _("The office was reminded of the end of the period"),
    "clock.ended": _("The period ended without a decision; the office was told"),
    "clock.deemed_refusal": _("The period ended; the applicant may treat it as a refusal"),
    "closing_day.added": _("{name} entered a closing day"),
    "closing_day.removed": _("{name} took out a closing day"),
    "fee.paid": _("The payment of the fee was entered"),
    "attachment.opened": _("{name} opened an attachment of the application"),
    "application.exported": _("{name} took the answers out of this system, in a list (export)"),
    "applications.exported": _("{name} exported applications of a service"),
    "copy.opened": _("{name} opened the copy of the application (PDF)"),
    "representation.opened": _("{name} opened the paper on which you act for somebody else"),
    "represented.paper_opened": _("{name} opened the paper on which somebody acts for you"),
    "represented.read": _("{name} read what was sent for them"),
    "represented.letter_opened": _("{name} opened the letter to what was sent for them"),
    "cosignature.asked": _("{name} asked somebody to sign the application, too"),
    "cosignature.opened": _("{name} read the answers that they were asked to sign"),
    "cosignature.signed": _("{name} signed the application, too"),
    "cosignature.refused": _("{name} refused to sign the application"),
    "cosignature.void": _("A signature or a request for one became void"),
    "case.deleted": _("The application was deleted: the time it had to be kept was over"),
    "disposal.confirmed": _("{name} began to delete applications whose time is over"),
    "hold.placed": _("{name} decided that the application is kept longer"),
    "hold.released": _("{name} decided that the application need not be kept longer"),
    "retention.changed": _("{name} changed how long applications are kept"),
    "draft.link_asked": _("A link was sent to go on with a draft in another browser"),
    "draft.resumed": _("A draft was opened in another browser by its link"),
    "draft.code_asked": _("A code was sent to show an address for mail"),
    "draft.address_shown": _("An address for mail was shown with its code"),
    "case.link_sent": _("A link was sent to open the application without signing in"),
    "case.opened_by_link": _("The application was opened in another browser by its link"),
    "case.into_account": _("{name} put the application into their account"),
    "case.assigned": _("{name} put the application on somebody's desk"),
    "case.assigned_by_rule": _("The application was put on somebody's desk by a rule"),
    "assignment.declared": _("{name} changed a rule by which applications are given out"),
    "assignment.deleted": _("{name} deleted a rule by which applications are given out"),
    "case.released": _("{name} laid the application back for colleagues"),
    "case.noted": _("{name} wrote an internal note"),
    "case.tagged": _("{name} put a tag on the application"),
    "case.untagged": _("{name} took a tag off the application"),
    "case.told_otherwise": _("{name} told you otherwise what did not arrive by e-mail"),
    "filter.saved": _("{name} kept a list of the inbox"),
    "filter.renamed": _("{name} renamed a kept list of the inbox"),
    "filter.deleted": _("{name} deleted a kept list of the inbox"),
    "case.interest_declared": _("{name} stepped aside for being too close to the application"),
    "case.check_ticked": _("{name} ticked a point of the internal checklist"),
    "case.check_unticked": _("{name} took a tick off the internal checklist"),
    "case.check_added": _("{name} added a point to the internal checklist"),
    "case.check_removed": _("{name} took a point out of the internal checklist"),
    "proposal.made": _("{name} proposed a decision, for a second person to confirm"),
    "proposal.returned": _("{name} sent a proposed decision back"),
    "proposal.taken_back": _("{name} took a proposed decision back"),
    "proposal.dropped": _("A proposed decision fell away: the application went another way"),
    "absence.entered": _("{name} entered an absence and who stands in"),
    "absence.removed": _("{name} took an absence back"),
    "cases.bulk_started": _("{name} started something for many applications at once"),
    "correction.reminded": _("The applicant was reminded of a correction"),
    "correction.overdue": _("The day for a correction has passed; the office was told"),
    "permit.ending_told": _("The holder was told that the permit ends soon"),
    "message_template.kept": _("{name} kept a text for messages"),
    "message_template.removed": _("{name} removed a text for messages"),
    "message.written": _("{name} wrote a message about the application"),
    "letter.opened": _("{name} opened the letter with the decision"),
    "letter.received": _("{name} received the letter: opened or downloaded it for the first time"),
    "letter.replaced": _("{name} had the letter issued anew"),
    "letter.printed": _("{name} had the letter printed, to be sent by post"),
    "draft.carried": _("{name} began an application with the answers of an earlier one"),
    "case.followed": _("{name} sent an application that follows this one"),
    "decision.replaced": _("Another decision took the place of the decision"),
    "decision.ordered": _("An appeal was granted: the office has to decide"),
    "decision.set_aside": _("An appeal was granted: the decision was set aside"),
    "case.taken_up_anew": _("The application was taken up anew after an appeal"),
    "decision.revoked": _("{name} revoked the decision"),
    "prepared_letter.used": _("{name} had the form filled in from the letter of the town"),
    "prepared_letters.taken": _("{name} took in a list of letters that the town prepared"),
    "prepared_letters.withdrawn": _("{name} withdrew a letter that the town had prepared"),
    "prepared_letters.restored": _("{name} put a withdrawn letter of the town in force again"),
    "prepared_letters.listed": _("{name} took out a list of letters that nobody has answered"),
    "prepared_letters.forgotten": _("Letters that nobody answered were deleted"),
}


class CasesConfig(AppConfig):
    name = "cases"

    def ready(self) -> None:
        from audit import events  # noqa: PLC0415  models must be loaded
        from cases import (  # noqa: F401, PLC0415  some register the outbox's handlers
            after_issue,
            alarms,
            bulk,
            case_keys,
            desk_tasks,
            endings,
            fee_tasks,
            guest_tasks,
            mailing,
            register_search,
            represented_tasks,
            search,
            tasks,
            thread_tasks,
            transfers,
            unpaid,
            unsent,
        )
        from cases.assigning import arriving, faults  # noqa: F401, PLC0415  likewise
        from cases.prepared_letters import keeping  # noqa: PLC0415  likewise
        from cases.reports import counting  # noqa: PLC0415  likewise
        from cases.retention import deletion, runs  # noqa: F401, PLC0415  likewise
        from common.chores import chores  # noqa: PLC0415
        from notifications import addresses, bounces  # noqa: PLC0415

        chores.register("cases.count", counting.count)
        bounces.listeners.append(tasks.note_mail_that_came_back)
        addresses.sources.append(mailing.of_message)

        for key, wording in WORDINGS.items():
            events.register(key, wording=wording)
        chores.register("cases.print_runs", deletion.forget_print_runs)
        chores.register("cases.unpaid_fees", unpaid.look_after)
        chores.register("cases.clock_alarms", alarms.find)
        chores.register("cases.opinion_reminders", alarms.find_opinions)
        chores.register("cases.correction_alarms", alarms.find_corrections)
        chores.register("cases.search_rows", search.put_missing)
        chores.register("cases.register_words", register_search.put_missing)
        chores.register("cases.permit_endings", endings.find)
        chores.register("cases.bulk_runs", bulk.forget_old)
        chores.register("cases.broken_rules", faults.tell_all)
        chores.register("cases.guests", case_keys.tidy)
        chores.register("cases.unsent_drafts", unsent.tell)
        chores.register("cases.prepared_letters", keeping.forget_old)
