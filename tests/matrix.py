"""Who gets what at each address: the table that `tests.test_matrix` walks.

Every route of `config.urls` and `config.urls_public` has a row. A row says what each visitor is
answered when the ids in the address are those of the first resident of the visitor's own town. With
ids of another resident, of another town or made up, whoever would be let in is answered 404.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

OK, FOUND, FORBIDDEN, NOT_FOUND, NOT_ALLOWED = 200, 302, 403, 404, 405
BAD, UNAUTHORIZED, CONFLICT, UNSUPPORTED, INVALID = 400, 401, 409, 415, 422

#: The visitors, each with a session of their own at the town (but the anonymous one).
VISITORS = (
    "anonymous",
    "owner",  # the resident whose ids are in the address
    "resident",  # another one
    "caseworker",  # of the department that has the case
    "consultee",  # of the department that was asked about it
    "no_role",  # staff with a second factor, without any role
    "no_factor",  # a caseworker who gave a password only
    "admin",  # the municipality's administrator, who also edits its pages
)
RESIDENTS = ("owner", "resident")
STAFF = ("caseworker", "consultee", "no_role", "no_factor", "admin")

#: Both methods of a route: one status for those who are let in, or one for each visitor.
Answer = int | Mapping[str, int]


@dataclass(frozen=True)
class Row:
    """What a route answers.

    `barrier` are the visitors who never get to the view, with what they get instead; `get` and
    `post` is what the view answers the others (an empty form in the case of `post`). 405 comes
    before the barrier: a method that does not exist, does not exist for anybody.
    """

    barrier: Mapping[str, int] = field(default_factory=dict)
    get: Answer = OK
    post: Answer = NOT_ALLOWED
    #: Does the address name something that belongs to somebody?
    objects: bool = False
    #: Which of the resident's cases: "open" (consulted), "correction", "decided", "paid";
    #: "written", the open one with the file of a message; "for_me", sent for them by another.
    case: str = "open"

    def status(self, visitor: str, method: str) -> int:
        answer = self.get if method == "GET" else self.post
        if answer == NOT_ALLOWED:
            return NOT_ALLOWED
        if visitor in self.barrier:
            return self.barrier[visitor]
        return answer if isinstance(answer, int) else answer[visitor]

    def let_in(self, visitor: str) -> bool:
        return visitor not in self.barrier

    def changes(self) -> bool:
        return self.post != NOT_ALLOWED


def _of(visitors: tuple[str, ...], status: int) -> dict[str, int]:
    return dict.fromkeys(visitors, status)


_TO_SIGN_IN = {"anonymous": FOUND}
_RESIDENTS_ONLY = _TO_SIGN_IN | _of(STAFF, FORBIDDEN)
_STAFF_ONLY = _TO_SIGN_IN | _of(RESIDENTS, FORBIDDEN)
_DESK_ONLY = _STAFF_ONLY | {"no_factor": FOUND, "no_role": FORBIDDEN}
# The finance office; of these visitors the administrator alone, who holds every role.
_TILL_ONLY = _DESK_ONLY | {"caseworker": FORBIDDEN, "consultee": FORBIDDEN}
_ADMIN_ONLY = _DESK_ONLY | {"caseworker": FORBIDDEN, "consultee": FORBIDDEN}


def everybody(get: Answer = OK, post: Answer = NOT_ALLOWED) -> Row:
    return Row({}, get, post)


def residents(get: Answer = OK, post: Answer = NOT_ALLOWED) -> Row:
    """A page of oneself, without an id in its address."""
    return Row(_RESIDENTS_ONLY, get, post)


def owner(get: Answer = OK, post: Answer = NOT_ALLOWED, case: str = "open") -> Row:
    """A page of one thing of one resident: for any other it does not exist."""
    return Row(_RESIDENTS_ONLY | {"resident": NOT_FOUND}, get, post, objects=True, case=case)


def owner_by_script(get: Answer = OK, post: Answer = NOT_ALLOWED) -> Row:
    """As `owner`, for what a script asks: it follows no redirect to the sign-in."""
    row = owner(get, post)
    return replace(row, barrier={**row.barrier, "anonymous": UNAUTHORIZED})


def applicant(row: Row) -> Row:
    """Also for whoever helps at the counter just now; of these visitors nobody does."""
    return replace(row, barrier={**row.barrier, "no_factor": FOUND})


def own_factors(get: Answer = FOUND, post: Answer = FOUND, *, objects: bool = False) -> Row:
    """Staff's own password and second factors; 302: first confirm who you are."""
    return Row(_STAFF_ONLY, get, post, objects=objects)


