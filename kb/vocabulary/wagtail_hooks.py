"""The vocabulary's place in the admin's menu."""

from wagtail.snippets.models import register_snippet

from kb.vocabulary.viewsets import VocabularyGroup

register_snippet(VocabularyGroup)
