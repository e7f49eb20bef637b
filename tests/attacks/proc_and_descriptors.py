"""Other processes' memory, files and environment, through /proc and through descriptors left open."""

# ruff: noqa
# %% list_processes
import os

if any(name.isdigit() for name in os.listdir("/proc")):
    prize()

# %% root_of_another_process
import os

os.listdir("/proc/1/root")
os.listdir("/proc/self/root")
prize()

# %% memory_of_the_parent
import os

open(f"/proc/{os.getppid()}/mem", "rb").close()
prize()

# %% environment_of_the_parent
import os

open(f"/proc/{os.getppid()}/environ", "rb").read()
prize()

# %% standard_descriptors
import os

null = os.stat("/dev/null")
for number in (0, 1, 2):
    if not os.path.samestat(null, os.fstat(number)):
        prize()

# %% descriptors_left_open
import os, stat


def kind(number):
    try:
        return stat.S_IFMT(os.fstat(number).st_mode)
    except OSError:
        return 0


found = [kind(number) for number in range(3, 60_000)]
if any(mode not in (0, stat.S_IFSOCK) for mode in found) or found.count(stat.S_IFSOCK) > 1:
    prize()

# %% descriptors_by_name
import os

os.listdir("/dev/fd")
prize()

# %% terminal
import os

os.write(os.open("/dev/tty", os.O_RDWR), b"passed")
prize()

# %% terminal_input
import fcntl, termios

fcntl.ioctl(0, termios.TIOCSTI, b"x")
prize()
