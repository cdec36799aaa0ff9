"""Fixed sets of the library. The types are CSL's item types, by their CSL names."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ReferenceType(models.TextChoices):
    REPORT = "report", _("Report")
    ARTICLE_JOURNAL = "article-journal", _("Journal article")
    ARTICLE_NEWSPAPER = "article-newspaper", _("Newspaper article")
    ARTICLE_MAGAZINE = "article-magazine", _("Magazine article")
    ARTICLE = "article", _("Article or working paper")
    BOOK = "book", _("Book")
    CHAPTER = "chapter", _("Book chapter")
    THESIS = "thesis", _("Thesis")
    LEGISLATION = "legislation", _("Law or decree")
    LEGAL_CASE = "legal_case", _("Court decision")
    PAMPHLET = "pamphlet", _("Brochure")
    PAPER_CONFERENCE = "paper-conference", _("Conference paper")
    SPEECH = "speech", _("Presentation")
    WEBPAGE = "webpage", _("Web page")
    MOTION_PICTURE = "motion_picture", _("Video")
    INTERVIEW = "interview", _("Interview")
    DATASET = "dataset", _("Data set")
    DOCUMENT = "document", _("Other document")


class ReferenceState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    PROPOSED = "proposed", _("Proposed")
    RETURNED = "returned", _("Returned to its author")
    ACCEPTED = "accepted", _("Accepted")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


FOLLOWED_STATES = frozenset(
    {ReferenceState.PROPOSED, ReferenceState.RETURNED, ReferenceState.REFUSED}
)  # seen by the referents too


class Force(models.TextChoices):
    """Whether a text still holds."""

    UNKNOWN = "", _("Not stated")
    IN_FORCE = "in-force", _("In force")
    AMENDED = "amended", _("Amended")
    SUPERSEDED = "superseded", _("Superseded")


class CreatorRole(models.TextChoices):
    """CSL's names of roles."""

    AUTHOR = "author", _("Author")
    EDITOR = "editor", _("Editor")
    TRANSLATOR = "translator", _("Translator")
    CONTRIBUTOR = "contributor", _("Contributor")
    DIRECTOR = "director", _("Director")


class PublishReason(models.TextChoices):
    """Why we may publish a file."""

    OWN = "own", _("Our own work")
    OPEN_LICENCE = "open-licence", _("Open licence")
    PERMISSION = "permission", _("Permission, with its date")
    OFFICIAL_TEXT = "official-text", _("Official text")
    UNKNOWN = "unknown", _("Not known: members only")


class Handling(models.TextChoices):
    """What is done with a contribution. Authors take back what is not accepted yet; editors withdraw what was."""

    PROPOSED = "proposed", _("Proposed")
    RETURNED = "returned", _("Sent back")
    MENDED = "mended", _("Mended and proposed again")
    TAKEN_BACK = "taken_back", _("Taken back")
    ACCEPTED = "accepted", _("Accepted")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class FoundIn(models.TextChoices):
    """Where a proposed line of the notice was read."""

    PAGE = "page", _("read on page %(page)s")
    TEXT = "text", _("recognised in the text")
    PROPERTIES = "properties", _("read in the properties of the file")
    NAME = "name", _("taken from the name of the file")
    LINK = "link", _("taken from the link")


class Doubt(models.TextChoices):
    """Why a line that was drafted is to be looked at by a person."""

    NAME = "name", _("taken from the name of the file")
    PROPERTIES = "properties", _("only the properties of the file say it")
    PLAIN = "plain", _("nothing sets these words apart from the others")
    SEVERAL = "several", _("something else in the document could be it as well")
    PART = "part", _("it reads like the heading of a part, or like a name")
    GARBLED = "garbled", _("some letters or numbers of the document were not read well")
    GUESS = "guess", _("it stands in the document, but not that it is this")
    SHORT = "short", _("there are too few words to tell")
    NOWHERE = "nowhere", _("not found in the document")
    UNREAD = "unread", _("the text of the document could not be read")
    UNLIKE = "unlike", _("a newer version of the document reads quite differently")


class AuthorityKind(models.TextChoices):
    CREATOR = "creator", _("Creator")
    PUBLISHER = "publisher", _("Publisher")
