"""The pages of files as Wagtail's own search would index them; for the comparison only."""

from wagtail.search import index

from kb.files.models import FilePage


class WagtailPage(index.Indexed, FilePage):
    search_fields = [index.SearchField("text")]

    class Meta:
        proxy = True
        app_label = "bench"
