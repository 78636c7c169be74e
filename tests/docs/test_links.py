"""What docs/build.py says of a site whose links lead nowhere."""

import importlib.util
import re

import pytest

from tests.docs.blocks import ROOT

SPEC = importlib.util.spec_from_file_location("links", ROOT / "docs/links.py")
links = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(links)


@pytest.mark.parametrize(
    ("link", "fault"),
    [
        ('<a href="two.html#there">', None),
        ('<a href="https://example.org/x">', None),
        ('<a href="sub/">', None),
        ('<a href="three.html">', "one.html links to three.html, which is not there"),
        ('<a href="../outside.html">', "one.html links to ../outside.html, which is not there"),
        ('<img src="a.png">', "one.html links to a.png, which is not there"),
        ('<a href="two.html#gone">', "one.html links to two.html#gone, which has no such anchor"),
        ('<a href="#gone">', "one.html links to #gone, which has no such anchor"),
    ],
)
def test_a_link_that_leads_nowhere_is_named(tmp_path, link, fault):
    site = tmp_path / "site"
    (site / "sub").mkdir(parents=True)
    (tmp_path / "outside.html").write_text("")
    (site / "sub/index.html").write_text("")
    (site / "two.html").write_text('<p id="there">')
    (site / "one.html").write_text(link)
    assert links.broken_links(site) == ([fault] if fault else [])


@pytest.mark.parametrize("page", ["README.md", "README.ko.md"])
def test_links_of_a_readme_lead_to_files(page):
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", (ROOT / page).read_text("utf-8"))
    assert len(targets) > 20
    assert [target for target in targets if not (ROOT / target).exists()] == []
