"""Addresses of the directory, under its path word in each language."""

from django.urls import path

from kb.directory.public import views

app_name = "directory"
urlpatterns = [
    path("", views.index, name="list"),
    path("<slug:code>/", views.organisation, name="organisation"),
]
