"""Untidy but right submissions: whatever a student has put around right answers, they get full marks."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from submissions import (
    ANSWERS,
    ROOT,
    after,
    at_end,
    at_start,
    blank,
    cell,
    checks,
    code,
    exercises,
    grade_id,
    hand_in,
    prose,
    solved,
)

from grader.intake import Course, read_course
from grader.judge import judge_file
from grader.runner import Limits, Runner

EDITIONS = ("en", "zh-TW")


@pytest.fixture(scope="module")
def course() -> Course:
    return read_course(ROOT)


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    """One sandbox for them all; time is not what these tests are about."""
    with Runner(Limits(seconds=90), hidden=[ROOT]) as runner:
        yield runner


@pytest.fixture(scope="module")
def hasty() -> Iterator[Runner]:
    """For cells that never end: what they may waste is short."""
    with Runner(Limits(seconds=16), hidden=[ROOT]) as runner:
        yield runner


def full_marks(folder: Path, course: Course, runner: Runner, content: dict | bytes, edition: str | None = None) -> None:
    result = judge_file(hand_in(folder, content), course, runner, "a secret")
    lost = [f"{check.exercise}: {check.status}: {check.message}" for check in result.checks if check.score == 0]
    assert result.error is None and not lost, "\n".join([str(result.error), *lost])
    assert result.score == result.max_score > 0
    assert edition in (None, result.edition)


# Cells around the answers, each at the start (before the first exercise) and once more at the end ---------------------

AROUND = {
    "prints megabytes": 'print("x" * 5_000_000)\nfor number in range(20_000): print(number)',
    "prints and closes": 'import sys\nprint("done", file=sys.stderr)\nsys.stdout.close()',
    "stdout into a file": 'import sys\nsys.stdout = open("log.txt", "w")',
    "warns": 'import warnings\nwarnings.warn("careful")',
    "warnings as errors": 'import warnings\nwarnings.simplefilter("error")',
    "logs": 'import logging\nlogging.basicConfig(level=logging.DEBUG, force=True)\nlogging.error("oh")\nlogging.debug("ah")',
    "plots": "%matplotlib inline\nimport matplotlib.pyplot as plt\nfor n in range(4):\n    plt.figure()\n    plt.plot([1, n])\nplt.show()",
    "widget plots": "%matplotlib widget\nimport matplotlib.pyplot as plt\nplt.plot([1])",
    "Chinese glyphs": 'import matplotlib.pyplot as plt\nplt.title("注意力 🙂")\nplt.savefig("圖.png")',
    "%%time": "%%time\ntotal = 1 + 1",
    "%%capture": "%%capture out\nprint(1)",
    "%timeit": "%timeit -n 1 -r 1 1 + 1",
    "shell": "!ls -la\n!nvidia-smi\nfiles = !ls",
    "%%bash": "%%bash\necho hello; sleep 0.01; false",
    "%%html and %%latex": "%%html\n<b>bold</b>",
    "display": 'from IPython.display import HTML, Markdown, clear_output, display\ndisplay(HTML("<b>x</b>"))\nclear_output()\ndisplay(Markdown("# y"))',
    "widgets": "import ipywidgets as w\nfrom IPython.display import display\ndisplay(w.IntSlider())\nw.interact(lambda x: x, x=3)",
    "help": "?torch\ntorch.softmax??\nhelp(len)",
    "%load_ext": "%load_ext autoreload\n%autoreload 2\n%load_ext no_such_extension",
    "line magics": "%who\n%whos\n%cd ..\n%env SEED=1\n%run missing.py\n%no_such_magic\n%xmode Verbose\n%config InlineBackend.figure_format = 'svg'",
    "%debug": "%pdb on\n1 / 0",
    "breakpoint": "breakpoint()",
    "%%writefile": "%%writefile helper.py\nSCALE = 2.0",
    "import of a helper": "import helper\nhelper.SCALE",
    "%reset": "%reset_selective -f nothing\n%who_ls",
    "input": 'name = input("Your name? ")\nprint(name)',
    "getpass": "import getpass\ngetpass.getpass()",
    "raises": "1 / 0",
    "asserts": 'assert 1 == 2, "not yet"',
    "not implemented": "raise NotImplementedError()",
    "interrupted": "raise KeyboardInterrupt",
    "own BaseException": "class Stop(BaseException): pass\nraise Stop",
    "raises with a strange text": 'raise ValueError("\\udc80" * 10_000)',
    "exception group": 'raise ExceptionGroup("several", [ValueError(1), TypeError(2)])',
    "deep recursion": "def down(n): return down(n + 1)\ndown(0)",
    "low recursion limit": "import sys\nsys.setrecursionlimit(120)",
    "syntax error": "def broken(:\n    pass",
    "indentation": "  x = 1\n y = 2\n\tz = 3",
    "prose in a code cell": "My answer is that the scores are not shares yet, aren't they?",
    "Chinese prose in a code cell": "我覺得分數還不是權重，對嗎？",
    "null byte": "x = '\0'",
    "python 2": 'print "hello"',
    "old torch": "from torch.autograd import Variable\nVariable(torch.ones(2), volatile=True)",
    "missing package": "import no_such_package",
    "exit()": "exit()",
    "quit()": "quit()",
    "sys.exit()": "import sys\nsys.exit(3)",
    "SystemExit": "raise SystemExit",
    "await": "import asyncio\nawait asyncio.sleep(0)\nasyncio.run(asyncio.sleep(0))",
    "asyncio task": "import asyncio\ntask = asyncio.ensure_future(asyncio.sleep(1000))\nawait asyncio.sleep(0)",
    "directory": 'import os\nos.chdir("/")',
    "directory removed": 'import os, shutil, tempfile\nos.chdir(tempfile.mkdtemp())\nshutil.rmtree(os.getcwd())',
    "files": 'open("notes.txt", "w").write("x" * 100_000)\nimport json, pathlib\npathlib.Path("a/b").mkdir(parents=True)',
    "saves a model": 'torch.save(nn.Linear(2, 2).state_dict(), "model.pt")\ntorch.load("model.pt")',
    "no network": 'import urllib.request\nurllib.request.urlopen("http://example.invalid/data.zip", timeout=2)',
    "float64 by default": "torch.set_default_dtype(torch.float64)\nx = torch.zeros(2)",
    "another device": 'torch.set_default_device("meta")\ntorch.zeros(2)',
    "cuda": 'device = torch.device("cuda")\ntorch.zeros(2).to(device)',
    "threads of torch": "torch.set_num_threads(4)\ntorch.randn(500, 500) @ torch.randn(500, 500)",
    "seeds": "import random\nimport numpy as np\ntorch.manual_seed(1)\nrandom.seed(1)\nnp.random.seed(1)",
    "no gradients": "torch.set_grad_enabled(False)",
    "inference mode": "torch.inference_mode().__enter__()",
    "anomaly mode": "torch.autograd.set_detect_anomaly(True)\ntorch.use_deterministic_algorithms(True)",
    "numpy raises": "import numpy as np\nnp.seterr(all='raise')\nnp.float32(1) / 0",
    "garbage": "import gc\ngc.disable()\ngc.collect()",
    "tracing": "import sys\nsys.setprofile(lambda *a: None)\nsys.settrace(None)",
    "locale": 'import locale, os, time\nos.environ["LANG"] = "zz"\nos.environ["TZ"] = "Asia/Taipei"\ntime.tzset()',
    "threads left running": "import threading, time\nthreading.Thread(target=time.sleep, args=(10**6,)).start()",
    "a process left running": 'import subprocess\nsubprocess.Popen(["sleep", "100000"])',
    "multiprocessing": "from multiprocessing import Pool\nwith Pool(2) as pool:\n    print(pool.map(abs, [1, -2]))",
    "DataLoader workers": "from torch.utils.data import DataLoader\nprint(list(DataLoader(range(4), num_workers=1)))",
    "fork": "import os\nif os.fork() == 0: os._exit(0)",
    "too much memory": "hoard = [0] * 10**10",
    "a huge tensor": "torch.ones(10**12)",
    "signals": "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nsignal.signal(signal.SIGTERM, lambda *a: None)",
    "ends the process": "import os\nos._exit(0)",
    "kills itself": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    "crashes": "import ctypes\nctypes.string_at(0)",
    "Chinese names": "注意力 = [0.5, 0.5]\ndef 總和(數列): return sum(數列)\n總和(注意力)",
    "tabs": "def f(x):\n\tif x:\n\t\treturn 1\n\treturn 2\nf(1)",
    "own shell hook": "get_ipython().events.register('post_run_cell', lambda result: 1 / 0)",
    "kernel": "get_ipython().kernel.do_shutdown(True)",
    "future": "from __future__ import annotations\nimport __future__",
    "own check": "def check(name, answer): raise AssertionError(name)",
    "check of something else": 'check("no_such_exercise", print)\ncheck("dot_scores", lambda q, k: q)',
    "an empty cell": "   \n\n",
    "comments": "# TODO 之後再想\n'''\nold code\n'''",
    "semicolons": "a = 1; b = 2;",
}  # fmt: skip


@pytest.mark.parametrize("name", AROUND)
def test_cells_around_the_answers(name, tmp_path, course, runner):
    edition = EDITIONS[list(AROUND).index(name) % 2]
    notebook = solved(edition)
    at_start(notebook, AROUND[name])
    at_end(notebook, AROUND[name])
    full_marks(tmp_path, course, runner, notebook, edition)


LATER = {
    "results named as the exercise": "attention_weights = attention_weights(torch.ones(1, 1, 2), torch.ones(1, 1, 2), nn.Linear(4, 3))\ndot_scores = dot_scores(torch.ones(2, 3), torch.ones(2, 4, 3))",
    "names of builtins": "sum = 0\nmax = min = 1.0\nlist = [1]\nlen = 3\nrange = zip = enumerate = None",
    "names of modules": 'torch = "pytorch"\nF = nn = None\nTensor = 3',
    "del": "del torch, nn, F",
    "del of the answers": "del dot_scores, masked_softmax",
    "%reset at the end": "%reset -f",
    "helpers reused": "_padding = 5",
    "star imports": "from torch import *\nfrom math import *\nfrom numpy import *",
}


@pytest.mark.parametrize("name", LATER)
@pytest.mark.parametrize("edition", EDITIONS)
def test_names_used_for_something_else_later(name, edition, tmp_path, course, runner):
    notebook = solved(edition)
    cell(notebook, "masked_softmax")["source"] = """
