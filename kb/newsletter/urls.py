"""Addresses of L'Échos-CASS, under its path word in each language: the issues, then the subscription."""

from kb.newsletter.public import views
from kb.newsletter.subscribers import views as subscription_views

app_name = "newsletter"
urlpatterns = [*subscription_views.urlpatterns, *views.urlpatterns]
