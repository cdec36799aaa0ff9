from django.apps import AppConfig


class DemonstrationConfig(AppConfig):
    name = "kb.demonstration"
    label = "demonstration"
