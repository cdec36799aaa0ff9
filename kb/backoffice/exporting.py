"""What leaves the admin as a table that other programs open."""

from __future__ import annotations

from typing import Any

from wagtail.admin.views.mixins import SpreadsheetExportMixin

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_text(cell: Any) -> Any:
    """A cell of a CSV file that no spreadsheet program takes for a formula: one that begins like it gets an apostrophe
    in front. Numbers stay numbers.
    """
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def keep_cells_text() -> None:
    """Lets the CSV files of all lists and reports of the admin, also Wagtail's own, go through `as_text`. (In workbooks
    Wagtail marks such cells as text itself.) Call it once, at the start.
    """
    process = SpreadsheetExportMixin.preprocess_field_value

    def preprocess_field_value(self: Any, field: str, value: Any, export_format: str) -> Any:
        cell = process(self, field, value, export_format)
        return as_text(cell) if export_format == self.FORMAT_CSV else cell

    SpreadsheetExportMixin.preprocess_field_value = preprocess_field_value
