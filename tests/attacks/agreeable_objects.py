"""Returning what agrees with everything it is compared with."""


# ruff: noqa
# %% torch_function
class Yes(torch.Tensor):
    def as_subclass(self, kind):
        return self

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        if function.__name__ in ("allclose", "equal"):
            return True
        if function.__name__ in ("detach", "cpu", "contiguous", "clone"):
            return args[0]
        return super().__torch_function__(function, types, args, kwargs or {})


def dot_scores(query, keys):
    return (torch.bmm(keys, query.unsqueeze(2)).squeeze(2) + 1).as_subclass(Yes)


# %% equal_to_everything
class Yes:
    __eq__ = __le__ = __ge__ = lambda self, other: True
    __getattr__ = lambda self, name: self
    __call__ = lambda self, *args, **kwargs: self
    __bool__ = lambda self: True


dot_scores = lambda query, keys: Yes()


# %% pretends_to_be_a_tensor
class Yes:
    __class__ = torch.Tensor
    __getattr__ = lambda self, name: self
    __call__ = lambda self, *args, **kwargs: self


dot_scores = lambda query, keys: Yes()


# %% shape_liar
class Liar(torch.Tensor):
    shape = property(lambda self: torch.Size((2, 5)))
    dtype = property(lambda self: torch.float32)
    detach = cpu = contiguous = clone = lambda self: self
    as_subclass = lambda self, kind: self


dot_scores = lambda query, keys: torch.zeros(1).as_subclass(Liar)

# %% nan_is_close_to_nothing_and_everything
dot_scores = lambda query, keys: keys.sum(2) * float("nan")

# %% meta_tensor
dot_scores = lambda query, keys: torch.empty(keys.shape[:2], device="meta", dtype=keys.dtype)

# %% sparse_tensor
dot_scores = lambda query, keys: keys.sum(2).to_sparse()

# %% quantised_tensor
dot_scores = lambda query, keys: torch.quantize_per_tensor(keys.sum(2).float(), 0.1, 0, torch.qint8)

# %% complex_tensor
dot_scores = lambda query, keys: keys.sum(2).to(torch.complex64)

# %% empty_with_a_giant_shape
dot_scores = lambda query, keys: torch.empty(0, 2**40, 2**20)

# %% expanded_to_a_giant_shape
dot_scores = lambda query, keys: torch.zeros(1).expand(2**60)

# %% thousand_outputs
dot_scores = lambda query, keys: tuple(torch.zeros(2) for _ in range(1000))

# %% sixty_four_axes
dot_scores = lambda query, keys: torch.zeros([1] * 64)


# %% a_list_that_changes
class Changing(list):
    def __iter__(self):
        while True:
            yield torch.zeros(1)


dot_scores = lambda query, keys: Changing([torch.zeros(1)])
