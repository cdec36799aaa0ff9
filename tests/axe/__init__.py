"""axe-core (kept here with its licence) run on a page of a real browser: WCAG 2.2 AA and its best practices."""

from __future__ import annotations

from pathlib import Path

SOURCE = Path(__file__).with_name("axe.min.js")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def axe_findings(page) -> list[str]:
    """One line a finding: rule, what to do, the first elements it names. Empty when axe finds nothing."""
    # Evaluated, not added as a tag: the content security policy of the site allows no foreign script, and that is to
    # stay so.
    page.evaluate(SOURCE.read_text(encoding="utf-8"))
    found = page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", TAGS)
    return [
        f"{each['id']}: {each['help']} at "
        + "; ".join(f"{node['target']} {node['failureSummary']}" for node in each["nodes"][:4])
        for each in found["violations"]
    ]


def assert_no_axe_findings(page) -> None:
    findings = axe_findings(page)
    assert not findings, f"{page.url}\n" + "\n".join(findings)
