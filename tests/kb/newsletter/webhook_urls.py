"""The addresses of webhooks alone, as kb.urls has them where django-anymail is configured."""

from kb.newsletter.returns.webhooks import urlpatterns as mounted

urlpatterns = mounted()
