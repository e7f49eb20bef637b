"""The runner: starts the sandbox, hands it cells and calls, and takes back what came out.

The trusted side. It never opens what the sandbox returns; it only cuts it into frames. Two walls stand between a
submission and everything else: bubblewrap around the fork server (no network, no gradebook, no other submissions, no
lessons, no judging code), and namespaces of its own around each submission (`grader/sandbox.py`).
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

PACKAGES = Path(__file__).resolve().parent.parent
VISIBLE = (  # the parts of our own packages that a submission can import
    "grader/__init__.py",
    "grader/sandbox.py",
    "grader/student/__init__.py",
    "grader/student/calls.py",
    "classroom",
)
PYTHON_PARTS = ("bin", "lib", "lib64", "include", "pyvenv.cfg")
NOBODY = 65534
SCRATCH = "/scratch"  # where the sandbox may write; each submission mounts an empty one of its own over it


class RunnerError(Exception):
    """Judging cannot start, or cannot go on: what is missing, and the remedy."""


@dataclass
class Limits:
    """What one submission may use.

    Attributes:
        seconds: time for the whole submission.
        memory: bytes in all its processes together, looked at ten times a second.
        address_space: bytes of virtual memory of any one process.
        processes: processes and threads.
        disk: bytes in its scratch folder, and of any one file.
        answers: bytes of answers.
    """

    seconds: float = 20.0
    memory: int = 2 * 2**30
    address_space: int = 4 * 2**30
    processes: int = 64
    disk: int = 64 * 2**20
    answers: int = 16 * 2**20


@dataclass
class Run:
    """What came of one submission: per exercise its answers' bytes, unread, or why there are none.

    `ended` says, for an exercise without answers: missing | timeout | memory | died | flood | garbled.
    """

    answers: dict[str, bytes] = field(default_factory=dict)
    ended: dict[str, str] = field(default_factory=dict)


class Runner:
    """A fork server behind the outer wall. Start it once; `run` as many submissions as there are.

    Raises:
        RunnerError: from `start`, when the walls cannot be built here, with the remedy.
    """

    def __init__(self, limits: Limits | None = None, walls: bool = True, hidden: Iterable[Path] = ()):
        self.limits = limits or Limits()
        self.walls = walls
        # Installed among other packages, our own folder alone is hidden.
        ours = PACKAGES / "grader" if Path(sysconfig.get_path("purelib")).resolve() == PACKAGES else PACKAGES
        self.hidden = [ours, *(Path(path).resolve() for path in hidden)]
        self._process: subprocess.Popen | None = None
        self._errors = None

    def __enter__(self) -> Runner:
        self.start()
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server and wait until it is ready."""
        if not hasattr(os, "fork"):
            raise RunnerError(
                "judging needs Linux (on Windows: inside WSL), because submissions run in forked processes"
            )
        command = self._behind_bubblewrap() if self.walls else _bare()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  closed by stop()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=_environment(self.walls),
            cwd="/",
            bufsize=0,
        )
        try:
            self._receive(time.monotonic() + 120)
            self._try_inner_wall()
        except RunnerError as error:
            words = self._last_words() if self._process else ""
            self.stop()
            raise RunnerError(
                f"the sandbox did not start: {words or error}. {REMEDY if self.walls else ''}".strip()
            ) from None

    def stop(self) -> None:
        """End the server, and with it everything in it."""
        process, self._process = self._process, None
        if process:
            with contextlib.suppress(OSError):
                process.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.2)
            process.kill()
            process.wait()
            process.stdout.close()
        if self._errors:
            self._errors.close()
            self._errors = None

    def run(self, cells: list[str], calls: dict[str, list]) -> Run:
        """Run the cells of one submission, then call each exercise.

        A cell or an exercise that kills the process or never ends is left out when the rest is tried again, within
        the submission's time, so that what else was defined is judged all the same.
        """
        if self._process is None:
            self.start()
        result = Run()
        skip: list[int] = []
        waiting = list(calls)
        deadline = time.monotonic() + self.limits.seconds
        reason, timeouts = "timeout", 0
        while waiting and timeouts < 3:
            left = deadline - time.monotonic()
            if left < 0.5:
                break
            seconds = left if timeouts == 2 else left * 0.55
            summary, frames = self._once(cells, skip, {name: calls[name] for name in waiting}, seconds)
            for (kind, number), content in zip(summary["frames"], frames, strict=True):
                name = waiting[number] if number < len(waiting) else None
                if name is None or name in result.answers or name in result.ended:
                    continue
                if kind == "A":
                    result.answers[name] = content
                else:
                    result.ended[name] = "missing"
            end, stage, number = summary["end"], summary["stage"], summary["number"]
            unanswered = [name for name in waiting if name not in result.answers and name not in result.ended]
            if end == "done" or not unanswered:
                for name in unanswered:
                    result.ended[name] = "died"
                return result
            reason = end
            timeouts += end == "timeout"
            if stage == 1 and number < len(waiting) and waiting[number] in unanswered:
                result.ended[waiting[number]] = end
                unanswered.remove(waiting[number])
            elif stage == 0 and number < len(cells) and number not in skip:
                skip.append(number)
            else:
                waiting = unanswered
                break
            waiting = unanswered
        for name in waiting:
            if name not in result.answers:
                result.ended.setdefault(name, reason)
        return result

    def _once(self, cells: list[str], skip: list[int], calls: dict[str, list], seconds: float):
        from grader.student.calls import dumps

        limits = asdict(self.limits) | {"seconds": seconds}
        request = {"cells": cells, "skip": skip, "exercises": list(calls), "limits": limits}
        try:
            self._process.stdin.write(b"\x01")
            self._submit(json.dumps(request).encode())
            self._submit(dumps(calls))
            # The keeper ends the child in time; if it does not, the server itself is broken.
            patience = time.monotonic() + seconds + 20
            summary = json.loads(self._receive(patience))
            return summary, [self._receive(patience) for _ in summary["frames"]]
        except (RunnerError, OSError, ValueError) as error:
            self.stop()
            raise RunnerError(f"the sandbox stopped answering: {error}") from error

    def _try_inner_wall(self) -> None:
        """One empty submission: does the wall around each of them stand?"""
        summary, _ = self._once([], [], {}, 30)
        if summary["end"] != "done":
            raise RunnerError("a submission's own namespaces cannot be made here")

    def _submit(self, data: bytes) -> None:
        self._process.stdin.write(len(data).to_bytes(8, "big"))
        view = memoryview(data)
        while view:
            view = view[self._process.stdin.write(view) :]

    def _receive(self, deadline: float) -> bytes:
        length = int.from_bytes(self._exactly(8, deadline), "big")
        if length > 2 * self.limits.answers:
            raise RunnerError("an answer is larger than any may be")
        return self._exactly(length, deadline)

    def _exactly(self, count: int, deadline: float) -> bytes:
        parts = []
        descriptor = self._process.stdout.fileno()
        while count:
            if not select.select([descriptor], [], [], max(0, deadline - time.monotonic()))[0]:
                raise RunnerError("it does not answer")
            part = os.read(descriptor, min(count, 1 << 20))
            if not part:
                raise RunnerError("it has ended")
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def _last_words(self) -> str:
        with contextlib.suppress(OSError, ValueError):
            self._process.wait(1)
        with contextlib.suppress(OSError, ValueError, subprocess.TimeoutExpired):
            self._errors.seek(0)
            lines = self._errors.read()[-4000:].decode("utf-8", "replace").strip().splitlines()
            return lines[-1] if lines else ""
        return ""

    # The outer wall ---------------------------------------------------------------------------------------------

    def _behind_bubblewrap(self) -> list[str]:
        bwrap = shutil.which("bwrap")
        if not sys.platform.startswith("linux") or bwrap is None:
            raise RunnerError(f"bubblewrap (the command `bwrap`) is not here. {REMEDY}")
        root = os.getuid() == 0
        setpriv = shutil.which("setpriv")
        if root and setpriv is None:
            raise RunnerError("setpriv is not here; install util-linux (apt-get install util-linux)")
        command = [bwrap, "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
        command += [] if root else ["--unshare-user", "--uid", "1000", "--gid", "1000"]
        command += ["--die-with-parent", "--new-session", "--hostname", "sandbox"]
        mounts = self._mounts()
        for kind, place, source in mounts:
            command += [kind, source, place] if source else ["--perms", "0755", kind, place]
        # Shared, /dev/zero would be memory that no process shows as its own.
        command += [
            "--dev",
            "/dev",
            "--dev-bind",
            "/dev/null",
            "/dev/zero",
            "--proc",
            "/proc",
            "--perms",
            "1777",
            "--tmpfs",
            SCRATCH,
        ]
        command += ["--perms", "1777", "--tmpfs", "/dev/shm", "--chdir", SCRATCH]
        # A course may lie below /tmp, and its Python with it; else /tmp is what everybody takes it for.
        if not any(Path(place).is_relative_to("/tmp") for _, place, _ in mounts):
            command += ["--symlink", SCRATCH, "/tmp"]
        # What bubblewrap made belongs to an ordinary user who started it: nothing may be left there for the next one.
        for place in ("/", "/dev", *(place for kind, place, _ in mounts if kind == "--tmpfs")):
            command += ["--remount-ro", place]
        command += ["--"]
        if root:
            user = str(NOBODY)
            command += [setpriv, "--reuid", user, "--regid", user, "--clear-groups", "--no-new-privs", "--"]
        return [*command, sys.executable, "-B", "/sandbox/grader/sandbox.py"]

    def _mounts(self) -> list[tuple[str, str, str]]:
        """What the sandbox sees of this machine: the system's and Python's files, read-only, and nothing of ours."""
        trees = [
            Path(place)
            for place in ("/usr", "/lib", "/lib64", "/bin", "/sbin", "/etc/ld.so.cache", "/etc/alternatives")
        ]
        python = [Path(sys.base_prefix), Path(sys.prefix), Path(sysconfig.get_path("purelib"))]
        python += [Path(sys.executable).parent, Path(os.path.realpath(sys.executable)).parent.parent]
        trees += [tree for tree in python if len(tree.parts) > 1]
        mounts: list[tuple[str, str, str]] = []
        shown: list[Path] = []
        for tree in dict.fromkeys(tree for tree in trees if tree.exists()):
            if tree.is_symlink() and len(tree.parts) == 2:
                mounts.append(("--symlink", str(tree), os.readlink(tree)))
                continue
            if any(tree.is_relative_to(other) for other in shown):
                continue
            mounts += [("--dir", str(parent), "") for parent in list(tree.parents)[-2::-1]]
            mounts.append(("--ro-bind", str(tree), str(tree)))
            shown.append(tree)
        # Where Python's files and ours share a tree, ours are covered, and Python's uncovered again.
        for secret in sorted(self.hidden):
            if not any(secret.is_relative_to(tree) for tree in shown):
                continue
            mounts.append(("--tmpfs", str(secret), ""))
            for place in python:
                parts = [place / part for part in PYTHON_PARTS] if place == secret else [place]
                for part in (part for part in parts if part.is_relative_to(secret) and part.exists()):
                    mounts += [("--dir", str(parent), "") for parent in list(part.parents)[-2::-1]]
                    mounts.append(("--ro-bind", str(part), str(part)))
        mounts.append(("--dir", "/sandbox", ""))
        for part in VISIBLE:
            place = Path("/sandbox") / part
            mounts += [("--dir", str(parent), "") for parent in list(place.parents)[-3::-1]]
            mounts.append(("--ro-bind", str(place), str(PACKAGES / part)))
        return list(dict.fromkeys(mounts))


REMEDY = (
    "Judging needs Linux with bubblewrap and user namespaces: on Debian or Ubuntu `apt-get install bubblewrap`; "
    "on macOS or Windows use a Linux machine, a virtual machine or WSL. "
    "--trust-submissions judges without the walls: only for submissions you wrote yourself."
)


def _bare() -> list[str]:
    return [sys.executable, "-B", str(PACKAGES / "grader" / "sandbox.py"), "--no-walls"]


def _environment(walls: bool) -> dict[str, str]:
    one = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")}
    packages = "/sandbox" if walls else str(PACKAGES)
    scratch = SCRATCH if walls else tempfile.gettempdir()
    return one | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"]),
        "HOME": scratch,
        "TMPDIR": scratch,
        "LANG": "C.UTF-8",
        "MPLBACKEND": "agg",
        "MPLCONFIGDIR": f"{scratch}/matplotlib",
        "IPYTHONDIR": f"{scratch}/ipython",
        "PYTHONPATH": packages,
        "PYTHONHASHSEED": "0",
    }
