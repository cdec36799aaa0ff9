"""An issue as readers are given it, in one language: the one place that web pages, mail, feed, search and previews ask.

What is no longer public is left out without a trace. How the values look is in the templates, in `message.content`
and in
`feeds`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from kb.languages import CODES
from kb.newsletter.choices import OwnHeading
from kb.newsletter.models import Issue, IssueItem
from kb.pages.news import News, news_sources, still_public
from kb.pages.templatetags.frame import SAID
from kb.pages.texts import Shown, Texts
from kb.pages.translations.echoes import Echo

WORDS_A_MINUTE = 200
_NOTHING = Texts()


@dataclass(frozen=True, slots=True)
class ShownItem:
    """A brief. number is from 1 and runs through all headings; url is a path of the site or an address elsewhere, ""
    for none.

    falls_back: its title or its text is not in the language asked for; said is then the word that says so ("In
    French"), else "".
    """

    number: int
    title: Shown
    text: Shown
    url: str
    link_words: str
    falls_back: bool
    said: str
    language: str


@dataclass(frozen=True, slots=True)
class ShownGroup:
    """The briefs under one heading; label is in the language asked for."""

    code: str
    label: str
    items: tuple[ShownItem, ...]


@dataclass(frozen=True, slots=True)
class ShownIssue:
    """An issue in `language`. path is that of its page, "" for one without a number; issue_line is "L'Échos-CASS, no.
    14, February 2013".

    has_lead: without one (what it led to is no longer public) the title is the issue line and the lead is empty.
    echoes: a line for each other language than the title's; without `title` where it was not written. written:
    languages that its texts are in.
    dropped: subjects that are no longer public. minutes: of reading, 1 or more.
    """

    number: int | None
    date: date
    language: str
    path: str
    issue_line: str
    has_lead: bool
    title: Shown
    lead: Shown
    lead_url: str
    lead_words: str
    lead_said: str
    echoes: tuple[Echo, ...]
    groups: tuple[ShownGroup, ...]
    dropped: tuple[str, ...]
    fallbacks: int
    written: tuple[str, ...]
    minutes: int

    @property
    def items(self) -> tuple[ShownItem, ...]:
        return tuple(item for group in self.groups for item in group.items)


@dataclass(frozen=True, slots=True)
class Headline:
    """An issue in a list. line is "No. 14, February 2013"; without a lead, title is the issue line."""

    number: int
    date: date
    line: str
    title: Shown
    url: str
    said: str
    has_lead: bool


def shown(issue: Issue, language: str, *, public: Mapping[str, News] | None = None) -> ShownIssue:
    """The issue in that language; texts it lacks there are in another, and say so. One query for the items, and those
    of `still_public`.

    public: what `still_public` said of `subjects(issue)`, where somebody asked already.
    """
    items = list(issue.items.all())
    known = still_public(subjects([issue])) if public is None else public
    with override(language):
        return _shown(issue, items, language, known)


def subjects(issues: Iterable[Issue]) -> list[str]:
    """What these issues speak of, to be asked of `still_public`."""
    return [
        subject
        for issue in issues
        for subject in (issue.lead_subject, *(item.subject for item in issue.items.all()))
        if subject
    ]


def fallbacks(issue: Issue, *, public: Mapping[str, News] | None = None) -> dict[str, list[str]]:
    """{language: titles of the lead and the items that readers of this language get in another}, for the editors."""
    known = still_public(subjects([issue])) if public is None else public
    found = {}
    for language in CODES:
        whole = shown(issue, language, public=known)
        lead = [whole.title.text] if whole.lead_said else []
        found[language] = lead + [item.title.text for item in whole.items if item.falls_back]
    return found


def headlines(issues: Sequence[Issue], language: str) -> list[Headline]:
    """The issues as lines of a list. No query but those of `still_public`, once for all."""
    known = still_public([issue.lead_subject for issue in issues])
    with override(language):
        return [_headline(issue, language, known) for issue in issues]


def issue_line(number: int | None, day: date) -> str:
    """ "L'Échos-CASS, no. 14, February 2013", in the language of the moment."""
    return _("L'Échos-CASS, no. %(number)s, %(month)s") % {"number": number or "–", "month": date_format(day, "F Y")}


def issue_path(number: int | None, language: str) -> str:
    """The path of its page in a language; "" for one without a number."""
    if number is None:
        return ""
    with override(language):
        return reverse("newsletter:issue", args=[number])


def headings() -> dict[str, str]:
    """{code: label} of every heading in the order in which they are shown: those of the sources,
    then the editors' own.
    """
    return {source.code: str(source.label()) for source in news_sources()} | {
        code: str(label) for code, label in OwnHeading.choices
    }


# One issue


def written(issue: Issue, items: Iterable[IssueItem], known: Mapping[str, News]) -> tuple[str, ...]:
    """Languages in which something of it is written that is shown; all of them where nothing is.

    known: what `still_public` said of `subjects([issue])`.
    """
    texts = [issue.title, issue.lead] if _is_open(issue.lead_subject, known) else []
    for item in items:
        if _is_open(item.subject, known):
            texts += [item.title, item.text]
    return tuple(code for code in CODES if any(_texts(text).get(code) for text in texts)) or CODES


def _shown(issue: Issue, items: Sequence[IssueItem], language: str, known: Mapping[str, News]) -> ShownIssue:
    spoken_of = (issue.lead_subject, *(item.subject for item in items))
    dropped = tuple(dict.fromkeys(subject for subject in spoken_of if subject and subject not in known))
    items = [item for item in items if _is_open(item.subject, known)]
    has_lead = _is_open(issue.lead_subject, known)
    line = issue_line(issue.number, issue.date)
    title = _texts(issue.title).shown(language) if has_lead else Shown(line, language)
    lead = _texts(issue.lead).shown(language) if has_lead else Shown("", language)
    lead_said = _said(language, title, lead)
    groups = _groups(items, language, known)
    words = [
        title.text,
        lead.text,
        *(text for group in groups for item in group.items for text in (item.title.text, item.text.text)),
    ]
    return ShownIssue(
        number=issue.number,
        date=issue.date,
        language=language,
        path=issue_path(issue.number, language),
        issue_line=line,
        has_lead=has_lead,
        title=title,
        lead=lead,
        lead_url=_lead_url(issue, language, known) if has_lead else "",
        lead_words=_texts(issue.lead_link_words).get(language) or _("Read it"),
        lead_said=lead_said,
        echoes=tuple(_echo(issue, code, has_lead) for code in CODES if code != title.language),
        groups=groups,
        dropped=dropped,
        fallbacks=bool(lead_said) + sum(item.falls_back for group in groups for item in group.items),
        written=written(issue, items, known),
        minutes=max(1, round(len(" ".join(words).split()) / WORDS_A_MINUTE)),
    )


def _is_open(subject: str, known: Mapping[str, News]) -> bool:
    """Whether what speaks of this subject ("" for nothing of the site) is shown."""
    return not subject or subject in known


def _texts(value: Mapping[str, str] | None) -> Texts:
    """A field of the record as `Texts`, also on an object that was never saved."""
    return value if isinstance(value, Texts) else Texts(value or _NOTHING)


def _said(language: str, *texts: Shown) -> str:
    """ "In French": the languages of these texts that are not the one asked for; "" when all are in it."""
    others = {text.language for text in texts if text.text and text.language != language}
    return str(SAID[tuple(code for code in CODES if code in others)]) if others else ""


def _lead_url(issue: Issue, language: str, known: Mapping[str, News]) -> str:
    return _page_of(known[issue.lead_subject], language) if issue.lead_subject else safe_url(issue.lead_url)


def _page_of(news: News, language: str) -> str:
    return news.urls.get(language) or next(iter(news.urls.values()), "")


def safe_url(url: str) -> str:
    """The address when it is a path of the site or leads by http(s), else "".

    Browsers pass over tabs and line breaks: "/<tab>/host" is elsewhere.
    """
    is_path = url.startswith("/") and not url.startswith(("//", "/\\"))
    return url if url.isprintable() and (is_path or url.startswith(("https://", "http://"))) else ""


def _echo(issue: Issue, language: str, has_lead: bool) -> Echo:
    if has_lead:
        text = _texts(issue.title).get(language, "")
    else:
        with override(language):
            text = issue_line(issue.number, issue.date)
    return Echo(language, text, issue_path(issue.number, language)) if text else Echo(language)


def _groups(items: Sequence[IssueItem], language: str, known: Mapping[str, News]) -> tuple[ShownGroup, ...]:
    """Under their headings, in the order of these;
    what stands under a heading that is no more goes to the last of the editors' own.
    """
    labels = headings()
    held: dict[str, list[IssueItem]] = {code: [] for code in labels}
    for item in items:
        held[item.heading if item.heading in labels else OwnHeading.OTHER].append(item)
    pages = {source.code: source.page_url for source in news_sources()}
    groups, number = [], 0
    for code, some in held.items():
        listed = []
        for item in some:
            number += 1
            url = _page_of(known[item.subject], language) if item.subject else _own_url(item, pages)
            listed.append(_item(number, item, url, language))
        if listed:
            groups.append(ShownGroup(code, labels[code], tuple(listed)))
    return tuple(groups)


def _own_url(item: IssueItem, pages: Mapping[str, object]) -> str:
    """Where an item without a subject leads: elsewhere, or to the list of its source in the language of the moment."""
    own = f"{settings.WAGTAILADMIN_BASE_URL.rstrip('/')}/"
    page_of_source = pages.get(item.heading)
    if page_of_source is not None and (not item.url or item.url.startswith((own, "/"))):
        return safe_url(str(page_of_source()))  # type: ignore[operator]
    return safe_url(item.url or "")


def _item(number: int, item: IssueItem, url: str, language: str) -> ShownItem:
    title, text = _texts(item.title).shown(language), _texts(item.text).shown(language)
    said = _said(language, title, text)
    first = title if title.text and (title.language != language or not text.text) else text
    return ShownItem(number, title, text, url, link_words(url), bool(said), said, first.language)


def link_words(url: str) -> str:
    """The words of a link: where it leads when that is elsewhere."""
    host = url.split("/", 3)[2].rpartition("@")[2].removeprefix("www.") if "://" in url else ""
    return _("Read on %(site)s") % {"site": host} if host else _("Read on the site of the CASS")


def _headline(issue: Issue, language: str, known: Mapping[str, News]) -> Headline:
    has_lead = _is_open(issue.lead_subject, known)
    title = _texts(issue.title).shown(language) if has_lead else Shown(issue_line(issue.number, issue.date), language)
    return Headline(
        number=issue.number,
        date=issue.date,
        line=_("No. %(number)s, %(month)s") % {"number": issue.number, "month": date_format(issue.date, "F Y")},
        title=title,
        url=reverse("newsletter:issue", args=[issue.number]),
        said=_said(language, title),
        has_lead=has_lead,
    )
