"""The fourteen icons: 24 grid, 2 px stroke, round ends, drawn in the colour of the text beside them."""

from __future__ import annotations

from collections.abc import Mapping

ICONS: Mapping[str, str] = {
    "search": '<circle cx="10.5" cy="10.5" r="6.5"/><path d="m15.5 15.5 5 5"/>',
    "menu": '<path d="M3 6h18M3 12h18M3 18h18"/>',
    "tick": '<path d="m4 13 5 5L20 6"/>',
    "clock": '<circle cx="12" cy="12" r="9"/><path d="M12 7v5l3.5 2"/>',
    "frame": '<path d="M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M8 12h8"/>',
    "lock": '<path d="M5 11h14v9H5zM8 11V8a4 4 0 0 1 8 0v3"/>',
    "triangle": '<path d="M12 4 2.5 20h19zM12 10v4M12 17v.01"/>',
    "info": '<circle cx="12" cy="12" r="9"/><path d="M12 11v6M12 7.5v.01"/>',
    "cross": '<path d="m6 6 12 12M18 6 6 18"/>',
    "next": '<path d="M4 12h16M14 6l6 6-6 6"/>',
    "previous": '<path d="M20 12H4M10 6l-6 6 6 6"/>',
    "print": '<path d="M7 9V3h10v6M7 17H4V9h16v8h-3M7 14h10v7H7z"/>',
    "download": '<path d="M12 3v12M7 10l5 5 5-5M4 20h16"/>',
    "person": '<circle cx="12" cy="8" r="4"/><path d="M4.5 21c0-4.5 3-7 7.5-7s7.5 2.5 7.5 7"/>',
}

ARCS: Mapping[int, tuple[str, str]] = {
    1: ("0 0 8 20", "M2 3a10 10 0 0 1 0 14"),
    2: ("0 0 15 20", "M2 5a7 7 0 0 1 0 10M8 2a12 12 0 0 1 0 16"),
}
