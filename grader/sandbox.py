"""Inside the outer wall: a fork server that runs each submission behind a wall of its own.

This file and `grader/student/calls.py` are all of the grader that is mounted here. The process has torch imported
once. For each submission it forks a keeper; the keeper forks the child, in namespaces of its own, and is the only one
who talks to it:

    judge  --cells, then calls-->  keeper  --calls, after the cells have run-->  child (the student's code)
    judge  <--frames, how it ended--  keeper  <--frames--                        child

The server itself reads nothing of a submission, so nothing of one is in the memory that the next one is forked from.
The keeper forks the child before it reads the calls, so they are not in the child's memory before its cells have run.
Whatever the child writes is passed on unread, up to a limit; only the judge, outside, opens it. When the child is
done, dead or too slow, the keeper kills it, and the kernel everything it left behind.
"""

from __future__ import annotations

import builtins
import contextlib
import ctypes
import errno
import gc
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
NAMESPACES = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET
MS_NOSUID, MS_NODEV, MS_RDONLY, MS_REC, MS_PRIVATE = 2, 4, 1, 16384, 1 << 18
PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 22, 38
SECCOMP_MODE_FILTER, SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO = 2, 0x7FFF0000, 0x00050000
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column of the table below, the kernel's name
# What no lesson needs of the kernel: memory that no process shows as its own, other processes, keys that outlive a
# process, namespaces, mounts, and the large doors through which kernels are broken.
FORBIDDEN = {
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194), "shmat": (30, 196),
    "msgget": (68, 186), "semget": (64, 190), "mq_open": (240, 180),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "personality": (135, 92),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
}  # fmt: skip
CLONE, CLONE3, MMAP = (56, 220), (435, 435), (9, 222)
MAP_SHARED, MAP_ANONYMOUS = 1, 0x20

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
    gc.collect()
    gc.freeze()  # a collection in a child would touch, and so copy, all of the memory it shares with the server
    if walls and len(os.listdir("/proc/self/task")) != 1:
        raise RuntimeError("the server has threads, so it must not fork")
    _write(replies, json.dumps({"ready": True}).encode())
    while os.read(requests, 1):  # one byte for each submission; the keeper reads the rest
        keeper = os.fork()
        if keeper == 0:
            status = 1
            with contextlib.suppress(BaseException):
                _keep(requests, replies, shell, walls)
                status = 0
            os._exit(status)
        if os.waitpid(keeper, 0)[1] != 0:
            break  # nobody knows what it left unread; the runner starts a new server


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


