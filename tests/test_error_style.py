"""Errors are worded alike, `ARGUMENT is VALUE: expected WHAT; MEND` in one line, as far as the source tells."""

import ast
import re
from pathlib import Path

import pytest

import keras_vae.export

FOLDERS = [Path(folder) for package in (keras_vae, keras_vae.export) for folder in package.__path__]
# Messages of a user's mistake that do not say themselves what was expected: others' words, or findings that say it.
WITHOUT_EXPECTED = {
    "in {}, {}; restore the file",  # of runs/settings.py, likewise
    "the {}",  # models/faults.py: its texts have the form
    "in {}, {}; or use it --unchecked",  # of export/verification/integrity.py, which has it
    "in {}, {}",  # of the same, in explore
    "the exported model does not do what Keras does: {}",
    "{}; see --help",  # argparse's
    # keras_vae/files/strict_json.py: in brackets in another message
    "{} is not a JSON number",
    "it is nested too deeply",
    "the key {} appears in it twice",
}


def text_of(node):
    """A string of the source, "{}" for what is filled in; None for what is no string."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        sides = [text_of(node.left), text_of(node.right)]
        return None if sides == [None, None] else "".join(side or "{}" for side in sides)
    return None


def messages_of(source):
    """Every string handed to an error that is raised, or returned to be, with the line and the error's name."""
    for node in ast.walk(ast.parse(source)):
        made = getattr(node, "exc" if isinstance(node, ast.Raise) else "value", None)
        if not (isinstance(node, (ast.Raise, ast.Return)) and isinstance(made, ast.Call)):
            continue
        error = ast.unparse(made.func)
        if isinstance(node, ast.Raise) or error.endswith("Error"):
            yield from ((node.lineno, error, text) for text in map(text_of, made.args) if text)


def mistakes_in(error, text):
    """What is not in the one style."""
    if "\n" in text:
        yield "it has several lines"
    if ", got " in text or text.startswith("got "):
        yield "what came stands behind 'got'"
    if "unknown " in text:
        yield "it says 'unknown' rather than what the argument is"
    if re.search(r"(?<!: )\bexpected\b", text):
        yield "'expected' does not follow ': '"
    if re.search(r": expected\b[^;]*: ", text):
        yield "the mend does not follow ';'"
    if error in ("ValueError", "TypeError", "TrainingDiverged") and ": expected " not in text:
        yield "it does not say what was expected"


def test_every_message_has_the_one_style():
    paths = sorted({path.resolve() for folder in FOLDERS for path in folder.rglob("*.py")})
    found = [(path, *message) for path in paths for message in messages_of(path.read_text("utf-8"))]
    assert len(found) > 150
    assert {text for *_, text in found} >= WITHOUT_EXPECTED
    wrong = [
        f"{path}:{line}: {mistake}: {text}"
        for path, line, error, text in found
        if text not in WITHOUT_EXPECTED
        for mistake in mistakes_in(error, text)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "code",
    [
        "ValueError(f'{name}: expected at least 1, got {value}: raise it')",
        "ValueError(f'unknown dataset {name!r}: expected digits or shapes; did you mean digits?')",
        "ValueError(f'seed is {seed}; expected an integer: give one')",
        "ValueError(f'seed is {seed}: expected an integer: ' + 'give one')",
        "ValueError(f'output {output} is not empty: choose another')",
        "TrainingDiverged('the loss is not finite: '\n'expected a number\\nlower the learning rate')",
        "OSError(f'{path}: no such folder, one is expected')",
    ],
)
def test_other_styles_are_found(code):
    ((_, error, text),) = messages_of(f"raise {code}")
    assert list(mistakes_in(error, text))


def test_the_one_style_passes():
    code = "ValueError(f'seed is {seed!r}: expected an integer; ' f'give one such as {7}: any' + more)"
    ((_, error, text),) = messages_of(f"def wrong(): return {code}")
    assert text == "seed is {}: expected an integer; give one such as {}: any{}"
    assert not list(mistakes_in(error, text))
