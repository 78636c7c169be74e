"""The builder: how a source becomes editions, and what it says of sources and cells that are wrong."""

import nbformat
import pytest

from notebooks.building.editions import edition, solutions
from notebooks.building.execution import CellFailed, execute
from notebooks.building.lectures import store, with_stored_outputs
from notebooks.building.release import colab_badge, install_code

ENGLISH, KOREAN = '# %% [markdown] lang="en"\n# Hello\n\n', '# %% [markdown] lang="ko"\n# 안녕\n\n'
CODE = "# %%\nvalue = 1\n\n"


def notebook(*code):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in code])


def test_an_edition_has_all_code_and_the_text_of_one_language(tmp_path):
    source = tmp_path / "01_greeting.py"
    source.write_text(ENGLISH + KOREAN + CODE + ENGLISH + KOREAN, encoding="utf-8")
    assert [cell.source for cell in edition(source, "en").cells] == [install_code(), "Hello", "value = 1", "Hello"]
    assert [cell.source for cell in edition(source, "ko").cells] == [install_code(), "안녕", "value = 1", "안녕"]
    assert nbformat.writes(edition(source, "ko")) == nbformat.writes(edition(source, "ko"))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (ENGLISH + CODE, "cell 1, 'value = 1'"),
        (KOREAN + ENGLISH, "cell 0, '안녕'"),
        (ENGLISH + ENGLISH + KOREAN, "cell 1, 'Hello'"),
        (CODE + ENGLISH, "ends without 'ko'"),
        ("# %% [markdown]\n# Neither\n", "cell 0, 'Neither'"),
    ],
)
def test_text_that_lacks_a_language_is_refused_by_name(tmp_path, text, named):
    source = tmp_path / "01_greeting.py"
    source.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"01_greeting\.py") as refused:
        edition(source, "en")
    assert named in str(refused.value)


def setup_file(folder, urls=""):
    path = folder / "setup.cfg"
    path.write_text(f"[metadata]\nname = keras_vae\nversion = 1.2.3\n{urls}", encoding="utf-8")
    return path


def test_the_install_cell_pins_the_release(tmp_path):
    assert "%pip install --quiet keras_vae==1.2.3" in install_code(setup_file(tmp_path))


def test_the_badge_opens_the_notebook_of_the_release_where_the_project_names_its_repository(tmp_path):
    assert colab_badge("notebooks/en/01_a.ipynb", setup_file(tmp_path)) is None
    named = setup_file(tmp_path, "project_urls =\n    Source = https://github.com/someone/keras_vae\n")
    badge = colab_badge("notebooks/en/01_a.ipynb", named)
    assert "(https://colab.research.google.com/github/someone/keras_vae/blob/v1.2.3/notebooks/en/01_a.ipynb)" in badge
    elsewhere = setup_file(tmp_path, "project_urls =\n    Source = https://example.org/keras_vae\n")
    assert colab_badge("notebooks/en/01_a.ipynb", elsewhere) is None


def test_solutions_are_the_code_of_what_is_folded():
    text = "```python\nshown = 1\n```\n<details>\nBecause\n```python\nfolded = 2\n```\n```sh\nls\n```\n</details>"
    assert solutions(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)])) == ["folded = 2\n"]


def test_changed_text_keeps_the_outputs_and_changed_code_does_not(tmp_path):
    ran = notebook("install", "value = 1")
    ran.cells[0].id = "install"
    for count, cell in enumerate(ran.cells, start=1):
        cell.execution_count = count
    ran.cells[1].outputs = [nbformat.v4.new_output("stream", text="said")]
    store(ran, tmp_path / "01_a.ipynb")
    fresh = notebook("install a later version", "value = 1")
    fresh.cells[0].id = "install"
    assert with_stored_outputs(fresh, tmp_path / "01_a.ipynb").cells[1].outputs[0].text == "said"
    fresh.cells[1].source = "value = 2"
    with pytest.raises(ValueError, match="leave out --text"):
        with_stored_outputs(fresh, tmp_path / "01_a.ipynb")


@pytest.mark.slow
def test_a_failing_cell_is_named_with_its_notebook():
    with pytest.raises(CellFailed) as failed:
        execute(notebook("value = 1", "assert value == 2, 'wrong'", "value = 3"), "09_broken")
    assert "notebook 09_broken, code cell 2 of 3" in str(failed.value)
    assert "AssertionError: wrong" in str(failed.value)


@pytest.mark.slow
def test_a_run_is_fresh_and_sees_the_switch():
    first = execute(
        notebook("import os", "print(os.environ['FAST'], os.listdir())", "value = 1"), "01_first", fast=True
    )
    assert first.cells[1].outputs[0].text == "1 []\n"
    second = execute(notebook("import os", "print(os.environ['FAST'], 'value' in globals())"), "02_second")
    assert second.cells[1].outputs[0].text == "0 False\n"


def test_a_notebook_too_large_for_a_browser_is_not_stored(tmp_path):
    with pytest.raises(ValueError, match="expected at most 1000000"):
        store(notebook("#" * 1_000_001), tmp_path / "01_large.ipynb")
    assert list(tmp_path.iterdir()) == []