def _keep(requests: int, replies: int, shell, walls: bool) -> None:
    """Run one submission in a child, pass the calls in and the answers out, and end it."""
    request = json.loads(_read(requests))
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
    if not walls:
        with contextlib.suppress(OSError):
            os.killpg(child, signal.SIGKILL)
    with contextlib.suppress(OSError):
        os.kill(child, signal.SIGKILL)
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
    os.setsid()  # a signal to one's process group knows no namespace: in the server's, it would reach the server
    if walls:
        _call(libc.prctl, PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")  # should the machine's memory run out, the kernel ends this one, and nobody else
        _own_files(limits)
    _limit(limits, walls)
    if walls:
        _drop_privileges()
        _forbid_calls()
    os.closerange(3, channel.fileno())
    os.closerange(channel.fileno() + 1, 1 << 16)
    _reseed()
    clock = _Clock(limits["seconds"] * 0.6)
    names, answers = shell.user_ns, {}
    for number, source in enumerate(request["cells"]):
        if number in request["skip"]:
            continue
        progress[:8] = struct.pack(">II", CELLS, number)
        with clock.limited():
            shell.run_cell(source, store_history=False)
        _remember(names, request["exercises"], answers)
    _send(channel, RAN)
    calls = _exactly(channel.fileno(), int.from_bytes(_exactly(channel.fileno(), 8), "big"))
    sys.setrecursionlimit(max(1000, sys.getrecursionlimit()))
    _answer(names, answers, calls, request["exercises"], channel, progress, _Clock(limits["seconds"] * 0.35))
    _send(channel, DONE)


def _remember(names: dict, exercises: list[str], answers: dict[str, tuple]) -> None:
    """Keep each exercise's last definition, with the names as they were then.

    A later cell may reuse a name, as in `attention_weights = attention_weights(...)` or `sum = 0`.
    """
    for exercise in exercises:
        answer = names.get(exercise)
        if answer is not None and (
            exercise not in answers or (callable(answer) and answer is not answers[exercise][0])
        ):
            answers[exercise] = answer, dict(names)


def _answer(names: dict, answers: dict, data: bytes, exercises: list[str], channel, progress, clock: _Clock) -> None:
    from grader.student.calls import Outcome, Problem, dumps, loads, perform

    def outcomes(answer, calls: list) -> list[Outcome]:
        found = []
        with clock.limited():
            for call in calls:
                found.append(perform(answer, call))
        return found + [Outcome(problem=Problem("timeout"))] * (len(calls) - len(found))

    calls = loads(data)
    for number, exercise in enumerate(exercises):
        progress[:8] = struct.pack(">II", CALLS, number)
        if exercise not in answers:
            _send(channel, MISSING, number)
            continue
        answer, names_then = answers[exercise]
        found = outcomes(answer, calls[exercise])
        if any(outcome.problem and outcome.problem.kind == "raised" for outcome in found):
            names_now = dict(names)
            for name in builtins.__dict__.keys() & names_now.keys() - names_then.keys():
                del names[name]
            names.update(names_then)
            again = outcomes(answer, calls[exercise])
            names.clear()
            names.update(names_now)
            found = min(found, again, key=lambda tried: sum(outcome.problem is not None for outcome in tried))
        _send(channel, ANSWERED, number, dumps(found))


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
    """Nothing of /proc, and a small place of its own to write to, which goes when the child goes."""
    _call(libc.unshare, CLONE_NEWNS)
    _call(libc.mount, None, b"/", None, MS_REC | MS_PRIVATE, None)
    size = f"size={limits['disk']},nr_inodes=4096,mode=1777".encode()
    scratch = os.environ["TMPDIR"]
    for place in (scratch.encode(), b"/dev/shm"):
        _call(libc.mount, b"tmpfs", place, b"tmpfs", MS_NOSUID | MS_NODEV, size)
    _call(libc.mount, b"tmpfs", b"/proc", b"tmpfs", MS_NOSUID | MS_NODEV | MS_RDONLY, b"size=4k")
    os.mkdir(f"{scratch}/work")
    os.chdir(f"{scratch}/work")
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


def _forbid_calls() -> None:
    """A filter that the kernel asks before every system call, and that stays for good: refuse what is FORBIDDEN."""
    column, machine = MACHINES[os.uname().machine]
    load, equal, at_least, any_bit, both, give = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
    steps = [  # what to do, with which number, and where to go on if so and if not ("" is the next step)
        (load, 4, "", ""),
        (equal, machine, "", "refuse"),
        (load, 0, "", ""),
        (at_least, 0x40000000, "refuse", ""),
        *((equal, numbers[column], "refuse", "") for numbers in FORBIDDEN.values()),
        (equal, CLONE3[column], "absent", ""),  # its flags cannot be seen from here; the C library then takes clone
        (equal, MMAP[column], "mmap", ""),
        (equal, CLONE[column], "", "allow"),
        (load, 16, "", ""),
        (any_bit, NAMESPACES, "refuse", "allow"),
        (load, 40, "", ""),
        (both, MAP_SHARED | MAP_ANONYMOUS, "", ""),  # memory that stays when no process shows it any more
        (equal, MAP_SHARED | MAP_ANONYMOUS, "refuse", "allow"),
        (give, SECCOMP_RET_ALLOW, "", ""),
        (give, SECCOMP_RET_ERRNO | errno.EPERM, "", ""),
        (give, SECCOMP_RET_ERRNO | errno.ENOSYS, "", ""),
    ]
    count = len(steps)
    places = {"mmap": count - 6, "allow": count - 3, "refuse": count - 2, "absent": count - 1}
    program = b"".join(
        struct.pack("HBBI", what, *(places.get(where, at + 1) - at - 1 for where in (yes, no)), number)
        for at, (what, number, yes, no) in enumerate(steps)
    )
    kept = ctypes.create_string_buffer(program, len(program))
    described = struct.pack("HP", count, ctypes.addressof(kept))
    _call(libc.prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, described, 0, 0)


def _reseed() -> None:
    import random

    import numpy
    import torch

    random.seed(0)
    numpy.random.seed(0)
    torch.manual_seed(0)


if __name__ == "__main__":
    main()