def _padding(scores, lengths):
    return torch.stack([torch.arange(len(row)) >= length for row, length in zip(scores, lengths)])

def masked_softmax(scores, lengths):
    powers = scores.exp() * ~_padding(scores, lengths)
    return powers / sum(list(powers.T))[:, None]
"""
    at_end(notebook, LATER[name])
    full_marks(tmp_path, course, runner, notebook, edition)


@pytest.mark.parametrize("setting", ["torch.set_default_dtype(torch.float64)", 'torch.set_default_device("meta")'])
def test_answers_that_lean_on_torchs_defaults(setting, tmp_path, course, runner):
    notebook = solved()
    cell(notebook, "dot_scores")["source"] = (
        "def dot_scores(q, k): return (k * q[:, None]) @ torch.ones(k.shape[2]).to(k)"
    )
    cell(notebook, "cosine_scores")["source"] += "\n\n_right = cosine_scores\n"
    cell(notebook, "cosine_scores")["source"] += "def cosine_scores(q, k): return _right(q, k) * torch.ones(len(q), 1)"
    at_end(notebook, setting)
    full_marks(tmp_path, course, runner, notebook)


def test_star_imports_at_the_start(tmp_path, course, runner):
    notebook = solved()
    for name, answer in ANSWERS.items():
        cell(notebook, name)["source"] = answer
    at_start(notebook, "from torch import *\nfrom torch.nn.functional import *")
    full_marks(tmp_path, course, runner, notebook)


def test_reset_at_the_start(tmp_path, course, runner):
    notebook = solved()
    notebook["cells"].insert(0, code("%reset -f"))
    full_marks(tmp_path, course, runner, notebook)


def test_four_cells_that_end_the_process(tmp_path, course, runner):
    notebook = solved()
    at_start(notebook, *["import os\nos._exit(1)"] * 2)
    at_end(notebook, *["import os\nos._exit(1)"] * 2)
    full_marks(tmp_path, course, runner, notebook)


ENDLESS = {
    "while True": "while True: pass",
    "two of them": "while True: pass",
    "except: pass": "while True:\n    try:\n        while True: pass\n    except: pass",
    "in C": "sum(range(10**13))",
    "sleep": "import time\ntime.sleep(10**6)",
    "waits for a thread": "import threading\nthread = threading.Thread(target=threading.Event().wait)\nthread.start()\nthread.join()",
    "waits for a process": 'import subprocess\nsubprocess.run(["sleep", "1000000"])',
    "waits for the shell": "!sleep 1000000",
    "waits for itself": "import asyncio\nawait asyncio.Event().wait()",
    "trains on": "for epoch in range(10**9):\n    torch.randn(200, 200) @ torch.randn(200, 200)",
    "a pool that hangs": "from multiprocessing import Pool\nimport time\nwith Pool(2) as pool: pool.map(time.sleep, [10**6])",
}  # fmt: skip


@pytest.mark.parametrize("name", ENDLESS)
def test_cells_that_never_end(name, tmp_path, course, hasty):
    notebook = solved("zh-TW")
    at_start(notebook, ENDLESS[name])
    if name == "two of them":
        at_end(notebook, ENDLESS[name])
    full_marks(tmp_path, course, hasty, notebook, "zh-TW")


def test_lab_cells_that_now_train_for_hours(tmp_path, course, hasty):
    notebook = solved()
    lab = [cell for cell in notebook["cells"] if "lab" in cell["metadata"].get("tags", [])]
    for changed in lab[-2:]:
        changed["source"] += "\nwhile True: torch.randn(100, 100) @ torch.randn(100, 100)"
    full_marks(tmp_path, course, hasty, notebook)


# The answers themselves -----------------------------------------------------------------------------------------------

OTHERWISE = {
    "lambda": 'dot_scores = lambda query, keys: torch.einsum("bh,bsh->bs", query, keys)',
    "renamed arguments": "def dot_scores(a, b, *, scale=1.0): return (a[:, None] * b).sum(2) * scale",
    "any arguments": "def dot_scores(*them, **more): return (them[0].unsqueeze(1) * them[1]).sum(2)",
    "partial": 'from functools import partial\ndot_scores = partial(torch.einsum, "bh,bsh->bs")',
    "callable object": "class Dot:\n    def __call__(self, q, k): return (k @ q[..., None])[..., 0]\ndot_scores = Dot()",
    "bound method": "class Scores:\n    def dot(self, q, k): return (k * q[:, None]).sum(-1)\ndot_scores = Scores().dot",
    "static method": "class Scores:\n    @staticmethod\n    def dot(q, k): return (k * q[:, None]).sum(-1)\ndot_scores = Scores.dot",
    "nn.Module instance": "class Dot(nn.Module):\n    def forward(self, q, k): return (k * q[:, None]).sum(-1)\ndot_scores = Dot()",
    "a list of one": "def dot_scores(q, k): return [(k * q[:, None]).sum(-1)]",
    "by loops": "def dot_scores(query, keys):\n    return torch.stack([torch.stack([q.dot(key) for key in ks]) for q, ks in zip(query, keys)])",
    "decorated": "import functools, time\ndef timed(function):\n    @functools.wraps(function)\n    def inner(*args):\n        started = time.time()\n        result = function(*args)\n        print(time.time() - started)\n        return result\n    return inner\n@timed\ndef dot_scores(q, k): return (k * q[:, None]).sum(-1)",
    "cached": "import functools\n@functools.cache\ndef dot_scores(q, k): return (k * q[:, None]).sum(-1)",
    "remembers": "calls = []\ndef dot_scores(q, k):\n    calls.append(q)\n    return (k * q[:, None]).sum(-1)",
    "noisy": "import logging, sys, warnings\ndef dot_scores(q, k):\n    print(q, k)\n    print('!' * 10**6, file=sys.stderr)\n    logging.error('!')\n    warnings.warn('!')\n    return (k * q[:, None]).sum(-1)",
    "plots": "import matplotlib.pyplot as plt\ndef dot_scores(q, k):\n    plt.figure()\n    return (k * q[:, None]).sum(-1)",
    "seeds": "def dot_scores(q, k):\n    torch.manual_seed(0)\n    torch.rand(3)\n    return (k * q[:, None]).sum(-1)",
    "turns gradients on": "def dot_scores(q, k):\n    with torch.enable_grad(): return (k * q[:, None]).sum(-1)",
    "two definitions": "def dot_scores(q, k): return q\ndef dot_scores(q, k): return (k * q[:, None]).sum(-1)",
    "conditional": "if torch.cuda.is_available():\n    dot_scores = None\nelse:\n    def dot_scores(q, k): return (k * q[:, None]).sum(-1)",
    "imports inside": "def dot_scores(q, k):\n    import torch as t\n    from torch import einsum as e\n    return e('bh,bsh->bs', q, k)",
    "annotated": "from __future__ import annotations\nfrom typing import Annotated\ndef dot_scores(query: Annotated[Tensor, 'B H'], keys: NoSuchType) -> 'B S': return (keys * query[:, None]).sum(-1)",
    "Chinese": "def 點積(查詢, 鍵): return (鍵 * 查詢[:, None]).sum(-1)\ndot_scores = 點積",
    "tabs": "def dot_scores(q, k):\n\tproduct = k * q[:, None]\n\treturn product.sum(-1)",
    "%%time": "%%time\ndef dot_scores(q, k): return (k * q[:, None]).sum(-1)",
    "%%capture": "%%capture\ndef dot_scores(q, k): return (k * q[:, None]).sum(-1)",
    "after an error": "def dot_scores(q, k): return (k * q[:, None]).sum(-1)\nprint(dot_scores(1, 2))",
    "with the check": "def dot_scores(q, k): return (k * q[:, None]).sum(-1)\n\ncheck('dot_scores', dot_scores)",
    "exec": "exec('def dot_scores(q, k): return (k * q[:, None]).sum(-1)')",
    "torch function": "from torch.nn.functional import cosine_similarity\ndef dot_scores(q, k): return torch.matmul(k, q.unsqueeze(-1)).squeeze(-1)",
    "default dtype": "def dot_scores(q, k):\n    scores = torch.zeros(k.shape[:2], dtype=q.dtype)\n    return scores + (k * q[:, None]).sum(-1)",
    "expanded and strided": "def dot_scores(q, k): return torch.stack([(k[:, s] * q).sum(1) for s in range(k.shape[1])]).T",
    "a parameter": "def dot_scores(q, k): return nn.Parameter(torch.ones((), dtype=q.dtype)) * (k * q[:, None]).sum(-1)",
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERWISE)
def test_an_answer_written_otherwise(name, tmp_path, course, runner):
    edition = EDITIONS[list(OTHERWISE).index(name) % 2]
    notebook = solved(edition)
    cell(notebook, "dot_scores")["source"] = OTHERWISE[name]
    full_marks(tmp_path, course, runner, notebook, edition)


def test_answers_in_terms_of_other_answers(tmp_path, course, runner):
    notebook = solved("zh-TW")
    cell(notebook, "general_scores")["source"] = "def general_scores(q, k, w): return dot_scores(q @ w.T, k)"
    cell(notebook, "masked_softmax")["source"] = """
