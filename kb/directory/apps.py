from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "kb.directory"
    label = "directory"
