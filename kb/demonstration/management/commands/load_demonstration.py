"""Fills an empty database with the demonstration content."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from kb.demonstration.accounts import NotADemonstration
from kb.demonstration.loading import is_empty, load


class Command(BaseCommand):
    help = (
        "Load the demonstration: bodies, people, vocabulary, references with their files, "
        "pages. Only into an empty database, only with DEBUG on."
    )

    def handle(self, **options) -> None:
        if not is_empty():
            raise CommandError("There is content already; the demonstration goes into an empty database only.")
        with tqdm(bar_format="{desc}", disable=None, leave=False) as bar:
            try:
                load(lambda line: bar.set_description_str(f"  {line}"))
            except NotADemonstration as refused:
                raise CommandError(str(refused)) from refused