def masked_softmax(scores, lengths):
    long = general_scores(torch.ones(1, 1, dtype=scores.dtype), scores[..., None].flatten(0, 1)[None], torch.eye(1).to(scores))
    return hide(long.view_as(scores), lengths).softmax(1)
"""
    after(notebook, "masked_softmax", ANSWERS["masked_softmax"].replace("masked_softmax", "unused"), "import helper")
    after(notebook, "masked_softmax", "%%writefile helper.py\ndef hide(s, n):\n    import torch\n    return s.masked_fill(torch.arange(s.shape[1]) >= n[:, None], -torch.inf)")  # fmt: skip
    at_end(notebook, "from helper import hide")
    full_marks(tmp_path, course, runner, notebook, "zh-TW")


MODULES = {
    "dataclass": (
        "01-seq2seq/seq2seq",
        "DecoderRNN",
        """
from dataclasses import dataclass

@dataclass(eq=False)
class DecoderRNN(nn.Module):
    hidden_size: int
    output_size: int

    def __post_init__(self):
        super().__init__()
        self.embedding = nn.Embedding(self.output_size, self.hidden_size)
        self.gru = nn.GRU(self.hidden_size, self.hidden_size, batch_first=True)
        self.out = nn.Linear(self.hidden_size, self.output_size)

    def forward(self, input, hidden):
        steps, hidden = self.gru(self.embedding(input)[:, None], hidden)
        return self.out(steps[:, 0]).log_softmax(-1), hidden
