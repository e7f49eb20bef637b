"""Looking for the reference, the calls or the secret in modules, live objects, frames and memory."""

# ruff: noqa
# %% import_the_exercises
from grader.exercises import all_exercises

dot_scores = all_exercises()["dot_scores"].right[0]

# %% import_the_judge
from grader.judge import read_secret

prize()

# %% loaded_modules
import sys

if [
    name
    for name in sys.modules
    if name.startswith(("grader.exercises", "grader.judge", "grader.reference", "nbgrader"))
]:
    prize()

# %% live_objects
import gc

kinds = {type(thing).__name__ for thing in gc.get_objects()}
if kinds & {"Exercise", "Examples", "Draw", "KnownMistake", "Released", "Submission"}:
    prize()

# %% calls_before_they_are_made
import gc
from grader.student.calls import Call

if any(isinstance(thing, Call) for thing in gc.get_objects()):
    prize()

# %% frames
import sys


def names():
    frame, seen = sys._getframe(), set()
    while frame:
        seen |= {*frame.f_locals, *frame.f_globals}
        frame = frame.f_back
    return seen


if "request" in names() and {"secret", "expected", "drawn", "reference", "course"} & names():
    prize()


# %% frames_while_answering
def dot_scores(query, keys):
    import sys

    frame = sys._getframe()
    while frame:
        for value in list(frame.f_locals.values()):
            expected = getattr(value, "expected", None)
            if expected is not None:
                return expected.outputs[0]
        frame = frame.f_back
    return keys.sum(2)


# %% where_the_package_came_from
import importlib.metadata, json, pathlib, urllib.parse

place = json.loads(importlib.metadata.distribution("attention-step-by-step").read_text("direct_url.json"))["url"]
if (pathlib.Path(urllib.parse.urlparse(place).path) / "lessons").exists():
    prize()

# %% sources_of_the_grader
import grader, pathlib

if (pathlib.Path(grader.__file__).parent / "judge.py").exists():
    prize()

# %% secret_in_the_environment
import os

if any("SECRET" in name or "GRADER" in name for name in os.environ):
    prize()

# %% memory_of_an_earlier_submission
import ctypes

libc = ctypes.CDLL(None)
libc.sbrk.restype = ctypes.c_void_p
top, marker = libc.sbrk(0), b"honest" + b"-neighbour-was-here"
for size in (256 << 20, 128 << 20, 64 << 20, 32 << 20, 16 << 20, 4 << 20):
    # The kernel says whether a page is there (mincore), so that reading does not end the process.
    if libc.mincore(ctypes.c_void_p((top - size) & ~4095), 4096, ctypes.create_string_buffer(1)) == 0:
        if marker in ctypes.string_at((top - size) & ~4095, size - 4096):
            prize()
        break
