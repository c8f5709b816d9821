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
    "case.claimed": _("{name} took over the application"),
    "consultation.requested": _("{name} asked another department for its opinion"),
    "consultation.answered": _("{name} gave the opinion of the department that was asked"),
    "correction.requested": _("{name} asked for a correction"),
    "correction.answered": _("{name} sent the correction"),
    "case.approved": _("{name} approved the application"),
    "case.refused": _("{name} refused the application"),
    "case.acknowledged": _("{name} acknowledged the notification"),
    "case.withdrawn": _("{name} withdrew the application"),
    "fee.paid": _("The payment of the fee was entered"),
    "attachment.opened": _("{name} opened an attachment of the application"),
    "application.exported": _("{name} took the answers out of this system, in a list (export)"),
    "applications.exported": _("{name} exported applications of a service"),
    "copy.opened": _("{name} opened the copy of the application (PDF)"),
    "representation.opened": _("{name} opened the paper on which you act for somebody else"),
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
    "letter.opened": _("{name} opened the letter with the decision"),
}


class CasesConfig(AppConfig):
    name = "cases"

    def ready(self) -> None:
        from audit import events  # noqa: PLC0415  models must be loaded
        from cases import tasks  # noqa: PLC0415  registers the outbox handlers
        from cases.reports import counting  # noqa: PLC0415  likewise
        from cases.retention import runs  # noqa: F401, PLC0415  likewise
        from common import chores  # noqa: PLC0415
        from notifications import bounces  # noqa: PLC0415

        chores.chores.register("cases.count", counting.count)
        bounces.listeners.append(tasks.note_mail_that_came_back)

        for key, wording in WORDINGS.items():
            events.register(key, wording=wording)
