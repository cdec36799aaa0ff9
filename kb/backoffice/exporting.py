"""What leaves the admin as a table that other programs open."""

from __future__ import annotations

import re
from typing import Any

from wagtail.admin.views.mixins import SpreadsheetExportMixin

# Where a cell may begin: programs set to French or Dutch part at ";" too, others at tabs, and some part within quotes.
_FORMULA = re.compile(r"""(^(?=[\t\r])|(?:^|[;\t\n\r])(?=(?:[^\S\t\n\r]|")*+[=+\-@]))""")


def as_text(cell: Any) -> Any:
    """A cell of a CSV file that no spreadsheet program takes for a formula: an apostrophe stands before what begins
    like one, at its start and after each sign at which a program may part it. Numbers stay numbers.
    """
    return _FORMULA.sub(r"\1'", cell) if isinstance(cell, str) else cell


def keep_cells_text() -> None:
    """Lets the CSV files of all lists and reports of the admin, also Wagtail's own, go through `as_text`. (In workbooks
    Wagtail marks such cells as text itself.) Call it once, at the start.
    """
    process = SpreadsheetExportMixin.preprocess_field_value

    def preprocess_field_value(self: Any, field: str, value: Any, export_format: str) -> Any:
        cell = process(self, field, value, export_format)
        return as_text(cell) if export_format == self.FORMAT_CSV else cell

    SpreadsheetExportMixin.preprocess_field_value = preprocess_field_value
