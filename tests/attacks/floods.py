"""Sending too much, or closing what is needed."""

# ruff: noqa
# %% six_megabytes_first
import struct, sys

channel = look_up("channel")
channel.sendall(struct.pack(">cIQ", b"A", 1_000_000, 6_000_000) + bytes(6_000_000))
prize()

# %% endless_frames
import os

while True:
    for number in range(3, 16):
        try:
            os.write(number, bytes(1 << 20))
        except OSError:
            pass

# %% answer_of_fifty_megabytes
dot_scores = lambda query, keys: torch.zeros(12_500_000)


# %% exception_of_fifty_megabytes
def dot_scores(query, keys):
    raise ValueError("x" * 50_000_000)


# %% close_the_channel
import os

os.closerange(0, 256)

# %% shut_the_channel_down
import socket

for number in range(3, 256):
    try:
        socket.socket(fileno=number).shutdown(socket.SHUT_RDWR)
    except OSError:
        pass

# %% swap_the_channel
import os, socket

mine, theirs = socket.socketpair()
for number in range(3, 256):
    try:
        os.fstat(number)
        if number != theirs.fileno():
            os.dup2(theirs.fileno(), number)
    except OSError:
        pass
prize()

# %% keep_the_channel_in_a_child
import os, time

if os.fork() == 0:
    time.sleep(1000)
os._exit(0)

# %% print_without_end
import os, sys

for _ in range(200):
    print("x" * 1_000_000)
    sys.stderr.write("x" * 1_000_000)
    os.write(1, b"x" * 1_000_000)
    os.write(2, b"x" * 1_000_000)
dot_scores = lambda query, keys: keys.sum(2)

# %% all_descriptors
import os

try:
    while True:
        os.pipe()
except OSError:
    pass
dot_scores = lambda query, keys: keys.sum(2)
