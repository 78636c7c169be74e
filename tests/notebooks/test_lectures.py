"""The lectures: stored editions in step with their source, and every claim in them checked by running it."""

import re

import nbformat
import pytest
from jupyter_client.provisioning import LocalProvisioner
from markdown_it import MarkdownIt

from notebooks.building.editions import LANGUAGES, edition, solutions
from notebooks.building.execution import execute
from notebooks.building.lectures import LARGEST, ROOM, out_of_step, sources, stored
from tests.notebooks.forked_kernel import launch_kernel

LECTURES = sources()
EDITIONS = [
    pytest.param(source, language, id=f"{language}-{source.stem}") for source in LECTURES for language in LANGUAGES
]


def test_there_are_lectures():
    assert [source.stem[:2] for source in LECTURES] == [f"{number:02d}" for number in range(10)]


def linked(text, ending="ipynb"):
    return re.findall(rf"\]\(([^)#]+\.{ending})\)", text)


def test_the_table_leads_to_every_edition():
    expected = {f"{language}/{source.stem}.ipynb" for source in LECTURES for language in LANGUAGES}
    assert set(linked((ROOM / "README.md").read_text("utf-8"))) == expected


@pytest.mark.parametrize(("source", "language"), EDITIONS)
def test_links_between_lectures_lead_somewhere(source, language):
    texts = [cell.source for cell in edition(source, language).cells]
    targets = [target for text in texts for ending in ("ipynb", "md") for target in linked(text, ending)]
    assert all((stored(source, language).parent / target).is_file() for target in targets), targets


@pytest.mark.slow
@pytest.mark.parametrize("source", LECTURES, ids=lambda source: source.stem)
def test_runs_top_to_bottom_in_a_fresh_kernel_and_the_solutions_after_it(source, monkeypatch):
    monkeypatch.setattr(LocalProvisioner, "launch_kernel", launch_kernel)
    if source.stem == "06_many_devices":  # which compares itself, to the bit, with programs that it starts
        monkeypatch.setenv("OPTIMIZED", "1")
    notebook = edition(source, "en")
    notebook.cells += [nbformat.v4.new_code_cell(code) for code in solutions(notebook)]
    execute(notebook, source.stem, fast=True)


@pytest.mark.parametrize("source", [*LECTURES[1:6], *LECTURES[8:]], ids=lambda source: source.stem)
def test_a_lecture_has_three_to_five_exercises_with_folded_solutions(source):
    for language, heading in (("en", "## Exercises"), ("ko", "## 연습 문제")):
        (text,) = [cell.source for cell in edition(source, language).cells if heading in cell.source]
        exercises = text.split(heading)[1].split("\n## ")[0]
        numbers = re.findall(r"^(\d)\. ", exercises, flags=re.MULTILINE)
        assert numbers == [str(number) for number in range(1, len(numbers) + 1)]
        assert 3 <= len(numbers) <= 5
        assert exercises.count("<details>") == exercises.count("</details>") == len(numbers)


@pytest.mark.parametrize("source", LECTURES, ids=lambda source: source.stem)
def test_solutions_are_the_same_in_every_language(source):
    assert solutions(edition(source, "en")) == solutions(edition(source, "ko"))


@pytest.mark.parametrize(("source", "language"), EDITIONS)
def test_the_stored_edition_is_its_sources(source, language):
    assert out_of_step(source, language) is None


@pytest.mark.parametrize("source", LECTURES, ids=lambda source: source.stem)
def test_all_editions_have_the_same_code_and_outputs(source):
    notebooks = [nbformat.read(stored(source, language), as_version=4) for language in LANGUAGES]
    code = [[cell for cell in notebook.cells if cell.cell_type == "code"] for notebook in notebooks]
    assert all(cells == code[0] for cells in code)


@pytest.mark.parametrize(("source", "language"), EDITIONS)
def test_the_stored_edition_reads_well_in_a_repository_browser(source, language):
    path = stored(source, language)
    assert path.stat().st_size <= LARGEST
    notebook = nbformat.read(path, as_version=4)
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert any(re.search(r"\bassert\b", cell.source) for cell in notebook.cells if cell.cell_type == "code")


@pytest.mark.parametrize("source", LECTURES, ids=lambda source: source.stem)
def test_each_edition_is_written_in_its_language(source):
    hangul = re.compile("[가-힣]")
    for language in LANGUAGES:
        texts = [cell.source for cell in edition(source, language).cells if cell.cell_type == "markdown"]
        assert all(bool(hangul.search(text)) == (language == "ko") for text in texts)
    assert not any(hangul.search(cell.source) for cell in edition(source, "ko").cells if cell.cell_type == "code")


@pytest.mark.parametrize(("source", "language"), EDITIONS)
def test_bold_type_is_closed(source, language):
    # Markdown does not close ** that follows punctuation and stands right before a letter, such as a Korean particle.
    for cell in edition(source, language).cells:
        if cell.cell_type == "markdown":
            rendered = MarkdownIt().enable("table").render(cell.source)
            assert "**" not in re.sub(r"<code.*?</code>", "", rendered, flags=re.DOTALL), cell.source
