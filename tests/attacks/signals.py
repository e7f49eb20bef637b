"""Ending, stopping, tracing or reading the keeper, the server or a neighbour."""

# ruff: noqa
# %% end_the_parent
import os, signal

if os.getppid() > 0:
    os.kill(os.getppid(), signal.SIGKILL)
    prize()

# %% stop_everybody
import os, signal

for number in range(2, 4000):
    try:
        if number != os.getpid():
            os.kill(number, signal.SIGSTOP)
            prize()
    except OSError:
        pass

# %% end_everybody
import os, signal

signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.kill(-1, signal.SIGKILL)
os.killpg(0, signal.SIGKILL)

# %% end_the_group
import os, signal

os.kill(0, signal.SIGKILL)

# %% trace_the_parent
import ctypes, os

if ctypes.CDLL(None).ptrace(16, os.getppid() or 1, 0, 0) == 0:
    prize()

# %% be_traced
import ctypes

if ctypes.CDLL(None).ptrace(0, 0, 0, 0) == 0:
    prize()

# %% read_another_memory
import ctypes, os

buffer = ctypes.create_string_buffer(16)


class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


mine = Vector(ctypes.addressof(buffer), 16)
if (
    ctypes.CDLL(None).process_vm_readv(os.getppid() or os.getpid(), ctypes.byref(mine), 1, ctypes.byref(mine), 1, 0)
    >= 0
):
    prize()

# %% take_another_descriptor
import ctypes, os

handle = ctypes.CDLL(None).syscall(434, os.getppid() or 2, 0)
if handle >= 0 and ctypes.CDLL(None).syscall(438, handle, 0, 0) >= 0:
    prize()

# %% outlive_the_keeper
import ctypes, os

ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)
os.setsid()
dot_scores = lambda query, keys: keys.sum(2)

# %% lift_the_limits
import resource

for name in (resource.RLIMIT_AS, resource.RLIMIT_NPROC, resource.RLIMIT_FSIZE):
    resource.setrlimit(name, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
prize()

# %% other_processes_limits
import ctypes, os

if os.getppid() and ctypes.CDLL(None).prlimit(os.getppid(), 7, ctypes.create_string_buffer(16), None) == 0:
    prize()

# %% be_first_in_the_queue
import os

os.nice(-20)
prize()
