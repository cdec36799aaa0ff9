from django.apps import AppConfig


class ClockConfig(AppConfig):
    name = "kb.clock"
    label = "clock"
