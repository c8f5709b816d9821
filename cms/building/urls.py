"""Addresses of the form builder, below the administration's."""

from django.urls import path

from cms.building import looks, signing_in, views
from cms.overlays import exchange, upgrading
from cms.overlays import views as overlays

app_name = "cms_forms"

urlpatterns = [
    path("", views.index, name="index"),
    path("<slug:slug>/", views.overview, name="overview"),
    path("<slug:slug>/sign-in/", signing_in.signing_in, name="sign_in"),
    path("<slug:slug>/settings/publish/", overlays.publish, name="settings_publish"),
    path("<slug:slug>/settings/discard/", overlays.discard, name="settings_discard"),
    path("<slug:slug>/settings/yaml/", exchange.yaml_page, name="settings_yaml"),
    path(
        "<slug:slug>/settings/yaml/download/",
        exchange.yaml_download,
        name="settings_yaml_download",
    ),
    path("<slug:slug>/update/", upgrading.update, name="update"),
    path("<slug:slug>/settings/<str:part>/", overlays.part, name="settings"),
    path("<slug:slug>/begin/", views.begin, name="begin"),
    path("<slug:slug>/part/", views.whole, name="form"),
    path("<slug:slug>/part/<str:where>/", views.part, name="part"),
    path("<slug:slug>/preview/<str:where>/", looks.preview, name="preview"),
    path("<slug:slug>/compare/", looks.compare, name="compare"),
    path("<slug:slug>/try/", looks.test_run, name="try"),
    path("<slug:slug>/translations/", views.translations, name="translations"),
    path("<slug:slug>/yaml/", views.yaml_page, name="yaml"),
    path("<slug:slug>/yaml/download/", views.yaml_download, name="yaml_download"),
    path("<slug:slug>/publish/", views.publish, name="publish"),
    path("<slug:slug>/discard/", views.discard, name="discard"),
]
