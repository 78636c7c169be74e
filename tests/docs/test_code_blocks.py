"""Every block of Python and shell on the site and in README.md runs, a page's in one namespace and one folder."""

import pytest

from tests.docs.blocks import KOREAN, PAGES, ROOT, blocks, commands, run_command

RUN = ("python", "sh")
# Code for other programs, which the tests have not.
SHOWN = ("dart", "html", "js", "kotlin", "swift", "yaml")
WITH_CODE = [page for page in PAGES if page not in KOREAN and any(block.language in RUN for block in blocks(page))]


def name(page):
    return page.relative_to(ROOT).as_posix()


@pytest.mark.slow
@pytest.mark.usefixtures("users_folder", "short_commands", "gray_pixels_are_meant")
@pytest.mark.parametrize("page", WITH_CODE, ids=name)
def test_the_code_of_a_page_runs(page):
    namespace = {"__name__": "page"}
    for block in blocks(page):
        if block.not_run or block.language not in RUN:
            continue
        if block.language == "python":
            # a traceback then shows the page's line
            exec(compile("\n" * block.line + block.code, str(page), "exec"), namespace)
        else:
            for words in commands(block.code):
                run_command(words)


def test_code_that_does_not_run_is_of_a_known_language():
    for page in PAGES:
        for block in blocks(page):
            assert block.language in (*RUN, *SHOWN), f"{name(page)}:{block.line}"


def test_each_readme_leads_to_the_other():
    for page, other in (("README.md", "README.ko.md"), ("README.ko.md", "README.md")):
        assert f"]({other})" in "".join((ROOT / page).read_text("utf-8").splitlines(keepends=True)[:5])


def test_the_readme_is_short():
    assert all(len((ROOT / page).read_text("utf-8").splitlines()) <= 150 for page in ("README.md", "README.ko.md"))
