"""One description of a call serves `check()`, the judge and the sandbox.

A `Call` says which arguments an answer gets, and, for an answer that is an `nn.Module` class, how it is
constructed and with which parameters. `perform` makes the call and returns an `Outcome`: tensors, or the
`Problem` that stood in the way. Both can be written to bytes as safetensors with a JSON header; never pickle.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field

import safetensors.torch
import torch
from torch import Tensor, nn


@dataclass
class Layer:
    """An `nn.Linear` argument: weight (out, in), bias (out,) or None."""

    weight: Tensor
    bias: Tensor | None = None

    def build(self) -> nn.Linear:
        outputs, inputs = self.weight.shape
        layer = nn.Linear(inputs, outputs, bias=self.bias is not None, dtype=self.weight.dtype)
        with torch.no_grad():
            layer.weight.copy_(self.weight)
            if self.bias is not None:
                layer.bias.copy_(self.bias)
        return layer


@dataclass
class TableDecoder:
    """A decoder that looks its answers up: log_probs (N,V,V) and the next state (N,V), by state and token.

    Called as `DecoderRNN.forward`: input (B,) long, hidden (1,B,H) -> log_probs (B,V), hidden (1,B,H). The
    state is the number hidden[0, b, 0].
    """

    log_probs: Tensor
    next_state: Tensor

    def build(self) -> nn.Module:
        return _TableModule(self.log_probs.clone(), self.next_state.clone())


class _TableModule(nn.Module):
    def __init__(self, log_probs: Tensor, next_state: Tensor):
        super().__init__()
        self.register_buffer("log_probs", log_probs)
        self.register_buffer("next_state", next_state)

    def forward(self, input: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        if input.dim() != 1 or hidden.dim() != 3 or hidden.shape[:2] != (1, len(input)):
            raise ValueError(
                f"decoder takes input (B,) and hidden (1, B, H), but got {tuple(input.shape)} and {tuple(hidden.shape)}"
            )
        state = hidden[0, :, 0].round().long()
        following = hidden.clone()
        following[0, :, 0] = self.next_state[state, input].to(hidden.dtype)
        return self.log_probs[state, input], following


Argument = Tensor | Layer | TableDecoder | int | float | str | None


@dataclass
class Call:
    """How an answer is called.

    Attributes:
        args: positional arguments, in order.
        names: their names, for messages.
        sizes: what each axis letter stands for in this call, for messages: {"B": 2, "S": 5}.
        init: constructor arguments when the answer is an `nn.Module` class, else None.
        parameters: the module's state dict, set by the judge.
        training: call the module in training mode.
        gradients: also report the gradients of the outputs with respect to every float input and parameter, which must
            be "equal" to the expected ones, or just "present"; "" where nothing need be differentiable.
        topic: what this call is there to show, for messages ("zero vector", "nothing padded", ...).
    """

    args: list[Argument]
    names: list[str]
    sizes: dict[str, int] = field(default_factory=dict)
    init: list[Argument] | None = None
    parameters: dict[str, Tensor] = field(default_factory=dict)
    training: bool = False
    gradients: str = ""
    topic: str = ""


@dataclass
class Problem:
    """Why there is no result. `kind` is a word the messages know; `text` is the exception's own."""

    kind: str  # unanswered | raised | parameters | construction | result | crashed
    type: str = ""
    text: str = ""
    line: str = ""

    def gist(self) -> str:
        """Its first line without numbers: what two answers that fail in the same way have in common."""
        return re.sub(r"\d+", "#", self.text.split("\n")[0])[:200]


@dataclass
class Outcome:
    """What came back: the outputs in order, gradients by name, and the arguments found changed."""

    outputs: list[Tensor] = field(default_factory=list)
    gradients: dict[str, Tensor] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)
    problem: Problem | None = None


def perform(answer: Callable, call: Call) -> Outcome:
    """Call `answer` as `call` says, on fresh copies of the arguments, silently. Never raises."""
    quiet = _Nowhere()
    with (
        contextlib.redirect_stdout(quiet),
        contextlib.redirect_stderr(quiet),
        warnings.catch_warnings(),
        _torch_as_usual(_usual_dtype(call)),
    ):
        warnings.simplefilter("ignore")
        try:
            # The student's own `manual_seed`, or a draw in our dropout, must not reach the other side.
            with torch.random.fork_rng(devices=[]):
                return _perform(answer, call)
        except NotImplementedError as error:
            return Outcome(problem=Problem("unanswered", "NotImplementedError", str(error), _line(error)))
        except _Refused as error:
            return Outcome(problem=error.problem)
        except (Exception, SystemExit, GeneratorExit) as error:
            return Outcome(problem=Problem("raised", type(error).__name__, _text(error), _line(error)))


