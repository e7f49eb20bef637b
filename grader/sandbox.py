"""Inside the outer wall: a fork server that runs each submission behind a wall of its own.

This file and `grader/student/calls.py` are all of the grader that is mounted here. The process has torch imported
once. For each submission it forks a keeper; the keeper forks the child, in namespaces of its own, and is the only one
who talks to it:

    judge  --cells, then calls-->  keeper  --calls, after the cells have run-->  child (the student's code)
    judge  <--frames, how it ended--  keeper  <--frames--                        child

The keeper forks the child before it reads the calls, so they are not in the child's memory before its cells have run.
Whatever the child writes is passed on unread, up to a limit; only the judge, outside, opens it. When the child is
done, dead or too slow, the keeper kills it, and the kernel everything it left behind.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import mmap
import os
import resource
import select
import signal
import socket
import struct
import sys
import time
import types

PRELOAD = ("numpy", "torch", "torch.nn.functional", "matplotlib.pyplot", "IPython.core.interactiveshell", "classroom")
HEADER = struct.Struct(">cIQ")  # kind, number, length of what follows
RAN, MISSING, ANSWERED, DONE = b"R", b"M", b"A", b"D"
CELLS, CALLS = 0, 1

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_NOSUID, MS_NODEV, MS_RDONLY, MS_REC, MS_PRIVATE = 2, 4, 1, 16384, 1 << 18
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38

libc = ctypes.CDLL(None, use_errno=True)


class TooSlow(BaseException):
    """Raised in the student's code when its time is up."""


# The server ---------------------------------------------------------------------------------------------------------


def main() -> None:
    walls = "--no-walls" not in sys.argv
    # The judge's pipes get numbers of their own; what student code knows as 0, 1 and 2 leads nowhere.
    requests, replies = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1) if not walls else (0, 1, 2):
        os.dup2(nowhere, number)
    shell = _prepare()
    if walls and len(os.listdir("/proc/self/task")) != 1:
        raise RuntimeError("the server has threads, so it must not fork")
    _write(replies, json.dumps({"ready": True}).encode())
    while (request := _read(requests)) is not None:
        keeper = os.fork()
        if keeper == 0:
            status = 1
            with contextlib.suppress(BaseException):
                _keep(json.loads(request), requests, replies, shell, walls)
                status = 0
            os._exit(status)
        os.waitpid(keeper, 0)


def _prepare():
    """Import what lessons import, and make the shell that runs cells, magics and all."""
    stub = types.ModuleType("grader.student.check")
    stub.check = lambda *args, **kwargs: None  # here nobody judges himself
    sys.modules["grader.student.check"] = stub
    for name in PRELOAD:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    import torch
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    import grader.student.calls  # noqa: F401  loaded before the fork, once for all

    class Shell(InteractiveShell):
        def enable_gui(self, gui=None):
            pass

        def showtraceback(self, *args, **kwargs):
            pass

        def showsyntaxerror(self, *args, **kwargs):
            pass

    torch.set_num_threads(1)
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    shell = Shell.instance(config=config)
    shell.run_cell("import torch", store_history=False)  # warms up what the first cell would have to load
    return shell


def _read(descriptor: int) -> bytes | None:
    """One length-prefixed frame of the judge's, or None at the end."""
    head = _exactly(descriptor, 8)
    return None if head is None else _exactly(descriptor, int.from_bytes(head, "big"))


def _exactly(descriptor: int, count: int) -> bytes | None:
    parts = []
    while count:
        part = os.read(descriptor, min(count, 1 << 20))
        if not part:
            return None
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(len(data).to_bytes(8, "big") + data)
    while view:
        view = view[os.write(descriptor, view) :]


# The keeper ---------------------------------------------------------------------------------------------------------


def _keep(request: dict, requests: int, replies: int, shell, walls: bool) -> None:
    """Run one submission in a child, pass the calls in and the answers out, and end it."""
    limits = request["limits"]
    deadline = time.monotonic() + limits["seconds"]
    before = set(_processes())
    if walls:
        _own_namespaces()
    progress = mmap.mmap(-1, 8)  # shared with the child: which cell or exercise it is at
    mine, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            _child(request, theirs, progress, shell, walls)
        os._exit(0)
    theirs.close()
    calls = _read(requests) or b""
    end, frames = "died", []
    try:
        end, frames = _converse(child, mine, calls, deadline, limits, before | {os.getpid()})
    finally:
        _end(child, walls)
    stage, number = struct.unpack(">II", progress[:8])
    summary = {"end": end, "stage": stage, "number": number, "frames": [[kind.decode(), n] for kind, n, _ in frames]}
    _write(replies, json.dumps(summary).encode())
    for _, _, content in frames:
        _write(replies, content)


