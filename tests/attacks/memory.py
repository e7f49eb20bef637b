"""A gigabyte and more, in the open and hidden."""

# ruff: noqa
# %% in_the_open
import time

kept = [bytearray(b"x") * (64 << 20) for _ in range(16)]
time.sleep(0.5)
prize()

# %% many_processes
import os, time

for _ in range(10):
    if os.fork() == 0:
        kept = bytearray(b"x") * (120 << 20)
        time.sleep(1000)
time.sleep(1.5)
prize()

# %% undumpable
import ctypes, time

ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)
kept = [bytearray(b"x") * (64 << 20) for _ in range(16)]
time.sleep(0.5)
prize()

# %% shared_anonymous
import mmap, time

for _ in range(16):
    part = mmap.mmap(-1, 64 << 20)
    part[:] = b"x" * len(part)
    part.madvise(mmap.MADV_DONTNEED)
    globals()[f"kept_{_}"] = part
time.sleep(0.5)
prize()

# %% shared_zero
import mmap, os, time

part = mmap.mmap(os.open("/dev/zero", os.O_RDWR), 1 << 30)
part[:] = b"x" * len(part)
part.madvise(mmap.MADV_DONTNEED)
time.sleep(0.5)
prize()

# %% file_without_a_place
import os, time

for number in range(64):
    handle = os.memfd_create(str(number))
    os.write(handle, b"x" * (15 << 20))
time.sleep(0.5)
prize()

# %% shared_segments
import ctypes, time

libc = ctypes.CDLL(None)
libc.shmat.restype = ctypes.c_void_p
for _ in range(16):
    segment = libc.shmget(0, 64 << 20, 0o1600)
    place = libc.shmat(segment, None, 0)
    ctypes.memset(place, 1, 64 << 20)
    libc.shmdt(ctypes.c_void_p(place))
time.sleep(0.5)
prize()


# %% in_the_answer
def dot_scores(query, keys):
    import time

    kept = [bytearray(b"x") * (64 << 20) for _ in range(16)]
    time.sleep(0.5)
    return torch.bmm(keys, query.unsqueeze(2)).squeeze(2)


# %% more_than_there_is
kept = []
while True:
    kept.append(bytearray(b"x") * (256 << 20))

# %% deeper_than_the_stack
import sys

sys.setrecursionlimit(10**9)


def down():
    return down()


down()
