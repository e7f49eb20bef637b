"""Keeping the test cell from running, or putting another result in its place."""

# ruff: noqa
# %% input_transformer
get_ipython().input_transformers_cleanup.append(
    lambda lines: ["pass\n"] if any(line.startswith("check(") for line in lines) else lines
)


def dot_scores(query, keys):
    return keys.sum(2)


# %% ast_transformer
import ast


class Drop(ast.NodeTransformer):
    def visit_Expr(self, node):
        return ast.copy_location(ast.Pass(), node) if "check" in ast.dump(node) else node


get_ipython().ast_transformers.append(Drop())


def dot_scores(query, keys):
    return keys.sum(2)


# %% fake_execute_result
check = lambda *args: 1000.0


def dot_scores(query, keys):
    return keys.sum(2)


# %% patched_run_cell
from types import SimpleNamespace

get_ipython().run_cell = lambda *args, **kwargs: SimpleNamespace(success=True, result=2.0)


def dot_scores(query, keys):
    return keys.sum(2)


# %% pre_run_cell_hook
def hook(info):
    get_ipython().user_ns["check"] = lambda *args: None


get_ipython().events.register("pre_run_cell", hook)


def dot_scores(query, keys):
    return keys.sum(2)


# %% end_the_kernel_before_the_test
import os

os._exit(0)

# %% exit_in_the_answer
import os

dot_scores = lambda query, keys: os._exit(0)


# %% exception_that_is_no_exception
class Out(BaseException):
    pass


def dot_scores(query, keys):
    raise Out("correct")
