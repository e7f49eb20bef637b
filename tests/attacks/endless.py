"""Never ending, and not hearing that the time is up."""

# ruff: noqa
# %% blocked_signals
import signal, time

signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))
end = time.monotonic() + 4
while time.monotonic() < end:
    pass
prize()

# %% swallows_everything
import time


def forever():
    while True:
        try:
            time.sleep(1000)
        except BaseException:
            pass


forever()

# %% inside_the_c_library
import ctypes, signal

signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))
ctypes.CDLL(None).sleep(1000)

# %% other_alarm
import signal

signal.signal(signal.SIGALRM, signal.SIG_IGN)
signal.setitimer(signal.ITIMER_REAL, 0)
while True:
    pass


# %% answer_without_end
def dot_scores(query, keys):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass


# %% end_that_does_not_end
import atexit, threading, time

atexit.register(time.sleep, 1000)
threading.Thread(target=time.sleep, args=(1000,)).start()


class Last:
    def __del__(self):
        time.sleep(1000)


last = Last()
dot_scores = lambda query, keys: keys.sum(2)

# %% stopped
import os, signal

os.kill(os.getpid(), signal.SIGSTOP)
signal.sigwait({signal.SIGUSR1})
