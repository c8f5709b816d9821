from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

#: How the ledger's entries about cases read, for the resident and for staff.
WORDINGS = {
    "application.submitted": _("{name} sent the application"),
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
    "case.assigned": _("{name} put the application on somebody's desk"),
    "case.released": _("{name} laid the application back for colleagues"),
    "case.noted": _("{name} wrote an internal note"),
    "case.tagged": _("{name} put a tag on the application"),
    "case.untagged": _("{name} took a tag off the application"),
    "case.interest_declared": _("{name} stepped aside for being too close to the application"),
    "absence.entered": _("{name} entered an absence and who stands in"),
    "absence.removed": _("{name} took an absence back"),
    "cases.bulk_started": _("{name} started something for many applications at once"),
    "letter.opened": _("{name} opened the letter with the decision"),
}


class CasesConfig(AppConfig):
    name = "cases"

    def ready(self) -> None:
        from audit import events  # noqa: PLC0415  models must be loaded
        from cases import bulk, search, tasks  # noqa: F401, PLC0415  they register handlers
        from common.chores import chores  # noqa: PLC0415

        for key, wording in WORDINGS.items():
            events.register(key, wording=wording)
        chores.register("cases.search_rows", search.put_missing)
        chores.register("cases.bulk_runs", bulk.forget_old)
