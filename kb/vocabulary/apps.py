from django.apps import AppConfig


class VocabularyConfig(AppConfig):
    name = "kb.vocabulary"
    label = "vocabulary"

    def ready(self) -> None:
        from kb.vocabulary.finding import suggest_concepts, theme_labels, theme_names
        from search import registry

        registry.register_facet_labels("themes", theme_labels)
        registry.register_filter_names("themes", theme_names)
        registry.register_suggester(suggest_concepts)