@contextlib.contextmanager
def _torch_as_usual(usual: torch.dtype):
    """`usual` on the CPU is the default, whatever an earlier cell has set for the whole process."""
    dtype, device = torch.get_default_dtype(), torch.get_default_device()
    torch.set_default_dtype(usual)
    if device.type != "cpu":
        torch.set_default_device(None)
    try:
        yield
    finally:
        torch.set_default_dtype(dtype)
        if device.type != "cpu":
            torch.set_default_device(device)


def _usual_dtype(call: Call) -> torch.dtype:
    """float32; for a module that gets ids only, its parameters': its `torch.zeros` has no input to take a dtype from."""
    if any(isinstance(arg, Tensor) and arg.is_floating_point() for arg in call.args):
        return torch.float32
    return next((value.dtype for value in call.parameters.values()), torch.float32)


class _Nowhere(io.TextIOBase):
    """Takes whatever a student prints, and keeps none of it."""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        return len(text)


class _Refused(Exception):
    def __init__(self, kind: str, type: str = "", text: str = ""):
        self.problem = Problem(kind, type, text)


def _perform(answer: Callable, call: Call) -> Outcome:
    args = [_fresh(arg) for arg in call.args]
    target = answer if call.init is None else _module(answer, call)
    sources = _sources(args, call, target) if call.gradients else {}
    for tensor in sources.values():
        tensor.requires_grad_(True)
    # Chance is the same each time, so that a mistake with dropout can be recognised. (torch.manual_seed would also
    # write down the stack for every other device, which takes longer than most answers.)
    torch.default_generator.manual_seed(0)
    with torch.set_grad_enabled(bool(call.gradients)):
        outputs = _tensors(target(*args))
    outcome = Outcome(changed=_changed(args, call))
    if call.gradients:
        outcome.gradients = _gradients(outputs, sources)
    outcome.outputs = [output.detach().as_subclass(Tensor).cpu().contiguous().clone() for output in outputs]
    return outcome


def _fresh(arg: Argument):
    if isinstance(arg, Tensor):
        return arg.clone()
    return arg.build() if isinstance(arg, Layer | TableDecoder) else arg


def _module(answer: Callable, call: Call) -> nn.Module:
    module = answer(*call.init)
    if not isinstance(module, nn.Module):
        raise _Refused("construction", type(module).__name__)
    own = dict(module.state_dict())
    missing = [name for name in call.parameters if name not in own]
    if missing:
        raise _Refused("parameters", "missing", ", ".join(missing))
    wrong = [
        f"{name} {tuple(own[name].shape)} (expected {tuple(value.shape)})"
        for name, value in call.parameters.items()
        if own[name].shape != value.shape
    ]
    if wrong:
        raise _Refused("parameters", "shape", "; ".join(wrong))
    dtype = next((value.dtype for value in call.parameters.values()), torch.float32)
    module = module.to(dtype)
    module.load_state_dict(call.parameters, strict=False)
    return module.train(call.training)


def _sources(args: list, call: Call, target) -> dict[str, Tensor]:
    sources = {}
    for name, arg in zip(call.names, args, strict=True):
        if isinstance(arg, Tensor) and arg.is_floating_point():
            sources[name] = arg
        elif isinstance(arg, nn.Linear):
            sources |= {f"{name}.{part}": value for part, value in arg.named_parameters()}
    if call.init is not None:
        own = dict(target.named_parameters())
        sources |= {name: own[name] for name in call.parameters if name in own}
    return sources


def _tensors(result) -> list[Tensor]:
    if isinstance(result, Tensor):
        return [result]
    if isinstance(result, tuple | list) and result and all(isinstance(item, Tensor) for item in result):
        return list(result)
    if isinstance(result, tuple | list):
        raise _Refused("result", f"{type(result).__name__} ({', '.join(type(item).__name__ for item in result)})")
    raise _Refused("result", type(result).__name__)