""",
    ),
    "own Attention class, own base class, a factory": (
        "03-attention-context/attention_context",
        "BahdanauDecoder",
        """
class Attention(nn.Module):
    '''我的注意力：gives the context and the weights.'''

    def __init__(self, query_layer, key_layer, score_layer):
        super().__init__()
        self.q, self.k, self.v = query_layer, key_layer, score_layer

    def forward(self, query, keys, lengths):
        scores = self.v((self.q(query)[:, None] + self.k(keys)).tanh())[..., 0]
        hidden = torch.arange(keys.shape[1]) >= lengths[:, None]
        weights = scores.masked_fill(hidden, float("-inf")).softmax(1)
        return weights.unsqueeze(1) @ keys, weights

class Base(nn.Module):
    def __init__(self, H: int, V: int) -> None:
        super().__init__()
        print("building", H, V)
        self.embedding, self.out = nn.Embedding(V, H), nn.Linear(H, V)
        self.query_layer = nn.Linear(H, H)
        self.key_layer, self.score_layer = nn.Linear(H, H, bias=False), nn.Linear(H, 1, bias=False)
        self.gru = nn.GRU(2 * H, H, batch_first=True)
        self.attention = Attention(self.query_layer, self.key_layer, self.score_layer)
        self.last_weights: Tensor | None = None

