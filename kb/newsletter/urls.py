"""Addresses of L'Échos-CASS, under its path word in each language: the issues, then the subscription."""

from kb.newsletter import subscription_views, views

app_name = "newsletter"
urlpatterns = [*subscription_views.urlpatterns, *views.urlpatterns]
