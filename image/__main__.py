"""Draw the figures: `python -m image` draws all, `python -m image bmm seq2seq` these, `--to FOLDER` elsewhere."""

import argparse
import inspect
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from image.pen import Say, save

HERE = Path(__file__).parent
HELPERS = {"__init__", "__main__", "pen", "flow"}


def scripts() -> list[str]:
    """Name the scripts that draw a figure: every module here that is not a helper."""
    return sorted(path.stem for path in HERE.glob("*.py") if path.stem not in HELPERS)


def english(en: str, zh: str) -> str:
    return en


def chinese(en: str, zh: str) -> str:
    return zh


EDITIONS: dict[str, Say] = {"en": english, "zh-TW": chinese}


def draw(script: str, folder: Path) -> Iterator[Path]:
    """Draw one script's figures: one if its draw() takes nothing, one for each language if it is told how to speak."""
    module = import_module(f"image.{script}")
    if not inspect.signature(module.draw).parameters:
        save(module.draw(), folder / f"{script}.png")
        yield folder / f"{script}.png"
        return
    for edition, say in EDITIONS.items():
        save(module.draw(say), folder / f"{script}-{edition}.png")
        yield folder / f"{script}-{edition}.png"


def needs_training(script: str) -> bool:
    """Tell whether a figure shows a trained model: such scripts say TRAINS = True, and are drawn only by name."""
    return getattr(import_module(f"image.{script}"), "TRAINS", False)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m image", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(scripts())}")
    parser.add_argument("--to", type=Path, default=HERE, metavar="FOLDER", help="where to write (default: image/)")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(scripts()):
        parser.error(f"image/ has no script {', '.join(sorted(unknown))}; choose from {', '.join(scripts())}.")
    arguments.to.mkdir(parents=True, exist_ok=True)
    for script in arguments.names or [name for name in scripts() if not needs_training(name)]:
        for path in draw(script, arguments.to):
            print(f"{path.name}  {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
