"""Addresses of the letters' pages, below the administration's."""

from django.urls import path

from cms.lettering import views

app_name = "cms_letters"

urlpatterns = [
    path("", views.index, name="index"),
    path("seals/", views.seals, name="seals"),
    path("<slug:slug>/prepared/", views.prepared, name="prepared"),
    path("<slug:slug>/<slug:outcome>/", views.edit, name="edit"),
    path("<slug:slug>/<slug:outcome>/preview/", views.preview, name="preview"),
    path("<slug:slug>/<slug:outcome>/<int:number>/", views.version, name="version"),
]
