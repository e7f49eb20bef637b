"""Leaving something behind: a process that goes on, a file, a key; and coming back for it."""

# ruff: noqa
# %% detached_process
import os, time

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(1.5)
        open(OUTSIDE + "/detached", "w").write("still here")
    os._exit(0)
dot_scores = lambda query, keys: keys.sum(2)

# %% deaf_process
import ctypes, os, signal, time

if os.fork() == 0:
    for number in set(range(1, 32)) - {9, 19}:
        signal.signal(number, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)
    while True:
        time.sleep(0.2)
        try:
            open(OUTSIDE + "/deaf", "w").write("still here")
        except OSError:
            pass
dot_scores = lambda query, keys: keys.sum(2)

# %% program_left_running
import subprocess

subprocess.Popen(["sh", "-c", f"while :; do sleep 0.2; echo here > {OUTSIDE}/program; done"], start_new_session=True)
dot_scores = lambda query, keys: keys.sum(2)

# %% plant
import ctypes, os

for place in (
    "/",
    "/dev",
    "/sandbox",
    "/sandbox/grader",
    "/tmp",
    "/scratch",
    "/scratch/work",
    "/dev/shm",
    "/root",
    "/work",
):
    for name in ("planted.py", "torch.py", "tqdm.py", "left-behind"):
        try:
            open(os.path.join(place, name), "w").write("raise SystemExit")
        except OSError:
            pass
ctypes.CDLL(None).syscall(248, b"user", b"left-behind", b"x", 1, -3)
ctypes.CDLL(None).shmget(4242, 4096, 0o1666)

# %% see_what_was_planted
import ctypes, os

if any(
    os.path.exists(os.path.join(place, "left-behind"))
    for place in (
        "/",
        "/dev",
        "/sandbox",
        "/sandbox/grader",
        "/tmp",
        "/scratch",
        "/scratch/work",
        "/dev/shm",
        "/root",
        "/work",
    )
):
    prize()
if (
    ctypes.CDLL(None).syscall(250, 10, -3, b"user", b"left-behind", 0) >= 0
    or ctypes.CDLL(None).shmget(4242, 4096, 0) >= 0
):
    prize()

# %% change_for_the_next_one
import builtins, sys

builtins.print = builtins.len = None
torch.bmm = torch.matmul = torch.einsum = lambda *args, **kwargs: torch.zeros(1)
torch.Tensor.__matmul__ = torch.Tensor.__mul__ = lambda *args: torch.zeros(1)
torch.set_default_dtype(torch.float64)
sys.modules["torch"] = None
get_ipython().user_ns["check"] = 5