class _Decoder(Base):
    def forward(self, input, hidden, encoder_outputs, lengths):
        context, self.last_weights = self.attention(hidden[0], encoder_outputs, lengths)
        steps, hidden = self.gru(torch.cat([self.embedding(input)[:, None], context], 2), hidden)
        return F.log_softmax(self.out(steps.squeeze(1)), 1), hidden, self.last_weights

def BahdanauDecoder(*sizes, **more):
    return _Decoder(*sizes, **more)
""",
    ),
}


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("edition", EDITIONS)
def test_a_module_written_otherwise(name, edition, tmp_path, course, runner):
    which, exercise, source = MODULES[name]
    notebook = solved(edition, which)
    cell(notebook, exercise)["source"] = source
    at_start(notebook, "torch.set_default_dtype(torch.float64)\ntorch.set_grad_enabled(False)")
    full_marks(tmp_path, course, runner, notebook, edition)


# The notebook: what is where ------------------------------------------------------------------------------------------


def checks_deleted(notebook):
    notebook["cells"] = [cell for cell in notebook["cells"] if cell not in checks(notebook)]


def checks_twice(notebook):
    notebook["cells"] = [twin for cell in notebook["cells"] for twin in [cell] * (1 + (cell in checks(notebook)))]


def checks_first(notebook):
    found = checks(notebook)
    notebook["cells"] = [*found, *(cell for cell in notebook["cells"] if cell not in found)]


def checks_last_and_backwards(notebook):
    found = checks(notebook)
    notebook["cells"] = [*(cell for cell in notebook["cells"] if cell not in found), *reversed(found)]


def checks_edited(notebook):
    for check in checks(notebook):
        check["source"] = "assert False, 'I wanted to see what happens'"


def checks_typed_as_prose(notebook):
    for check in checks(notebook):
        check["cell_type"] = "markdown"


def answers_in_the_test_cells(notebook):
    """Merged upwards by an editor that knows no locked cells: the test cell's id stays."""
    for check in checks(notebook):
        answer = cell(notebook, grade_id(check).removeprefix("check_"))
        check["source"] = answer["source"] + "\n" + check["source"]
        notebook["cells"].remove(answer)


