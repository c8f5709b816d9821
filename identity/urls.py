"""Addresses of the residents' sign-in."""

from django.urls import path

from identity import views

app_name = "identity"

urlpatterns = [
    path("sign-in/", views.sign_in, name="sign_in"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("signed-out/", views.signed_out, name="signed_out"),
    path("eid/start/", views.EidStartView.as_view(), name="eid_start"),
    path("eid/problem/", views.eid_problem, name="eid_problem"),
    path("eid/sign-out/", views.eid_sign_out, name="eid_sign_out"),
]

# Registered at the provider, so they are the same in every language and carry no namespace.
plain_urlpatterns = [
    path("eid/callback/", views.EidCallbackView.as_view(), name="eid_callback"),
    path("eid/backchannel-logout/", views.backchannel_logout, name="eid_backchannel_logout"),
]
