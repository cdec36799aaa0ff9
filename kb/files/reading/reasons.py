"""Why a version was not read, or not wholly, in the language of the request.

The readers give their reasons in English, for the log (`search.extraction`); they are kept as they are, several joined
by "; ". The table here has the sentence of those that people meet; any other is shown as it is, and said to be English.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kb.files.models import FileVersion

NO_RECOGNITION = "there is no program here that recognises scanned pages"
NO_RECOGNITION_OF_SOME = "some pages have hardly any text, and there is no program here that recognises scanned pages"
TEXT_CUT = "more text than is kept of one file: only its beginning was kept"

_PASSWORD = _("The file wants a password.")
_TOO_LONG = _("Reading it took too long.")
_FORMAT = _("It is not in a format that is read here.")
_DAMAGED = _("The file is damaged: it cannot be opened.")
_UNPACKS = _("What is packed in it is larger than what is read here.")

# A named group is put into the sentence.
_SENTENCES: Mapping[str, str | Promise] = {
    NO_RECOGNITION: _("There is no program here that recognises scanned pages."),
    NO_RECOGNITION_OF_SOME: _(
        "Some pages have hardly any text, and there is no program here that recognises scanned pages."
    ),
    "pages without text: tesseract is not installed, so their pictures were not read": _(
        "There is no program here that recognises scanned pages."
    ),
    r"only the first (?P<number>\d+) pages without text were read from their pictures": _(
        "Of the pages without text, only the first %(number)s were recognised."
    ),
    r"pages that could not be read: (?P<pages>[\d, ]+)": _("Pages that could not be read: %(pages)s."),
    r"recognising its text did not end \d+ times": _("Recognising its scanned pages took too long."),
    r"save as \.docx or PDF": _("Save it as .docx or PDF, then put it in."),
    r"an Outlook message: save it as \.eml": _("It is an Outlook message. Save it as .eml, then put it in."),
    "a picture: put it into a PDF": _("It is a picture. Put it into a PDF, then put it in."),
    "a zip file of something else: unpack it": _("It is a zip file. Unpack it, then put in what it holds."),
    r"the (PDF|document|Office file|container) wants a password": _PASSWORD,
    "the book is under rights management": _("The book is under rights management: it cannot be read here."),
    "none of its pages can be read": _("None of its pages can be read."),
    "no pages": _("It has no pages."),
    "empty file": _("The file is empty."),
    "the stored bytes are missing": _("The file is no longer in our storage. Put it in once more."),
    (
        r"took too (long|much processor time)|LibreOffice took more than \d+ seconds|reading it "
        r"did not end \d+ times"
    ): _TOO_LONG,
    r"not a format that is read here|no reader for \S+|XML of an unknown kind": _FORMAT,
    "an old Office container that holds no document, sheet or slides": _FORMAT,
    r"a damaged (zip|Office) container: .*|PDFium cannot open it: .*|LibreOffice could not read it(: .*)?": _DAMAGED,
    r"(?P<number>\d+) pages, more than (?P<most>\d+)": _(
        "It has %(number)s pages; the most is %(most)s. Put it in as several parts."
    ),
    r"more than (?P<most>\d+) pages or sections": _("It has more than %(most)s pages. Put it in as several parts."),
    TEXT_CUT: _("It has more text than is kept of one file: only its beginning is kept. Put it in as several parts."),
    "gives more text than is kept of one file": _(
        "It has more text than is kept of one file. Put it in as several parts."
    ),
    r"unpacks to more than \d+ bytes|.* unpacks to more than [\d.]+ times its size|\d+ "
    r"files in one container, more than \d+"
    r"|a list of files of \d+ bytes in one container, more than \d+": _UNPACKS,
}
_KNOWN = tuple((re.compile(reason, re.DOTALL), sentence) for reason, sentence in _SENTENCES.items())


@dataclass(frozen=True, slots=True)
class ShownReason:
    """known: text is a sentence in the language of the request; otherwise it is what the reader of the file said,
    in English.
    """

    text: str
    known: bool


def reasons_of(version: FileVersion) -> tuple[ShownReason, ...]:
    """Each reason kept with a version; () where all went well."""
    whole = _shown(version.reason)
    if whole.known:
        return (whole,)
    shown: list[ShownReason] = []
    for part in filter(None, version.reason.split("; ")):
        one = _shown(part)
        if not one.known and shown and not shown[-1].known:  # one reason with a "; " of its own
            one = ShownReason(f"{shown.pop().text}; {one.text}", known=False)
        shown.append(one)
    return tuple(shown)


def _shown(reason: str) -> ShownReason:
    for pattern, sentence in _KNOWN:
        if found := pattern.fullmatch(reason):
            named = found.groupdict()
            return ShownReason(str(sentence) % named if named else str(sentence), known=True)
    return ShownReason(reason, known=False)
