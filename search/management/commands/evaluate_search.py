"""How well the site's search finds, on a folder of judged questions; the output is a contract (docs/operations.md)."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from search.engines import EngineUnavailable, get_engine
from search.engines.evaluation import NotACollection, evaluate


class Command(BaseCommand):
    help = "Evaluates the search on a folder with docs.jsonl, queries.jsonl and qrels.tsv, in an index of its own."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("collection", type=Path, help="folder with docs.jsonl, queries.jsonl and qrels.tsv")
        parser.add_argument("--queries", type=Path, help="take queries.jsonl and qrels.tsv from this folder instead")
        parser.add_argument("--engine", default=None, help="name of the engine (by default the site's)")
        parser.add_argument("--json", action="store_true", help="one JSON line")

    def handle(
        self, *args: Any, collection: Path, queries: Path | None, engine: str | None, json: bool, **options: Any
    ) -> None:
        with tempfile.TemporaryDirectory(prefix="evaluate-search-") as folder:
            try:
                asked = get_engine(engine or settings.SEARCH_ENGINE, path=Path(folder) / "index")
                try:
                    found = evaluate(asked, collection, queries)
                finally:
                    asked.close()
            except (NotACollection, LookupError, EngineUnavailable) as error:
                raise CommandError(str(error)) from error
        if json:
            self.stdout.write(found.as_json())
        else:
            self.stdout.write(
                f"{found.queries} questions: nDCG@10 {found.ndcg_at_10:.3f}, recall@100 {found.recall_at_100:.3f}, "
                f"MRR@10 {found.mrr_at_10:.3f}, first hit right {found.hit_at_1:.3f}, "
                f"{found.ms_per_query:.1f} ms a question, indexed in {found.index_seconds:.1f} s"
            )
