"""The demonstration content: data as JSON, and the maker of its documents. Nothing of the site depends on it."""

from django.apps import AppConfig


class DemonstrationConfig(AppConfig):
    name = "kb.demonstration"
    label = "demonstration"
