"""Checks that every link and image of a built site leads to a file that is there, and to an anchor in it."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# Scripts write their elements when they run.
WRITTEN_BY_SCRIPTS = ("explorer/",)


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.links.append(value)
            elif name in ("id", "name") and value:
                self.anchors.add(value)


def broken_links(site: Path) -> list[str]:
    """Return a line for each link within a site, and each image, that leads nowhere.

    Args:
        site: the folder of the built site.
    """
    files = {path.relative_to(site).as_posix(): path for path in site.rglob("*.html")}
    pages = {name: _Page(path.read_text("utf-8")) for name, path in files.items()}
    faults = []
    for name, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (files[name].parent / unquote(parts.path)).resolve() if parts.path else files[name].resolve()
            if target.is_dir():
                target /= "index.html"
            where = target.relative_to(site.resolve()).as_posix() if target.is_relative_to(site.resolve()) else None
            if where is None or not target.is_file():
                faults.append(f"{name} links to {link}, which is not there")
                continue
            by_script = where not in pages or where.startswith(WRITTEN_BY_SCRIPTS)
            if parts.fragment and not by_script and unquote(parts.fragment) not in pages[where].anchors:
                faults.append(f"{name} links to {link}, which has no such anchor")
    return faults