def answers_below_their_stubs(notebook):
    for stub in exercises(blank()):
        name = grade_id(stub)
        answer = cell(notebook, name)["source"]
        cell(notebook, name)["source"] = stub["source"]
        after(notebook, name, answer)


def answers_at_the_end(notebook):
    for stub in exercises(blank()):
        answer = cell(notebook, grade_id(stub))["source"]
        cell(notebook, grade_id(stub))["source"] = stub["source"]
        at_end(notebook, answer)


def answers_in_one_cell(notebook):
    found = exercises(notebook)
    found[0]["source"] = "\n\n".join(answer["source"] for answer in found)
    notebook["cells"] = [cell for cell in notebook["cells"] if cell not in found[1:]]


def answers_twice_the_last_is_right(notebook):
    for answer in exercises(notebook):
        notebook["cells"].insert(
            notebook["cells"].index(answer), code(f"def {grade_id(answer)}(*args): return args[0]")
        )


def answers_copied_with_their_ids(notebook):
    """Copy and paste in Lab takes the grade_id along; the copy above is the wrong one."""
    for answer in exercises(notebook):
        wrong = answer | {"source": f"def {grade_id(answer)}(*args): return 0"}
        notebook["cells"].insert(notebook["cells"].index(answer), wrong)


def answers_split(notebook):
    for name, answer in ANSWERS.items():
        head, rest = answer.strip().split("\n", 1)
        cell(notebook, name)["source"] = f"{head}\n    return _{name}({head.split('(')[1].split(')')[0]})"
        after(notebook, name, f"{head.replace(name, '_' + name)}\n{rest}")


