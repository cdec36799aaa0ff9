"""What the sending of an issue would be, before anything is sent: whether it may, to how many, with which subject and
size, what falls back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kb.languages import LANGUAGES
from kb.newsletter.message import content as mailing
from kb.newsletter.models import Issue
from kb.newsletter.public import shown
from kb.newsletter.sending.steps import CannotSend, check_approved, subscribers_by_language


@dataclass(frozen=True, slots=True)
class InLanguage:
    """The message in one language. size_bytes as it travels, without the links of a person; falls_back:
    titles shown in another language.
    """

    code: str
    name: str
    subscribers: int
    subject: str
    size_bytes: int
    falls_back: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Foretold:
    """refusal: why the newest text may not be sent, "" when it may. Languages are those of `content`."""

    refusal: str
    languages: tuple[InLanguage, ...]

    @property
    def subscribers(self) -> int:
        return sum(one.subscribers for one in self.languages)


def foretell(issue: Issue) -> Foretold:
    """Foretells the sending of the approved text where there is one, else of the newest draft. Writes
    nothing; some hundred milliseconds.
    """
    refusal = ""
    try:
        check_approved(issue)
    except CannotSend as error:
        refusal = str(error)
    content = issue if issue.live and not refusal else newest(issue)
    subscribers, falls_back = subscribers_by_language(), shown.fallbacks(content)
    return Foretold(refusal, tuple(_in_language(content, code, subscribers, falls_back) for code in LANGUAGES))


def newest(issue: Issue) -> Issue:
    """What was written last, approved or not. One query."""
    return issue.latest_revision.as_object() if issue.latest_revision else issue


def _in_language(
    content: Issue, code: str, subscribers: Mapping[str, int], falls_back: Mapping[str, list[str]]
) -> InLanguage:
    template = mailing.template_of(content, code)
    size = len(template.html.encode()) + len(template.text.encode())
    return InLanguage(
        code, LANGUAGES[code], subscribers.get(code, 0), template.subject, size, tuple(falls_back.get(code, ()))
    )