def _changed(args: list, call: Call) -> list[str]:
    changed = []
    for name, before, after in zip(call.names, call.args, args, strict=True):
        if isinstance(before, Tensor):
            pairs = [(before, after)]
        elif isinstance(before, Layer):
            pairs = [(before.weight, after.weight)]
            if before.bias is not None:
                pairs.append((before.bias, after.bias))
        else:
            continue
        if not all(isinstance(b, Tensor) and _same(a, b) for a, b in pairs):
            changed.append(name)
    return changed


def _same(before: Tensor, after: Tensor) -> bool:
    after = after.detach()
    return before.shape == after.shape and before.dtype == after.dtype and torch.equal(before, after)


def _gradients(outputs: list[Tensor], sources: dict[str, Tensor]) -> dict[str, Tensor]:
    """Gradients of a fixed, uneven sum of the outputs: one number that every element of them moves."""
    total = 0.0
    for output in outputs:
        if output.requires_grad:
            weights = torch.cos(torch.arange(output.numel(), dtype=torch.float64)).to(output.dtype)
            with torch.enable_grad():  # a student's cell may have turned it off for good
                total = total + (output.reshape(-1) * weights).sum()
    if not isinstance(total, Tensor):
        return {}
    found = torch.autograd.grad(total, list(sources.values()), allow_unused=True)
    return {
        name: gradient.detach().contiguous().clone()
        for name, gradient in zip(sources, found, strict=True)
        if gradient is not None
    }


def _text(error: BaseException) -> str:
    return str(error).strip()[:2000].encode("utf-8", "replace").decode()


def _line(error: BaseException) -> str:
    """The student's own line: the last frame of the traceback that is a notebook cell, else none."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if "ipykernel" in frame.filename or frame.filename.startswith("<ipython-input") or frame.name == "<cell>":
            return (frame.line or "").strip()[:200]
    return ""


# Bytes ------------------------------------------------------------------------------------------------------------


class _Packer:
    """Collects tensors under running names, and writes everything else as JSON."""

    def __init__(self):
        self.tensors: dict[str, Tensor] = {}

    def pack(self, thing):
        if isinstance(thing, Tensor):
            name = f"t{len(self.tensors)}"
            self.tensors[name] = thing.detach().contiguous().clone()
            return {"tensor": name}
        if isinstance(thing, Layer):
            return {"layer": [self.pack(thing.weight), self.pack(thing.bias)]}
        if isinstance(thing, TableDecoder):
            return {"table": [self.pack(thing.log_probs), self.pack(thing.next_state)]}
        if isinstance(thing, dict):
            return {"dict": {key: self.pack(value) for key, value in thing.items()}}
        if isinstance(thing, list | tuple):
            return [self.pack(item) for item in thing]
        if isinstance(thing, Call | Outcome | Problem):
            return {type(thing).__name__: {key: self.pack(value) for key, value in vars(thing).items()}}
        return thing


def dumps(thing) -> bytes:
    """Calls, outcomes, tensors, numbers, words, and lists and dicts of them, as safetensors."""
    packer = _Packer()
    content = json.dumps(packer.pack(thing), ensure_ascii=False)
    return safetensors.torch.save(packer.tensors or {"empty": torch.zeros(0)}, metadata={"content": content})


def loads(data: bytes):
    """The reverse of `dumps`. Raises ValueError for anything `dumps` did not write."""
    try:
        length = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + length])
        tensors = safetensors.torch.load(data)
        return _unpack(json.loads(header["__metadata__"]["content"]), tensors)
    except Exception as error:
        raise ValueError(f"not a description of calls or outcomes: {error}") from error


def _unpack(thing, tensors: dict[str, Tensor]):
    if isinstance(thing, list):
        return [_unpack(item, tensors) for item in thing]
    if not isinstance(thing, dict):
        return thing
    (kind, content), *others = thing.items()
    if others:
        raise ValueError("a record of more than one kind")
    if kind == "tensor":
        return tensors[content]
    if kind == "layer":
        return Layer(*_unpack(content, tensors))
    if kind == "table":
        return TableDecoder(*_unpack(content, tensors))
    fields = {key: _unpack(value, tensors) for key, value in content.items()}
    if kind == "dict":
        return fields
    return {"Call": Call, "Outcome": Outcome, "Problem": Problem}[kind](**fields)
