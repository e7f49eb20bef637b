"""Speaking to the keeper oneself: answers before they are asked for, twice, too long, or unreadable."""

# ruff: noqa
# %% public_answers_first
import struct
from grader.student.calls import Outcome, dumps

number = look_up("request")["exercises"].index("dot_scores")
answers = [
    Outcome(
        [torch.tensor(values, dtype=getattr(torch, kind))],
        {name: torch.tensor(value, dtype=torch.float64) for name, value in gradients.items()},
    )
    for values, kind, gradients in OUTCOMES
]
content = dumps(answers)
channel = look_up("channel")
channel.sendall(struct.pack(">cIQ", b"A", number, len(content)) + content)

# %% every_answer_many_times
import struct, sys
from grader.student.calls import Outcome, dumps

channel = look_up("channel")
for value in (0.0, 1.0, float("nan")):
    for number in range(100):
        content = dumps([Outcome([torch.full((2, 5), value)]) for _ in range(6)])
        channel.sendall(struct.pack(">cIQ", b"A", number, len(content)) + content)

# %% done_before_it_began
import os, socket, struct

for number in range(3, 256):
    try:
        os.write(number, struct.pack(">cIQ", b"D", 0, 0))
    except OSError:
        pass
prize()

# %% huge_length
import os, struct

for number in range(3, 256):
    try:
        os.write(number, struct.pack(">cIQ", b"A", 0, 2**63))
    except OSError:
        pass
dot_scores = lambda query, keys: keys.sum(2)

# %% length_that_never_comes
import os, struct

for number in range(3, 256):
    try:
        os.write(number, struct.pack(">cIQ", b"A", 0, 1_000_000))
    except OSError:
        pass
dot_scores = lambda query, keys: keys.sum(2)

# %% unknown_kind
import os

for number in range(3, 256):
    try:
        os.write(number, b"P" * 1000)
    except OSError:
        pass

# %% number_out_of_range
import os, struct

for number in range(3, 256):
    try:
        os.write(number, struct.pack(">cIQ", b"A", 2**32 - 1, 4) + b"full" + struct.pack(">cIQ", b"M", 2**31, 0))
    except OSError:
        pass
dot_scores = lambda query, keys: keys.sum(2)

# %% cells_said_to_have_run_ten_thousand_times
import os, struct

for number in range(3, 256):
    try:
        os.write(number, struct.pack(">cIQ", b"R", 0, 0) * 10_000)
    except OSError:
        pass
dot_scores = lambda query, keys: keys.sum(2)

# %% unreadable_answers
import struct, sys

channel = look_up("channel")
for number in range(6):
    for content in (b"", b"\xff" * 8, (2**60).to_bytes(8, "little") + b"{}", b"[" * 100_000):
        channel.sendall(struct.pack(">cIQ", b"A", number, len(content)) + content)

# %% marks_instead_of_answers
import json, struct, sys

channel = look_up("channel")
content = json.dumps({"status": "passed", "score": 2.0, "max_score": 2.0}).encode()
for number in range(6):
    channel.sendall(struct.pack(">cIQ", b"A", number, len(content)) + content)

# %% false_progress
look_up("progress")[:8] = b"\xff\xff\xff\xff\xff\xff\xff\xfe"
import os

os.kill(os.getpid(), 11)
os._exit(1)
