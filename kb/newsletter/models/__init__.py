"""Tables of the newsletter: the record (issues), who receives it (subscribers), what happens to it afterwards (sendings)."""

from kb.newsletter.models.issues import Issue, IssueItem, NewsletterSettings
from kb.newsletter.models.sendings import Bounce, Delivery, Sending
from kb.newsletter.models.subscribers import Consent, ErasedAddress, Subscriber

__all__ = ["Bounce", "Consent", "Delivery", "ErasedAddress", "Issue", "IssueItem", "NewsletterSettings", "Sending", "Subscriber"]
