"""Addresses of the groups, under the word for the members' area."""

from django.urls import path
from django.utils.text import format_lazy

from kb.groups import views
from kb.languages import word

app_name = "groups"
urlpatterns = [path(format_lazy("{}/", word("people")), views.people, name="people")]
