"""Addresses of staff sign-in, by allauth's own names. What is not listed does not exist here:
no sign-up, no password reset, no e-mail management, no trusted browsers."""

from allauth.account import views as account_views
from allauth.mfa.base import views as base_views
from django.urls import path

from identity.staff import views

urlpatterns = [
    path("login/", views.LoginView.as_view(), name="account_login"),
    path("logout/", views.LogoutView.as_view(), name="account_logout"),
    path("inactive/", account_views.account_inactive, name="account_inactive"),
    path("reauthenticate/", views.ReauthenticateView.as_view(), name="account_reauthenticate"),
    path("password/", views.PasswordChangeView.as_view(), name="account_change_password"),
    path("second-factor/", views.IndexView.as_view(), name="mfa_index"),
    path("second-factor/code/", base_views.authenticate, name="mfa_authenticate"),
    path(
        "second-factor/confirm/", views.MfaReauthenticateView.as_view(), name="mfa_reauthenticate"
    ),
    path("second-factor/app/", views.ActivateTotpView.as_view(), name="mfa_activate_totp"),
    path(
        "second-factor/app/remove/", views.DeactivateTotpView.as_view(), name="mfa_deactivate_totp"
    ),
    path(
        "second-factor/recovery-codes/",
        views.RecoveryCodesView.as_view(),
        name="mfa_view_recovery_codes",
    ),
    path(
        "second-factor/recovery-codes/new/",
        views.GenerateRecoveryCodesView.as_view(),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "second-factor/recovery-codes/download/",
        views.DownloadRecoveryCodesView.as_view(),
        name="mfa_download_recovery_codes",
    ),
    path("second-factor/passkeys/add/", views.AddPasskeyView.as_view(), name="mfa_add_webauthn"),
    path(
        "second-factor/passkeys/confirm/",
        views.PasskeyReauthenticateView.as_view(),
        name="mfa_reauthenticate_webauthn",
    ),
    path(
        "second-factor/passkeys/<int:pk>/remove/",
        views.RemovePasskeyView.as_view(),
        name="mfa_remove_webauthn",
    ),
    path(
        "second-factor/passkeys/<int:pk>/",
        views.EditPasskeyView.as_view(),
        name="mfa_edit_webauthn",
    ),
    path("passkey/", views.PasskeyLoginView.as_view(), name="mfa_login_webauthn"),
]
