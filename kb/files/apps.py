from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "kb.files"
    label = "files"
