from django.apps import AppConfig


class VocabularyConfig(AppConfig):
    name = "kb.vocabulary"
    label = "vocabulary"
