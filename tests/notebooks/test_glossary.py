"""One Korean word for each English term, in lectures and in what leads to them, as the glossary says."""

import re
from pathlib import Path

import pytest

from notebooks.building.editions import edition
from notebooks.building.lectures import ROOM, sources

PLURAL = {"density": "densit(?:y|ies)", "entropy": "entrop(?:y|ies)"}


def terms():
    """English, Korean and the words not to use, of every row of the table of terms."""
    table = (ROOM / "glossary.md").read_text("utf-8").split("## Terms")[1].split("## Symbols")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line[:1] == "|"][2:]
    return [(english, korean, [word.strip() for word in words.split(",") if word]) for english, korean, words in rows]


def prose(text):
    """A text in one line, without code, formulas, links' targets and references, which are not translated."""
    text = re.split(r"^## (?:References|참고 문헌)$", text, flags=re.M)[0]
    text = re.sub(r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$|\]\([^)]*\)", " ", text, flags=re.DOTALL)
    return re.sub(r"\s*\n>?\s*", " ", text)


def pairs(source):
    """The English and the Korean of each text of a lecture."""
    english, korean = (
        {cell.id: cell.source for cell in edition(source, language).cells if cell.cell_type == "markdown"}
        for language in ("en", "ko")
    )
    return list(zip(english.values(), korean.values(), strict=True))


def terms_in(text):
    """The glossary's terms in an English text, the longest first: posterior collapse is no posterior."""
    text, found = prose(text), set()
    for term in sorted((term for term, _, _ in terms()), key=len, reverse=True):
        text, count = re.subn(rf"\b{PLURAL.get(term, term + 's?')}\b", " ", text, flags=re.IGNORECASE)
        found |= {term} if count else set()
    return found


def test_the_glossary_is_in_order_and_names_each_term_once():
    english = [term for term, _, _ in terms()]
    assert english == sorted(set(english), key=str.casefold)
    assert len(english) > 40


@pytest.mark.parametrize("source", sources(), ids=lambda source: source.stem)
def test_where_the_english_has_a_term_the_korean_has_its_word(source):
    words = {term: korean.split("(")[0] for term, korean, _ in terms()}
    missing = [
        (term, words[term], ours[:60])
        for theirs, ours in pairs(source)
        for term in terms_in(theirs)
        if words[term] not in prose(ours)
    ]
    assert missing == []


@pytest.mark.parametrize("path", [ROOM / "README.md", *sources()], ids=lambda path: Path(path).stem)
def test_no_korean_text_has_a_word_that_the_glossary_does_not_use(path):
    texts = [path.read_text("utf-8")] if path.suffix == ".md" else [korean for _, korean in pairs(path)]
    avoided = [word for _, _, words in terms() for word in words]
    assert [(word, text[:60]) for text in texts for word in avoided if word in prose(text)] == []
