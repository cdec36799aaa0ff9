from django.apps import AppConfig


class GroupsConfig(AppConfig):
    name = "kb.groups"
    label = "groups"
