"""Each page has a Korean one, which follows it: code, headings, figures, links and terms are its own."""

import re

import pytest

from tests.docs.blocks import DOCS, KOREAN, PAGES, ROOT, blocks
from tests.notebooks.test_glossary import prose, terms, terms_in

FIGURE = re.compile(r"`[^`]+`|\d+(?:[.,]\d+)*(?:e-\d+)?")


def name(page):
    return page.relative_to(ROOT).as_posix()


def text(page):
    """A page without its blocks and comments."""
    return re.sub(r"^ *```.*?^ *```$|<!--.*?-->", "", page.read_text("utf-8"), flags=re.M | re.S)


def code(page):
    """The blocks of a page without the code's comments, which are translated."""
    return [(block.language, re.sub(r"(?m)(?:^|[ \t]+)(?:#|//) .*", "", block.code)) for block in blocks(page)]


def headings(page):
    """The level of each heading."""
    return [len(marks) for marks in re.findall(r"^(#+) ", text(page), flags=re.M)]


def rows(page):
    """The numbers and the code in every row of every table."""
    return [sorted(FIGURE.findall(line)) for line in text(page).splitlines() if line.startswith("|")]


def figures(page):
    """The numbers and the code of a page's text, each once."""
    return {" ".join(found.split()) for found in FIGURE.findall(re.sub(r"\]\([^)]*\)", "]", text(page)))}


def links(page):
    """Where a page's links lead."""
    targets = re.findall(r"\]\(([^)]+)\)", text(page))
    return {target if "://" in target else (page.parent / target).resolve() for target in targets}


def in_english(target):
    """A link's target, or its English edition."""
    lectures = ROOT / "notebooks"
    if not isinstance(target, str) and target.is_relative_to(lectures / "ko"):
        return lectures / "en" / target.name
    return KOREAN.get(target, target)


def test_every_page_but_the_reference_has_a_korean_one():
    # the reference is made of docstrings
    english = {page for page in PAGES if page not in KOREAN and not page.is_relative_to(DOCS / "reference")}
    assert set(KOREAN.values()) == english


@pytest.mark.parametrize("page", KOREAN, ids=name)
def test_a_korean_page_has_the_code_the_headings_and_the_figures_of_the_english_one(page):
    assert code(page) == code(KOREAN[page])
    assert headings(page) == headings(KOREAN[page])
    assert rows(page) == rows(KOREAN[page])


@pytest.mark.parametrize("page", KOREAN, ids=name)
def test_the_text_of_a_korean_page_has_the_figures_and_the_code_of_the_english_one(page):
    assert figures(page) == figures(KOREAN[page])


@pytest.mark.parametrize("page", KOREAN, ids=name)
def test_a_korean_page_and_its_english_one_lead_to_each_other_and_to_the_same_pages(page):
    english = KOREAN[page]
    assert english in links(page)
    assert page in links(english)
    assert links(page) & set(KOREAN.values()) == {english}, "a Korean page leads to Korean ones"
    assert {in_english(target) for target in links(page)} == {in_english(target) for target in links(english)}


@pytest.mark.parametrize("page", KOREAN, ids=name)
def test_no_korean_page_has_a_word_that_the_glossary_does_not_use(page):
    avoided = [word for _, _, words in terms() for word in words]
    assert "총합 사후분포" in avoided
    assert [word for word in avoided if word in prose(page.read_text("utf-8"))] == []


@pytest.mark.parametrize("page", KOREAN, ids=name)
def test_where_the_english_page_has_a_term_the_korean_one_has_its_word(page):
    words = {term: korean.split("(")[0] for term, korean, _ in terms()}
    english = text(KOREAN[page]).replace("ONNX Runtime", "").replace("ONNX\nRuntime", "")
    korean = prose(text(page))
    assert [(term, words[term]) for term in sorted(terms_in(english)) if words[term] not in korean] == []