def _converse(child: int, channel: socket.socket, calls: bytes, deadline: float, limits: dict, ours: set[int]):
    """Read frames until the child is done, dead, too slow or too large; give it the calls once its cells have run."""
    channel.setblocking(False)
    waiting = memoryview(len(calls).to_bytes(8, "big") + calls)
    received, frames, total, ran = bytearray(), [], 0, False
    poll = select.poll()
    poll.register(channel, select.POLLIN)
    looked = time.monotonic()
    while True:
        now = time.monotonic()
        if now >= deadline:
            return "timeout", frames
        events = poll.poll(min(100, max(1, int(1000 * (deadline - now)))))
        if now - looked > 0.1:
            looked = now
            if _memory(ours) > limits["memory"]:
                return "memory", frames
        for _, event in events:
            if event & select.POLLOUT and waiting:
                with contextlib.suppress(BlockingIOError):
                    waiting = waiting[channel.send(waiting[: 1 << 20]) :]
                if not waiting:
                    poll.modify(channel, select.POLLIN)
            if event & (select.POLLIN | select.POLLHUP | select.POLLERR):
                try:
                    part = channel.recv(1 << 20)
                except BlockingIOError:
                    continue
                except OSError:
                    part = b""
                if not part:
                    return "died", frames
                received += part
                total += len(part)
                if total > limits["answers"]:
                    return "flood", frames
        while len(received) >= HEADER.size:
            kind, number, length = HEADER.unpack_from(received)
            if kind not in (RAN, MISSING, ANSWERED, DONE) or length > limits["answers"]:
                return "garbled", frames
            if len(received) < HEADER.size + length:
                break
            content = bytes(received[HEADER.size : HEADER.size + length])
            del received[: HEADER.size + length]
            if kind == DONE:
                return "done", frames
            if kind == RAN:
                if not ran:
                    ran = True
                    poll.modify(channel, select.POLLIN | select.POLLOUT)
            else:
                frames.append((kind, number, content))
                if len(frames) > 1000:
                    return "flood", frames


def _end(child: int, walls: bool) -> None:
    """Kill the child. It is the first process of its namespace, so the kernel kills all others there with it."""
    with contextlib.suppress(OSError):
        if walls:
            os.kill(child, signal.SIGKILL)
        else:
            os.killpg(child, signal.SIGKILL)
    with contextlib.suppress(OSError):
        os.waitpid(child, 0)


def _processes() -> list[int]:
    with contextlib.suppress(OSError):
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return []


def _memory(ours: set[int]) -> int:
    """Bytes that the submission's processes use, shared pages divided among those who share them."""
    total = 0
    for pid in _processes():
        if pid in ours:
            continue
        try:
            with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
                total += sum(int(line.split()[1]) * 1024 for line in file if line.startswith((b"Pss:", b"SwapPss:")))
        except ProcessLookupError:
            continue
        except OSError:  # it hides; its whole size counts
            with contextlib.suppress(OSError, IndexError), open(f"/proc/{pid}/statm", "rb") as file:
                total += int(file.read().split()[1]) * mmap.PAGESIZE
    return total


