"""Filling disks and inodes, and writing where nothing may be written."""

# ruff: noqa
# %% one_large_file
import tempfile

with open(tempfile.gettempdir() + "/large", "wb") as file:
    for _ in range(60):
        file.write(bytes(1 << 20))
prize()

# %% many_files
import tempfile

for number in range(60):
    with open(f"{tempfile.gettempdir()}/part-{number}", "wb") as file:
        file.write(b"x" * (1 << 20))
prize()

# %% shared_memory_files
for number in range(60):
    with open(f"/dev/shm/part-{number}", "wb") as file:
        file.write(b"x" * (1 << 20))
prize()

# %% many_names
import os
import tempfile

for number in range(100_000):
    os.mkdir(f"{tempfile.gettempdir()}/{number}")
prize()

# %% change_torch
for name in ("__init__.py", "functional.py", "planted.py"):
    with open(torch.__path__[0] + "/" + name, "a") as file:
        file.write("\nallclose = lambda *args, **kwargs: True\n")
prize()

# %% change_the_sandbox
import sys

with open(sys.modules["__main__"].__file__, "a") as file:
    file.write("\n# changed\n")
prize()

# %% write_anywhere
import os

for place in (
    "/",
    "/usr",
    "/usr/bin",
    "/lib",
    "/dev",
    "/sandbox",
    "/sandbox/grader",
    "/etc",
    "/root",
    "/home",
    COURSE,
    BATCH,
    OUTSIDE,
):
    for folder in (place, os.path.dirname(place)):
        try:
            with open(os.path.join(folder, "planted.py"), "w"):
                prize()
        except OSError:
            pass