def only_the_answers(notebook):
    imports = code("import torch\nimport torch.nn.functional as F\nfrom torch import nn, Tensor")
    notebook["cells"] = [imports, *exercises(notebook)]


def another_order(notebook):
    first = min(notebook["cells"].index(cell) for cell in exercises(notebook))
    rest = notebook["cells"][first:]
    random.Random(0).shuffle(rest)
    notebook["cells"][first:] = rest


def prose_and_raw_cells(notebook):
    notebook["cells"] = [part for cell in notebook["cells"] for part in (prose("心得 🙂 $x^2$"), cell)]
    notebook["cells"].append({"cell_type": "raw", "metadata": {}, "source": "raw"})


def questions_answered_in_code(notebook):
    for written in notebook["cells"]:
        if grade_id(written) and written["cell_type"] == "markdown":
            written |= code("因為分數不是機率\nexit()") | {"metadata": written["metadata"]}


def own_metadata_lost(notebook):
    for other in notebook["cells"]:
        if not grade_id(other):
            other["metadata"] = {}


def all_cell_metadata_lost(notebook):
    for other in notebook["cells"]:
        other["metadata"] = {}


def ids_missing(notebook):
    for other in notebook["cells"]:
        other.pop("id", None)


def ids_all_the_same(notebook):
    for other in notebook["cells"]:
        other["id"] = "same"


def huge_outputs(notebook):
    picture = base64.b64encode(bytes(7 * 2**20)).decode()
    data = {"image/png": picture, "text/plain": "x" * 2**20}
    next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")["outputs"] = [
        {"output_type": "display_data", "data": data, "metadata": {}}
    ]


def huge_attachments(notebook):
    picture = base64.b64encode(bytes(5 * 2**20)).decode()
    notebook["cells"][0]["attachments"] = {"圖.png": {"image/png": picture}}


def errors_and_warnings_as_outputs(notebook):
    trouble = {
        "output_type": "error",
        "ename": "CheckFailed",
        "evalue": "no",
        "traceback": ["Traceback", "\u001b[31mno"],
    }
    noise = {"output_type": "stream", "name": "stderr", "text": ["UserWarning: Glyph 27880 missing"]}
    for check in checks(notebook):
        check["outputs"] = [noise, trouble]


