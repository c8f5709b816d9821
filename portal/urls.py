"""Addresses of the residents' pages."""

from django.urls import path

from portal.views import (
    apply,
    case,
    consulted,
    correction,
    cosigning,
    counter,
    drafts,
    fees,
    files,
    guests,
    letters,
    messages,
    my_data,
    overview,
    payment,
    postal,
    profile,
    register,
    representations,
    schema,
    screening,
    uploads,
    verify,
)

app_name = "portal"

#: Without a language: for machines.
plain_urlpatterns = [
    path("forms/<slug:key>/<int:number>/schema.json", schema.form_schema, name="form_schema"),
    path("payments/<slug:provider>/events/", payment.event, name="payment_event"),
]

urlpatterns = [
    # Applying
    path("apply/<slug:slug>/", apply.start, name="start"),
    path("apply/<slug:slug>/begin/", apply.begin, name="begin"),
    path("apply/<slug:slug>/for/", representations.for_whom, name="for_whom"),
    path("apply/<slug:slug>/without-sign-in/", guests.begin, name="begin_as_guest"),
    path("go-on/<str:link>/", guests.go_on, name="go_on"),
    path("drafts/<uuid:draft_id>/", drafts.resume, name="draft"),
    path("drafts/<uuid:draft_id>/check/", drafts.check, name="check"),
    path("drafts/<uuid:draft_id>/cosigners/", cosigning.cosigners, name="cosigners"),
    path("drafts/<uuid:draft_id>/delete/", drafts.discard, name="discard"),
    path("drafts/<uuid:draft_id>/reuse/", profile.reuse, name="reuse"),
    # No step's id has a dash.
    path("drafts/<uuid:draft_id>/go-on-later/", guests.go_on_later, name="go_on_later"),
    path("drafts/<uuid:draft_id>/take-over/", guests.take_over, name="take_over"),
    path("drafts/<uuid:draft_id>/may-i-apply/", screening.screening, name="screening"),
    path("drafts/<uuid:draft_id>/<slug:step_id>/", drafts.step, name="step"),
    path("cosign/<str:token>/", cosigning.cosign, name="cosign"),
    path("consulted/<str:guest_token>/", consulted.consulted, name="consulted"),
    path(
        "consulted/<str:guest_token>/files/<uuid:attachment_id>/",
        consulted.attachment,
        name="consulted_file",
    ),
    path("postal-code/", postal.postal_code, name="postal_code"),
    path("uploads/for/<uuid:draft_id>/", uploads.uploads, name="uploads"),
    path("uploads/<uuid:upload_id>/", uploads.upload, name="upload"),
    path("uploads/<uuid:upload_id>/finish/", uploads.finish, name="upload_finish"),
    path("files/<uuid:attachment_id>/", files.attachment, name="attachment"),
    path("files/<uuid:attachment_id>/small/", files.thumbnail, name="thumbnail"),
    # What became of it
    path("applications/", overview.applications, name="applications"),
    path("applications/<uuid:case_id>/", case.progress, name="case"),
    path("applications/<uuid:case_id>/receipt/", case.receipt, name="receipt"),
    path("applications/<uuid:case_id>/sent/", case.sent, name="sent"),
    path("applications/<uuid:case_id>/copy/", files.copy, name="copy"),
    path("applications/<uuid:case_id>/data.json", files.data, name="data"),
    path("applications/<uuid:case_id>/withdraw/", case.withdraw, name="withdraw"),
    path("applications/<uuid:case_id>/correction/", correction.answer, name="correction"),
    path("applications/<uuid:case_id>/correction/send/", correction.send, name="correction_send"),
    path("applications/<uuid:case_id>/pay/", payment.pay, name="pay"),
    path("applications/<uuid:case_id>/fee/", fees.overview, name="fee"),
    path("applications/<uuid:case_id>/fee/<uuid:fee_id>/pay/", payment.pay, name="pay_part"),
    path("applications/<uuid:case_id>/fee/<uuid:fee_id>/waiver/", fees.waiver, name="waiver"),
    path("applications/<uuid:case_id>/pay/<uuid:attempt_id>/", payment.go, name="pay_go"),
    path(
        "applications/<uuid:case_id>/fee/<uuid:fee_id>/confirming/",
        payment.confirming,
        name="confirming",
    ),
    path(
        "applications/<uuid:case_id>/fee/<uuid:fee_id>/receipt/", fees.receipt, name="receipt_pdf"
    ),
    path(
        "applications/<uuid:case_id>/waivers/<uuid:waiver_id>/",
        fees.waiver_letter,
        name="waiver_letter",
    ),
    path("applications/<uuid:case_id>/paid/", payment.back, name="pay_return"),
    path("applications/<uuid:case_id>/decision/", letters.decision, name="decision"),
    path(
        "applications/<uuid:case_id>/documents/<uuid:document_id>/",
        letters.document,
        name="document",
    ),
    # Oneself
    path("messages/", messages.inbox, name="messages"),
    path("messages/settings/", messages.settings, name="message_settings"),
    path("messages/settings/phone/", messages.phone, name="message_phone"),
    path("messages/settings/address/", messages.address, name="message_address"),
    path("messages/settings/mail-again/", messages.mail_again, name="mail_again"),
    path("messages/<uuid:message_id>/", messages.message, name="message"),
    path("my-data/", my_data.mine, name="my_data"),
    path("my-data/kept/<uuid:fact_id>/", profile.change, name="profile_change"),
    path("my-data/kept/<uuid:fact_id>/delete/", profile.delete, name="profile_delete"),
    path("my-data/counter/", counter.counter, name="counter"),
    path("my-data/counter/join/", counter.join, name="join"),
    path("my-data/acting/", representations.add, name="representation_add"),
    path(
        "my-data/acting/<uuid:representation_id>/revoke/",
        representations.revoke,
        name="representation_revoke",
    ),
    path(
        "my-data/acting/<uuid:representation_id>/document/",
        representations.document,
        name="representation_document",
    ),
    path("my-data/acting/<slug:kind>/", representations.new, name="representation_new"),
    path("your-data/", my_data.data_use, name="data_use"),
    # Everybody
    path("register/", register.overview, name="register"),
    path("register/<slug:slug>/", register.service, name="register_service"),
    path("register/<slug:slug>/data.csv", register.open_data, name="register_data"),
    path("verify/", verify.ask, name="verify_ask"),
    path("verify/<str:code>/", verify.answer, name="verify"),
]
