"""`manage.py import_folder DIR --group CODE [--audience members] [--name NAME] [--no-read]`:
a reference and a file for each document of a folder.
"""

from __future__ import annotations

from argparse import BooleanOptionalAction
from collections import Counter
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from kb.accounts import audiences
from kb.files.choices import State
from kb.groups.models import Body
from kb.library.catalogue.returning import root_of
from kb.library.importing import Imported, documents, import_document, path_key

LINES_SHOWN = 1000


class Command(BaseCommand):
    help = (
        "Makes an accepted reference with its file of each document in a folder. Run it again "
        "to take up where it stopped: nothing is put in twice."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("folder", type=Path, help="the folder; its subfolders too")
        parser.add_argument("--group", required=True, help="code of the group that feeds the references (PA)")
        parser.add_argument(
            "--audience",
            default=audiences.MEMBERS,
            help='"members" (the default), "group", or "public" (the files: members)',
        )
        parser.add_argument(
            "--name",
            default="",
            help="tells this folder from others (its path does by default): a document of the same folder and the same "
            "name that changed is a new version, one of another folder is another document",
        )
        parser.add_argument(
            "--read",
            action=BooleanOptionalAction,
            default=True,
            help="read each document now and fill its notice, or leave both to the worker",
        )

    def handle(self, *, folder: Path, group: str, audience: str, name: str, read: bool, **options) -> None:
        body = Body.objects.filter(code=group.upper()).first()
        if body is None:
            known = ", ".join(Body.objects.values_list("code", flat=True))
            raise CommandError(f"There is no group {group}. Known codes: {known or 'none yet'}.")
        if not folder.is_dir():
            raise CommandError(f"{folder} is no folder.")
        readers = {
            "members": [audiences.MEMBERS],
            "group": [audiences.body(body.code)],
            "public": [audiences.PUBLIC],
        }.get(audience)
        if readers is None:
            raise CommandError(
                '--audience is "members", "group" or "public"; the file of a public notice is for '
                "members until you say why it may be published."
            )
        root = root_of(folder, name)
        counted: Counter[str] = Counter()
        told: list[Imported] = []

        def unopened(below: Path, error: OSError) -> None:
            counted["unopened"] += 1
            if len(told) < LINES_SHOWN:
                told.append(
                    Imported(
                        path_key(below, folder=folder),
                        "left out",
                        reason=f"a folder that cannot be opened: {error.strerror}",
                    )
                )

        total = sum(1 for _path in documents(folder))
        bar = tqdm(
            documents(folder, unopened=unopened), total=total, unit="document", file=self.stderr._out, disable=None
        )
        try:
            for path in bar:
                done = import_document(path, folder=folder, body=body, audiences=readers, root=root, read=read)
                counted[done.outcome] += 1
                counted["waiting"] += done.state == State.WAITING
                if done.reason or done.outcome == "left out" or done.state not in ("", State.READ, State.WAITING):
                    counted["with a problem"] += done.outcome != "left out"
                    if len(told) < LINES_SHOWN:
                        told.append(done)
        except KeyboardInterrupt:
            self._summary(told, counted, total)
            raise CommandError("Stopped. Run the same command again to take it up.") from None
        finally:
            bar.close()
        self._summary(told, counted, total)

    def _summary(self, told: list[Imported], counted: Counter[str], total: int) -> None:
        """One line per document that needs a look: what became of it, its shelf mark, its path, why;
        then one line with the numbers.
        """
        for one in told:
            said = one.outcome if one.outcome == "left out" else one.state
            self.stdout.write("\t".join((said, one.mark or "-", _in_one_line(one.path), _in_one_line(one.reason))))
        self.stdout.write(
            f"{total} documents: {counted['added']} added, {counted['new version']} new versions, "
            f"{counted['there already']} there already, "
            f"{counted['left out']} left out, {counted['with a problem']} with a problem"
            + (f"; {counted['waiting']} that the worker reads, fills and accepts" if counted["waiting"] else "")
            + (f"; folders that could not be opened: {counted['unopened']}" if counted["unopened"] else "")
        )


def _in_one_line(text: str) -> str:
    """Without what a terminal would obey, or take for another line: the names of files are a stranger's."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