def desk_case(get: Answer = OK, post: Answer = NOT_ALLOWED, case: str = "open") -> Row:
    """A page of a case at the desk; the office that was asked reads it as long as it is asked."""
    barrier = _DESK_ONLY if case == "open" else _DESK_ONLY | {"consultee": NOT_FOUND}
    return Row(barrier, get, post, objects=True, case=case)


def _own_at_desk(get: Answer, post: Answer) -> Row:
    """What a script asks at the desk: it follows no redirect to the sign-in."""
    return Row(_DESK_ONLY | {"anonymous": UNAUTHORIZED}, get, post, objects=True)


TOWN: dict[str, Row] = {
    # identity: residents
    "eid_callback": everybody(FOUND),  # without a state: to the page that explains
    "eid_backchannel_logout": everybody(NOT_ALLOWED, BAD),
    "identity:sign_in": everybody({v: FOUND if v in RESIDENTS else OK for v in VISITORS}),
    "identity:sign_out": everybody(NOT_ALLOWED, FOUND),
    "identity:signed_out": everybody(),
    "identity:eid_start": everybody(FOUND),
    "identity:eid_problem": everybody(FOUND),
    "identity:eid_sign_out": everybody(FOUND),
    # identity: staff
    "account_login": Row(_of(RESIDENTS, FORBIDDEN) | _of(STAFF, FOUND), OK, OK),
    "account_logout": everybody(NOT_ALLOWED, FOUND),
    "account_inactive": everybody(),
    "account_reauthenticate": own_factors(FORBIDDEN, FORBIDDEN),  # they have no password
    "account_change_password": own_factors(),
    "mfa_index": own_factors(OK, _of(STAFF, NOT_ALLOWED)),
    "mfa_authenticate": everybody(FOUND, FOUND),  # only in the middle of a sign-in
    "mfa_reauthenticate": own_factors(),
    "mfa_activate_totp": own_factors(OK, OK),
    "mfa_deactivate_totp": own_factors(),
    "mfa_view_recovery_codes": own_factors(),
    "mfa_generate_recovery_codes": own_factors(),
    "mfa_download_recovery_codes": own_factors(),
    "mfa_add_webauthn": own_factors(OK, OK),
    "mfa_reauthenticate_webauthn": own_factors(),
    "mfa_remove_webauthn": own_factors(objects=True),
    "mfa_edit_webauthn": own_factors(objects=True),
    "mfa_login_webauthn": everybody(FOUND, FOUND),
    # cms
    "cms_brand_css": everybody(),
    "cms_mark": everybody(),
    "cms_search": everybody(),
    "wagtail_serve": everybody(),
    # portal: for machines
    "form_schema": everybody(),
    "payment_event": everybody(NOT_ALLOWED, NOT_FOUND),  # towns of the tests have no account
    # portal: applying
    "portal:start": everybody(),
    "portal:begin": Row(_RESIDENTS_ONLY, FOUND),
    # Whoever is signed in goes on as ever; where a resident's barrier stands.
    "portal:begin_as_guest": everybody(NOT_ALLOWED, FOUND),
    # Whoever has the link, signed in or not.
    "portal:go_on": Row(_of(STAFF, FORBIDDEN), OK, FOUND, objects=True),
    "portal:go_on_later": applicant(owner(FOUND, FOUND)),  # a resident's draft is not a guest's
    "portal:send_by_mail": applicant(owner(FOUND, FOUND)),  # likewise
    # What was sent without signing in. The first two say the same whatever there is.
    "portal:case_link": everybody(OK, INVALID),
    "portal:case_by_mail": Row(
        {}, {v: FOUND if v == "owner" else OK for v in VISITORS}, FOUND, objects=True
    ),
    "portal:open_case": Row(_of(STAFF, FORBIDDEN), OK, FOUND, objects=True),
    "portal:close_case": owner(NOT_ALLOWED, FOUND),
    "portal:into_account": owner(FOUND, FOUND),  # it is in there
    "portal:take_over": owner(FOUND, FOUND),  # it is theirs already
    "portal:for_whom": residents(OK, INVALID),
    "portal:draft": applicant(owner(FOUND)),
    "portal:check": applicant(owner(OK, FOUND)),
    "portal:discard": applicant(owner(OK, FOUND)),
    "portal:reuse": owner(FOUND, FOUND),  # nothing is kept that it could offer
    "portal:prepared_letter": applicant(owner(FOUND, FOUND)),  # its service has no such letters
    "portal:screening": applicant(owner(FOUND)),  # nothing speaks against applying
    "portal:cosigners": applicant(owner(FOUND, FOUND)),  # its service asks for no other signature
    # Whoever has the link, but for the applicant.
    "portal:cosign": Row(
        _RESIDENTS_ONLY,
        {"owner": CONFLICT, "resident": OK},
        {"owner": CONFLICT, "resident": INVALID},
        objects=True,
    ),
    "portal:step": applicant(owner(OK, INVALID)),
    # Whoever has the link is asked for a code, whoever they are; links of another town, made-up and
    # ended ones are tried in tests.portal.test_consulted.
    "portal:consulted": everybody(OK, INVALID),
    "portal:consulted_file": everybody(NOT_FOUND),
    "portal:postal_code": everybody(),
    # Without a session a script is told so; who has one meets the resident's barrier.
    "portal:uploads": applicant(owner_by_script(OK, BAD)),
    "portal:upload": applicant(owner_by_script(OK, UNSUPPORTED)),
    "portal:upload_finish": applicant(owner_by_script(NOT_ALLOWED, CONFLICT)),
    "portal:attachment": applicant(owner()),
    "portal:thumbnail": applicant(owner(NOT_FOUND)),  # a PDF has none
    # portal: what became of it
    "portal:applications": residents(),
    "portal:case": owner(),
    "portal:receipt": owner(),
    "portal:sent": owner(),
    "portal:copy": owner(OK, FOUND),
    "portal:data": owner(),
    "portal:withdraw": owner(OK, FOUND),
    "portal:correction": owner(OK, INVALID, case="correction"),
    "portal:correction_send": owner(OK, FOUND, case="correction"),
    "portal:follow": owner(OK, FOUND, case="decided"),  # an appeal against the refusal
    "portal:threads": owner(),
    "portal:thread_new": owner(OK, INVALID),
    "portal:thread": owner(OK, INVALID),
    "portal:thread_file": owner(case="written"),
    "portal:pay": owner(NOT_FOUND, NOT_FOUND),  # nothing is due
    "portal:fee": owner(case="paid"),
    "portal:pay_part": owner(FOUND, FOUND, case="paid"),  # it is paid
    "portal:pay_go": owner(FOUND, case="paid"),  # it is paid
    "portal:confirming": owner(FOUND, case="paid"),  # it is paid
    "portal:waiver": owner(FOUND, CONFLICT, case="paid"),  # it is paid
    "portal:receipt_pdf": owner(case="paid"),
    "portal:waiver_letter": owner(case="paid"),
    "portal:pay_return": Row({}, CONFLICT, objects=True),  # unsigned: whoever brings it
    "portal:document": owner(case="decided"),
    "portal:decision": owner(case="decided"),
    # portal: oneself
    "portal:messages": residents(),
    "portal:message_settings": residents(OK, FOUND),
    "portal:message_phone": residents(OK, INVALID),
    "portal:message_address": residents(OK, INVALID),
    "portal:mail_again": residents(NOT_ALLOWED, FOUND),
    "portal:message": owner(),
    "portal:my_data": residents(),
    "portal:counter": residents(OK, OK),
    "portal:join": residents(OK, INVALID),
    "portal:profile_change": owner(OK, INVALID),
    "portal:profile_delete": owner(OK, FOUND),
    "portal:for_me": residents(OK, FOUND),
    "portal:for_me_end": owner(OK, FOUND),
    "portal:for_me_case": owner(case="for_me"),
    "portal:for_me_letter": owner(case="for_me"),
    "portal:representation_add": applicant(residents()),
    "portal:representation_new": applicant(residents(OK, INVALID)),
    "portal:representation_revoke": owner(OK, FOUND),
    "portal:representation_document": owner(),
    # portal: everybody
    "portal:data_use": everybody(),
    "portal:register": everybody(),
    "portal:register_service": everybody(),
    "portal:register_data": everybody(),
    "portal:verify_ask": everybody(OK, INVALID),  # without a file
    "portal:verify": everybody(),
    # backoffice
    "desk:inbox": Row(_DESK_ONLY),
    "desk:beside": Row(_DESK_ONLY),
    "desk:keys": Row(_DESK_ONLY),
    "desk:messages": Row(_DESK_ONLY, OK, FOUND),
    "desk:messages_unread": Row(_DESK_ONLY),
    "desk:message_settings": Row(_DESK_ONLY, OK, FOUND),
    "desk:message": Row(_DESK_ONLY, NOT_FOUND, objects=True),  # a resident's
    "desk:rules": Row(_ADMIN_ONLY),
    "desk:rule_new": Row(_ADMIN_ONLY, OK, INVALID),
    "desk:rule": Row(_ADMIN_ONLY, OK, INVALID, objects=True),
    "desk:filters": Row(_DESK_ONLY | {"consultee": FORBIDDEN}, OK, INVALID),
    # The caseworker's own, though colleagues of the office are let in.
    "desk:filter": Row(
        _DESK_ONLY | {"consultee": FORBIDDEN, "admin": NOT_FOUND},
        NOT_ALLOWED,
        INVALID,
        objects=True,
    ),
    "desk:case": desk_case(),
    "desk:show": Row(_DESK_ONLY | {"consultee": NOT_FOUND}, NOT_ALLOWED, NOT_FOUND, objects=True),
    "desk:told": Row(_DESK_ONLY | {"consultee": NOT_FOUND}, NOT_ALLOWED, INVALID, objects=True),
    "desk:claim": desk_case(NOT_ALLOWED, CONFLICT),
    "desk:consult": desk_case(OK, INVALID),
    "desk:correct": desk_case(OK, CONFLICT),
    "desk:approve": desk_case(OK, CONFLICT),
    "desk:refuse": desk_case(OK, CONFLICT),
    "desk:acknowledge": desk_case(OK, CONFLICT),
    # Its workflow knows none of them: the page says so, nothing is done.
    "desk:complete": desk_case(OK, CONFLICT),
    "desk:extend": desk_case(OK, CONFLICT),
    "desk:reopen": desk_case(OK, CONFLICT),
    "desk:opinion": desk_case(
        OK, {"caseworker": NOT_FOUND, "consultee": INVALID, "admin": INVALID}
    ),
    # Who applies is nothing to the office that was asked.
    # Only the office of the case, and only for a body outside the town: here a department is asked.
    "desk:guest_link": desk_case(NOT_ALLOWED, NOT_FOUND),
    # Nothing was corrected since.
    "desk:ask_again": desk_case(
        NOT_ALLOWED, {"caseworker": CONFLICT, "consultee": NOT_FOUND, "admin": CONFLICT}
    ),
    "desk:representation": Row(_DESK_ONLY | {"consultee": NOT_FOUND}, OK, CONFLICT, objects=True),
    "desk:authority": Row(_DESK_ONLY | {"consultee": NOT_FOUND}, OK, objects=True),
    "desk:attachment": desk_case(),
    "desk:thumbnail": desk_case(NOT_FOUND),  # only by an address that the case's page made
    # Nothing was applied for together with it.
    "desk:together": desk_case(NOT_FOUND, NOT_FOUND),
    "desk:letter": desk_case(case="decided"),
    "desk:letter_preview": Row(
        _DESK_ONLY | {"consultee": NOT_FOUND}, NOT_ALLOWED, OK, objects=True
    ),
    "desk:letters": desk_case(case="decided"),
    "desk:edition": desk_case(case="decided"),
    "desk:letter_replace": desk_case(OK, CONFLICT, case="decided"),
    "desk:letter_revoke": desk_case(CONFLICT, CONFLICT, case="decided"),  # it was refused
    "desk:printing": Row(_DESK_ONLY | {"consultee": FORBIDDEN}, OK, INVALID),
    "desk:print_run": Row(_DESK_ONLY | {"consultee": FORBIDDEN}, OK, objects=True),
    "desk:copy": Row(_DESK_ONLY | {"consultee": NOT_FOUND}, OK, FOUND, objects=True),
    # Of these only the administrator holds the role, and helps nobody.
    "desk:counter": Row(_ADMIN_ONLY),
    "desk:counter_code": Row(_ADMIN_ONLY, OK, INVALID),
    "desk:counter_person": Row(_ADMIN_ONLY, OK, INVALID),
    "desk:counter_begin": Row(_ADMIN_ONLY, NOT_ALLOWED, FOUND),
    "desk:counter_whom": Row(_ADMIN_ONLY, FOUND, FOUND),
    "desk:counter_end": Row(_ADMIN_ONLY, NOT_ALLOWED, FOUND),
    "desk:counter_done": Row(_ADMIN_ONLY, NOT_FOUND, NOT_FOUND, objects=True),
    "desk:threads": Row(_DESK_ONLY | {"consultee": NOT_FOUND}, OK, objects=True),
    "desk:threads_short": Row(_DESK_ONLY | {"consultee": NOT_FOUND}, OK, objects=True),
    "desk:thread_new": Row(_DESK_ONLY | {"consultee": NOT_FOUND}, OK, INVALID, objects=True),
    "desk:thread": Row(_DESK_ONLY | {"consultee": NOT_FOUND}, OK, INVALID, objects=True),
    "desk:thread_file": Row(
        _DESK_ONLY | {"consultee": NOT_FOUND}, OK, objects=True, case="written"
    ),
    # What a member of staff is writing is their own: here nobody's but the resident's.
    "desk:uploads": _own_at_desk(NOT_FOUND, NOT_FOUND),
    "desk:upload": _own_at_desk(NOT_FOUND, NOT_FOUND),
    "desk:upload_finish": _own_at_desk(NOT_ALLOWED, NOT_FOUND),
    "desk:own_thumbnail": Row(_DESK_ONLY, NOT_FOUND, objects=True),
    "desk:team": Row(_DESK_ONLY | {"consultee": NOT_FOUND}, OK, INVALID, objects=True),
    "desk:team_short": Row(_DESK_ONLY | {"consultee": NOT_FOUND}, OK, objects=True),
    "desk:checklist": Row(
        _DESK_ONLY | {"consultee": NOT_FOUND}, NOT_ALLOWED, INVALID, objects=True
    ),
    "desk:proposal": Row(_DESK_ONLY | {"consultee": NOT_FOUND}, OK, CONFLICT, objects=True),
    "desk:transfers": Row(_ADMIN_ONLY, OK, INVALID),
    # Only whoever began it, and it is no run of this kind.
    "desk:transfer": Row(_ADMIN_ONLY, NOT_FOUND, NOT_FOUND, objects=True),
    "desk:absences": Row(_DESK_ONLY | {"consultee": FORBIDDEN}, OK, INVALID),
    "desk:absence_remove": Row(
        _DESK_ONLY | {"consultee": FORBIDDEN, "admin": NOT_FOUND}, NOT_ALLOWED, FOUND, objects=True
    ),
    "desk:bulk_new": Row(_DESK_ONLY | {"consultee": FORBIDDEN}, NOT_ALLOWED, INVALID),
    # Only whoever began it.
    "desk:bulk": Row(
        _DESK_ONLY | {"consultee": FORBIDDEN, "admin": NOT_FOUND}, OK, INVALID, objects=True
    ),
    "desk:export": Row(_DESK_ONLY | {"consultee": FORBIDDEN}, OK, INVALID),
    "desk:forms": Row(_ADMIN_ONLY),
    "desk:form_versions": Row(_ADMIN_ONLY, objects=True),
    "desk:form_compare": Row(_DESK_ONLY, objects=True),
    "desk:form_preview": Row(_ADMIN_ONLY, OK, OK, objects=True),
    "desk:reports": Row(_DESK_ONLY | {"consultee": FORBIDDEN}),
    "desk:reports_count": Row(_DESK_ONLY | {"consultee": FORBIDDEN}, NOT_ALLOWED, FOUND),
    "desk:reports_download": Row(_DESK_ONLY | {"consultee": FORBIDDEN}),
    "desk:office": Row(_DESK_ONLY | {"consultee": FORBIDDEN}),
    "desk:retention": Row(_ADMIN_ONLY, OK, CONFLICT),
    "desk:retention_years": Row(_ADMIN_ONLY, OK, INVALID, objects=True),
    "desk:hold": Row(_ADMIN_ONLY, NOT_ALLOWED, INVALID),
    "desk:release": Row(_ADMIN_ONLY, NOT_ALLOWED, FOUND, objects=True),
    "desk:fees": Row(_TILL_ONLY),
    "desk:fees_report": Row(_TILL_ONLY),
    "desk:fees_settings": Row(_TILL_ONLY, OK, INVALID),
    "desk:fee": Row(_TILL_ONLY, OK, objects=True),
    "desk:fee_receive": Row(_TILL_ONLY, NOT_ALLOWED, INVALID, objects=True),
    "desk:fee_refund": Row(_TILL_ONLY, OK, INVALID, objects=True),
    "desk:fee_settle": Row(_TILL_ONLY, NOT_ALLOWED, INVALID, objects=True),
    "desk:refund_decide": Row(_TILL_ONLY, NOT_ALLOWED, INVALID, objects=True),
    "desk:bank": Row(_TILL_ONLY, OK, INVALID),
    "desk:bank_lines": Row(_TILL_ONLY),
    "desk:bank_line": Row(_TILL_ONLY, OK, INVALID, objects=True),
    "desk:bank_file": Row(_TILL_ONLY, OK, FOUND, objects=True),
    "desk:waivers": Row(_DESK_ONLY | {"consultee": FORBIDDEN}),
    "desk:waiver": Row(_DESK_ONLY | {"consultee": FORBIDDEN}, OK, INVALID, objects=True),
    "desk:waiver_evidence": Row(_DESK_ONLY | {"consultee": FORBIDDEN}, objects=True),
    "desk:templates": Row(_ADMIN_ONLY),
    "desk:template_new": Row(_ADMIN_ONLY, OK, INVALID),
    "desk:template": Row(_ADMIN_ONLY, OK, INVALID, objects=True),
    "desk:prepared": Row(_ADMIN_ONLY),
    "desk:prepared_of": Row(_ADMIN_ONLY, OK, INVALID, objects=True),
    "desk:prepared_reminders": Row(_ADMIN_ONLY, NOT_ALLOWED, OK, objects=True),
    "desk:prepared_list": Row(_ADMIN_ONLY, OK, FOUND, objects=True),
    "desk:prepared_withdraw": Row(_ADMIN_ONLY, NOT_ALLOWED, FOUND, objects=True),
    "desk:bodies": Row(_ADMIN_ONLY, OK, INVALID),
    "desk:closing_days": Row(_ADMIN_ONLY, OK, INVALID),
    "desk:notices": Row(_ADMIN_ONLY),
    "desk:webhook": Row(_ADMIN_ONLY, NOT_ALLOWED, INVALID),
    "desk:notice_wording": Row(_ADMIN_ONLY, OK, INVALID),
    "desk:operations": Row(_ADMIN_ONLY),
    "desk:retry": Row(_ADMIN_ONLY, NOT_ALLOWED, FOUND, objects=True),
}

