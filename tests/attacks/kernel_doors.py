"""Namespaces, mounts, and the large doors of the kernel."""

# ruff: noqa
# %% another_personality
import ctypes, os

if ctypes.CDLL(None).personality(0xFFFFFFFF) >= 0:
    prize()

# %% nested_user_namespace
import ctypes

if ctypes.CDLL(None).unshare(0x10000000 | 0x00020000) == 0:
    prize()

# %% nested_namespace_by_clone
import ctypes, os, signal

child = ctypes.CDLL(None).syscall(56, 0x10000000 | signal.SIGCHLD, 0, 0, 0, 0)
if child == 0:
    os._exit(0)
if child > 0:
    prize()

# %% uncover_proc
import ctypes, os

ctypes.CDLL(None).umount2(b"/proc", 2)
if os.listdir("/proc"):
    prize()

# %% mount_proc
import ctypes

if ctypes.CDLL(None).mount(b"proc", b"/tmp", b"proc", 0, None) == 0:
    prize()

# %% make_writable
import ctypes

for place in (b"/", b"/usr", b"/sandbox"):
    if ctypes.CDLL(None).mount(None, place, None, 32 | 4096, None) == 0:
        prize()

# %% other_root
import os

os.chroot("/tmp")
prize()

# %% device
import os

os.mknod("/tmp/disk", 0o60666, os.makedev(8, 0))
prize()

# %% set_user
import os

os.setuid(0)
if os.getuid() == 0:
    prize()

# %% privileged_program
import subprocess

if b"uid=0" in subprocess.run(["su", "-c", "id"], capture_output=True, stdin=subprocess.DEVNULL).stdout:
    prize()

# %% page_faults_by_hand
import ctypes

if ctypes.CDLL(None).syscall(323, 1) >= 0:
    prize()

# %% rings
import ctypes

if ctypes.CDLL(None).syscall(425, 8, ctypes.create_string_buffer(120)) >= 0:
    prize()

# %% programs_in_the_kernel
import ctypes

if ctypes.CDLL(None).syscall(321, 0, ctypes.create_string_buffer(128), 128) >= 0:
    prize()

# %% counters
import ctypes

if ctypes.CDLL(None).syscall(298, ctypes.create_string_buffer(128), 0, -1, -1, 0) >= 0:
    prize()

# %% other_table_of_calls
import ctypes

if ctypes.CDLL(None).syscall(0x40000000 | 39) > 0:
    prize()