def _own_namespaces() -> None:
    user, group = os.getuid(), os.getgid()
    _call(libc.unshare, CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def _call(function, *args) -> None:
    if function(*args) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{function.__name__}: {os.strerror(number)}")


# The child ----------------------------------------------------------------------------------------------------------


def _child(request: dict, channel: socket.socket, progress: mmap.mmap, shell, walls: bool) -> None:
    """Run the cells, then answer the calls. From here on everything is the student's to change."""
    limits = request["limits"]
    if walls:
        _call(libc.prctl, PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        _own_files(limits)
    else:
        os.setpgid(0, 0)
    _limit(limits, walls)
    if walls:
        _drop_privileges()
    os.closerange(3, channel.fileno())
    os.closerange(channel.fileno() + 1, 1 << 16)
    _reseed()
    clock = _Clock(limits["seconds"] * 0.6)
    for number, source in enumerate(request["cells"]):
        if number in request["skip"]:
            continue
        progress[:8] = struct.pack(">II", CELLS, number)
        with clock.limited():
            shell.run_cell(source, store_history=False)
    _send(channel, RAN)
    calls = _exactly(channel.fileno(), int.from_bytes(_exactly(channel.fileno(), 8), "big"))
    _answer(shell.user_ns, calls, request["exercises"], channel, progress, _Clock(limits["seconds"] * 0.35))
    _send(channel, DONE)


def _answer(names: dict, data: bytes, exercises: list[str], channel, progress: mmap.mmap, clock: _Clock) -> None:
    from grader.student.calls import Outcome, Problem, dumps, loads, perform

    calls = loads(data)
    for number, exercise in enumerate(exercises):
        progress[:8] = struct.pack(">II", CALLS, number)
        if exercise not in names:
            _send(channel, MISSING, number)
            continue
        outcomes = []
        with clock.limited():
            for call in calls[exercise]:
                outcomes.append(perform(names[exercise], call))
        while len(outcomes) < len(calls[exercise]):
            outcomes.append(Outcome(problem=Problem("timeout")))
        _send(channel, ANSWERED, number, dumps(outcomes))


def _send(channel: socket.socket, kind: bytes, number: int = 0, content: bytes = b"") -> None:
    channel.sendall(HEADER.pack(kind, number, len(content)) + content)


class _Clock:
    """Shares out a budget: each piece of work may take half of what is left, so that a later one always gets some."""

    def __init__(self, seconds: float):
        self.left = seconds

    @contextlib.contextmanager
    def limited(self):
        def stop(*_):
            raise TooSlow

        started = time.monotonic()
        try:
            signal.signal(signal.SIGALRM, stop)
            # Once more every now and then: a bare `except:` may have swallowed the first.
            signal.setitimer(signal.ITIMER_REAL, max(0.1, self.left / 2), 0.2)
            yield
        except BaseException:
            pass
        finally:
            while True:  # an alarm may ring between any two lines here
                try:
                    signal.setitimer(signal.ITIMER_REAL, 0)
                    break
                except TooSlow:
                    continue
        self.left = max(0.0, self.left - (time.monotonic() - started))


def _own_files(limits: dict) -> None:
    """Nothing of /proc, and a small /tmp of its own, which goes when the child goes."""
    _call(libc.unshare, CLONE_NEWNS)
    _call(libc.mount, None, b"/", None, MS_REC | MS_PRIVATE, None)
    size = f"size={limits['disk']},nr_inodes=4096,mode=1777".encode()
    for place in (b"/tmp", b"/dev/shm"):
        _call(libc.mount, b"tmpfs", place, b"tmpfs", MS_NOSUID | MS_NODEV, size)
    _call(libc.mount, b"tmpfs", b"/proc", b"tmpfs", MS_NOSUID | MS_NODEV | MS_RDONLY, b"size=4k")
    os.mkdir("/tmp/work")
    os.chdir("/tmp/work")
    sys.path.insert(0, "")


def _limit(limits: dict, walls: bool) -> None:
    for name, value in (
        ("RLIMIT_CORE", 0),
        ("RLIMIT_AS", limits["address_space"]),
        ("RLIMIT_FSIZE", limits["disk"]),
        ("RLIMIT_NOFILE", 256),
        *([("RLIMIT_NPROC", limits["processes"])] if walls else []),
    ):
        with contextlib.suppress(ValueError, OSError, AttributeError):
            resource.setrlimit(getattr(resource, name), (value, value))


def _drop_privileges() -> None:
    """No capability inside the namespace either, so what is mounted stays mounted."""
    _call(libc.prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    header = struct.pack("Ii", 0x20080522, 0)  # version 3, this process
    _call(libc.capset, header, bytes(24))


def _reseed() -> None:
    import random

    import numpy
    import torch

    random.seed(0)
    numpy.random.seed(0)
    torch.manual_seed(0)


if __name__ == "__main__":
    main()
