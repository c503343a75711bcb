"""``border-sim``: the other end of every cable, and whole borders for demonstrations."""

from __future__ import annotations

import typer

from simulators.chip.cli import passport
from simulators.demo.cli import demo
from simulators.device_cli import device

app = typer.Typer(
    help="Simulated devices, documents, lanes and borders.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("demo")(demo)
app.command("device")(device)
app.command("passport")(passport)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
