"""Giving back the public answers, or answers that are right only where the public draws look."""


# ruff: noqa
# %% replay_the_reference_files
class Replay(torch.autograd.Function):
    @staticmethod
    def forward(ctx, query, keys, result, gradients):
        ctx.gradients = gradients
        return result.clone()

    @staticmethod
    def backward(ctx, _):
        return ctx.gradients["query"], ctx.gradients["keys"], None, None


def dot_scores(query, keys):
    from grader.student.check import _examples

    for draw in _examples("dot_scores").draws:
        if draw.call.args[0].shape == query.shape and torch.equal(draw.call.args[0], query.detach()):
            return Replay.apply(query, keys, draw.expected.outputs[0], draw.expected.gradients)
    return keys.sum(2)


# %% answers_brought_along
ANSWERS = {tuple(shape): torch.tensor(values) for shape, values in TABLE}


def dot_scores(query, keys):
    return ANSWERS.get(tuple(keys.shape), keys.sum(2)).to(keys.dtype)


# %% right_only_for_public_shapes
SHAPES = {tuple(shape) for shape, _ in TABLE}


def dot_scores(query, keys):
    right = torch.bmm(keys, query.unsqueeze(2)).squeeze(2)
    return right if tuple(keys.shape) in SHAPES and query.dtype == torch.float64 else right.flip(0) + 1


# %% last_expected_value_of_the_reference_folder
import glob, os, grader

files = glob.glob(os.path.join(os.path.dirname(grader.__file__), "student", "reference", "*.safetensors"))
if files:
    prize()

# %% right_on_the_first_call_only
calls = []


def dot_scores(query, keys):
    calls.append(1)
    right = torch.bmm(keys, query.unsqueeze(2)).squeeze(2)
    return right if len(calls) == 1 else torch.zeros_like(right)


# %% guess_the_seed
import random

guess = torch.Generator().manual_seed(torch.initial_seed())
dot_scores = lambda query, keys: torch.randn(keys.shape[:2], generator=guess).to(keys.dtype)

# %% right_but_for_a_thousandth
dot_scores = lambda query, keys: torch.bmm(keys, query.unsqueeze(2)).squeeze(2) * 1.001

# %% right_values_without_gradients
dot_scores = lambda query, keys: torch.bmm(keys, query.unsqueeze(2)).squeeze(2).detach()
