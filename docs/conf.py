"""How Sphinx builds the site. Its source is the whole repository: notebooks and benchmarks stay where they lie."""

from __future__ import annotations

import importlib.metadata
import inspect
import re
from typing import Any

import latex2mathml.converter
from docutils import nodes
from sphinx.application import Sphinx

project = "keras_vae"
author = "the keras_vae authors"
copyright = author
version = release = importlib.metadata.version("keras_vae")

root_doc = "docs/index"
include_patterns = [
    "docs/**",
    "notebooks/README.md",
    "notebooks/glossary.md",
    "notebooks/en/*.ipynb",
    "notebooks/ko/*.ipynb",
    "benchmarks/*.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
]
exclude_patterns = ["docs/_build", ".venv"]

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_click",
    "sphinx_copybutton",
]
nb_execution_mode = "off"
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 4

default_role = "code"
smartquotes = False  # they made one dash of the two before an option
nitpicky = True
# The docstrings give types, shapes and units in words.
autodoc_typehints = "none"
autodoc_member_order = "bysource"
# "Returns: A dict: ..." is prose, no type.
napoleon_use_rtype = False

html_math_renderer = "mathml"
html_theme = "furo"
html_title = "keras_vae"
pygments_dark_style = "github-dark"
html_extra_path = ["site"]
html_static_path = ["static"]
html_css_files = ["korean.css"]
html_show_copyright = False
html_show_sphinx = False


# The name of a function that no bracket follows: a space is due.
_BARE_FUNCTION = re.compile(r"(<mi>(?:log|exp|det)</mi>)(?!<mo[^>]*>&#x00028;)")
_SECTION = re.compile(r"(Args|Attributes|Returns|Raises|Examples?):$")


def _show_arguments(
    app: Sphinx, what: str, name: str, thing: Any, options: Any, signature: str | None, returns: str | None
) -> tuple[str, str | None] | None:
    """Give a class the arguments of its `__init__`: Keras' own are (*args, **kwargs)."""
    if what != "class" or signature != "(*args, **kwargs)":
        return None
    _self, *rest = inspect.signature(thing.__init__).parameters.values()
    bare = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in rest]
    return str(inspect.Signature(bare)), returns


def _bars_kept(parts: list[str]) -> list[str]:
    return [part if number % 2 else re.sub(r"(?<!\w)\|(?=\S)", r"\\|", part) for number, part in enumerate(parts)]


def _show_formulas(app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Let indented lines before the first section stand as they are: they are formulas. Let a bar be a bar."""
    lines[:] = [line if line.startswith("    ") else "`".join(_bars_kept(line.split("`"))) for line in lines]
    for number in reversed(range(next((n for n, line in enumerate(lines) if _SECTION.match(line)), len(lines)))):
        if lines[number].startswith("    ") and number and not lines[number - 1]:
            lines[number:number] = ["::", ""]


def _write_math(translator: Any, node: nodes.Element) -> None:
    """Write a formula as MathML, which browsers draw themselves: no script, nothing from another server."""
    display = "block" if isinstance(node, nodes.math_block) else "inline"
    formula = latex2mathml.converter.convert(node.astext(), display=display)
    # a space after a function's name, unless a bracket follows
    formula = re.sub(
        r"(<mi>(?:log|exp|max|min|det)</mi>)(?!<mo[^>]*>(?:&#x00028;|\())", r'\1<mspace width="0.17em"/>', formula
    )
    translator.body.append(formula if display == "inline" else f'<div style="overflow-x: auto">{formula}</div>')
    raise nodes.SkipNode


def _name_the_language(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Tell browsers and screen readers which pages are Korean."""
    if page.startswith(("docs/ko/", "notebooks/ko/")):
        context["language"] = "ko"


def setup(app: Sphinx) -> None:
    """Register them."""
    app.connect("html-page-context", _name_the_language)
    app.connect("autodoc-process-signature", _show_arguments)
    app.connect("autodoc-process-docstring", _show_formulas, priority=100)  # before napoleon reads the sections
    app.add_html_math_renderer("mathml", (_write_math, None), (_write_math, None))