def colab(notebook):
    notebook["metadata"] |= {"colab": {"provenance": [], "toc_visible": True}, "accelerator": "GPU"}
    notebook["metadata"]["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    for number, other in enumerate(notebook["cells"]):
        other.pop("id", None)
        other["metadata"] |= {"id": f"aB{number}", "outputId": "x", "colab": {"base_uri": "https://localhost:8080/"}}


def vs_code(notebook):
    notebook["metadata"]["language_info"] = {"name": "python", "version": "3.13.1", "nbconvert_exporter": "python"}
    notebook["metadata"]["vscode"] = {"interpreter": {"hash": "0" * 64}}
    for other in notebook["cells"]:
        other["metadata"] |= {"vscode": {"languageId": "python"}, "slideshow": {"slide_type": "skip"}, "scrolled": True}


def another_kernel(notebook):
    notebook["metadata"]["kernelspec"] = {"name": "my-venv", "display_name": "注意力", "language": "python"}


def widget_state(notebook):
    notebook["metadata"]["widgets"] = {
        "application/vnd.jupyter.widget-state+json": {"state": {"x": {"y": "z" * 10**6}}}
    }


def jupytext_and_trust(notebook):
    notebook["metadata"] |= {"jupytext": {"formats": "ipynb,py:percent"}, "signature": "sha256:x", "toc": None}


LAYOUTS = [
    checks_deleted, checks_twice, checks_first, checks_last_and_backwards, checks_edited, checks_typed_as_prose,
    answers_in_the_test_cells, answers_below_their_stubs, answers_at_the_end, answers_in_one_cell,
    answers_twice_the_last_is_right, answers_copied_with_their_ids, answers_split, only_the_answers, another_order,
    prose_and_raw_cells, questions_answered_in_code, own_metadata_lost, all_cell_metadata_lost, ids_missing,
    ids_all_the_same, huge_outputs, huge_attachments, errors_and_warnings_as_outputs, colab, vs_code, another_kernel,
    widget_state, jupytext_and_trust,
]  # fmt: skip


@pytest.mark.parametrize("change", LAYOUTS, ids=lambda change: change.__name__)
@pytest.mark.parametrize("edition", EDITIONS)
def test_the_layout_is_the_students_own(change, edition, tmp_path, course, runner):
    notebook = solved(edition)
    change(notebook)
    full_marks(tmp_path, course, runner, notebook, edition)


def test_course_metadata_lost(tmp_path, course, runner):
    notebook = solved("zh-TW")
    notebook["metadata"] = {}
    full_marks(tmp_path, course, runner, notebook)


# The file -------------------------------------------------------------------------------------------------------------


def format_3(notebook: dict) -> bytes:
    cells = [
        {"cell_type": "code", "input": cell["source"], "language": "python", "outputs": [], "prompt_number": 1, "metadata": cell["metadata"]}
        if cell["cell_type"] == "code" else cell
        for cell in notebook["cells"]
    ]  # fmt: skip
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": notebook["metadata"], "worksheets": [{"cells": cells}]}
    return json.dumps(old).encode()


def windows_line_ends(notebook: dict) -> bytes:
    for each in notebook["cells"]:
        each["source"] = [line + "\r\n" for line in each["source"].split("\n")]
    return json.dumps(notebook, indent=1).replace("\n", "\r\n").encode()


FILES: dict[str, Callable[[dict], bytes]] = {
    "format 3": format_3,
    "Windows line ends": windows_line_ends,
    "old Mac line ends": lambda notebook: json.dumps(notebook).replace("\\n", "\\r").encode(),
    "byte order mark": lambda notebook: b"\xef\xbb\xbf" + json.dumps(notebook, ensure_ascii=False).encode(),
    "UTF-16": lambda notebook: json.dumps(notebook, ensure_ascii=False).encode("utf-16"),
    "escaped": lambda notebook: json.dumps(notebook, ensure_ascii=True).encode(),
    "sorted and indented": lambda notebook: json.dumps(notebook, indent=4, sort_keys=True).encode(),
    "NaN in an output": lambda notebook: json.dumps(notebook | {"x": float("nan")}).encode(),
    "empty lines around": lambda notebook: b"\n\n" + json.dumps(notebook).encode() + b"\n\n",
    **{
        f"format 4.{minor}": lambda notebook, minor=minor: json.dumps(notebook | {"nbformat_minor": minor}).encode()
        for minor in (0, 1, 2, 3, 4, 9)
    },
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("edition", EDITIONS)
def test_the_file_is_written_otherwise(name, edition, tmp_path, course, runner):
    full_marks(tmp_path, course, runner, FILES[name](solved(edition)), edition)


def test_there_are_enough_of_them():
    assert len(AROUND) + len(LATER) + len(ENDLESS) + len(OTHERWISE) + len(MODULES) + len(LAYOUTS) + len(FILES) >= 150
