"""Addresses under the path word of the search; `kb.urls` says the word in each language."""

from django.urls import path

from search.public import views

app_name = "search"
urlpatterns = [
    path("", views.results, name="results"),
    path("suggestions/", views.suggestions, name="suggestions"),
]
