"""The command that runs the lectures and stores both editions: `python -m notebooks.building [NUMBER ...]`."""

from __future__ import annotations

import time

import click

from notebooks.building.editions import LANGUAGES, edition
from notebooks.building.execution import CellFailed, execute
from notebooks.building.lectures import sources, store, stored, with_stored_outputs


@click.command()
@click.argument("numbers", nargs=-1)
@click.option("--text", is_flag=True, help="Keep the stored outputs and run nothing: for changes of text alone.")
def main(numbers: tuple[str, ...], text: bool) -> None:
    """Run the lectures with these NUMBERS (such as 01 03), or all, and store them in en/ and ko/ with their outputs."""
    lectures = {source.stem[:2]: source for source in sources()}
    unknown = [number for number in numbers if number not in lectures]
    if unknown:
        raise click.UsageError(f"no lecture {', '.join(unknown)}: choose from {', '.join(lectures)}")
    for number in numbers or lectures:
        source, start = lectures[number], time.monotonic()
        first = edition(source, LANGUAGES[0])
        try:
            executed = with_stored_outputs(first, stored(source, LANGUAGES[0])) if text else execute(first, source.stem)
        except (CellFailed, OSError, ValueError) as error:
            raise click.ClickException(str(error)) from error
        click.echo(f"{source.stem}: {time.monotonic() - start:.0f} s")
        code = {cell.id: cell for cell in executed.cells if cell.cell_type == "code"}
        for language in LANGUAGES:
            # The code is the same in every language, and so is what it prints: it runs once.
            notebook = edition(source, language)
            notebook.cells = [code.get(cell.id, cell) for cell in notebook.cells]
            store(notebook, stored(source, language))
            click.echo(f"  {language}/{source.stem}.ipynb: {stored(source, language).stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
