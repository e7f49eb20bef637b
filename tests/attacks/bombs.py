"""More processes and threads than anybody needs."""

# ruff: noqa
# %% sixty_processes
import os, time

for _ in range(60):
    if os.fork() == 0:
        time.sleep(1000)
prize()

# %% fork_bomb
import os

while True:
    try:
        os.fork()
    except OSError:
        pass

# %% thread_bomb
import threading, time

for _ in range(100):
    threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
prize()

# %% programs
import subprocess

running = [subprocess.Popen(["sleep", "1000"]) for _ in range(60)]
prize()

# %% fork_in_the_answer
import os, time


def dot_scores(query, keys):
    while True:
        if os.fork() == 0:
            time.sleep(1000)
