"""The builder: how a source becomes editions, and what it says of sources and cells that are wrong."""

import nbformat
import pytest

from notebooks.building.editions import edition
from notebooks.building.execution import CellFailed, execute
from notebooks.building.lectures import store

ENGLISH, KOREAN = '# %% [markdown] lang="en"\n# Hello\n\n', '# %% [markdown] lang="ko"\n# 안녕\n\n'
CODE = "# %%\nvalue = 1\n\n"


def notebook(*code):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in code])


def test_an_edition_has_all_code_and_the_text_of_one_language(tmp_path):
    source = tmp_path / "01_greeting.py"
    source.write_text(ENGLISH + KOREAN + CODE + ENGLISH + KOREAN, encoding="utf-8")
    assert [cell.source for cell in edition(source, "en").cells] == ["Hello", "value = 1", "Hello"]
    assert [cell.source for cell in edition(source, "ko").cells] == ["안녕", "value = 1", "안녕"]
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