PLATFORM: dict[str, Row] = {
    "municipalities": everybody(),
    "guide": everybody(),
    "bank_file": everybody(NOT_FOUND),
    "sandbox_pay:pay": everybody(BAD, BAD),
    "sandbox_mail:inbox": everybody(),
    "sandbox_mail:message": everybody(NOT_FOUND),
    "sandbox_mail:html": everybody(NOT_FOUND),
}

#: Wagtail's administration, by namespace or route name. All of it is behind
#: `identity.access.require_staff_mfa`; Wagtail's own permissions come after that.
ADMINISTRATION = frozenset(
    {
        "admin/^.*/$",
        "admin/test404/",
        "cms_forms",
        "cms_letters",
        "simple_translation",
        "wagtail_bulk_action",
        "wagtailadmin_account",
        "wagtailadmin_api",
        "wagtailadmin_block_preview",
        "wagtailadmin_choose_page",
        "wagtailadmin_choose_page_anchor_link",
        "wagtailadmin_choose_page_child",
        "wagtailadmin_choose_page_chosen_multiple",
        "wagtailadmin_choose_page_email_link",
        "wagtailadmin_choose_page_external_link",
        "wagtailadmin_choose_page_phone_link",
        "wagtailadmin_choose_page_search",
        "wagtailadmin_collections",
        "wagtailadmin_dismissibles",
        "wagtailadmin_editing_sessions",
        "wagtailadmin_error_test",
        "wagtailadmin_explore",
        "wagtailadmin_explore_results",
        "wagtailadmin_explore_root",
        "wagtailadmin_home",
        "wagtailadmin_javascript_catalog",
        "wagtailadmin_login",
        "wagtailadmin_logout",
        "wagtailadmin_pages",
        "wagtailadmin_password_reset",
        "wagtailadmin_password_reset_complete",
        "wagtailadmin_password_reset_confirm",
        "wagtailadmin_password_reset_done",
        "wagtailadmin_reports",
        "wagtailadmin_sprite",
        "wagtailadmin_tag_autocomplete",
        "wagtailadmin_tag_model_autocomplete",
        "wagtailadmin_workflows",
        "wagtaildocs",
        "wagtaildocs_chooser",
        "wagtailembeds",
        "wagtailimages",
        "wagtailimages_chooser",
        "wagtaillocales",
        "wagtailsettings",
        "wagtailsites",
        "wagtailsnippetchoosers_cms_office",
        "wagtailsnippets",
        "wagtailsnippets_cms_office",
        "wagtailusers_groups",
        "wagtailusers_users",
    }
)
