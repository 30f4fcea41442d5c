"""torch modules, optimizers and generators in, arrays for a checkpoint out, and back."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]


def module_arrays(module: torch.nn.Module) -> Arrays:
    """Return a copy of every weight by its name."""
    return {name: tensor.detach().cpu().numpy().copy() for name, tensor in module.state_dict().items()}


def restore_module(module: torch.nn.Module, arrays: Arrays) -> None:
    """Give `module` the weights of `module_arrays`; KeyError or RuntimeError when they are another network's."""
    module.load_state_dict({name: torch.as_tensor(values) for name, values in arrays.items()})


def optimizer_arrays(optimizer: torch.optim.Optimizer) -> Arrays:
    """Return what an optimizer remembers of each weight; its rates come from the course."""
    kept = optimizer.state_dict()["state"]
    return {
        f"{index}/{name}": torch.as_tensor(value).cpu().numpy().copy()
        for index, values in kept.items()
        for name, value in values.items()
    }


def restore_optimizer(optimizer: torch.optim.Optimizer, arrays: Arrays) -> None:
    """Give `optimizer` the memory of `optimizer_arrays`."""
    state: dict[int, dict[str, torch.Tensor]] = {}
    for place, values in arrays.items():
        index, name = place.split("/")
        state.setdefault(int(index), {})[name] = torch.as_tensor(values)
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def chance_arrays() -> Arrays:
    """Return the state of the process's generators, which Stable-Baselines3 draws actions and batches from."""
    _, key, position, has_gauss, gauss = np.random.get_state(legacy=True)  # noqa: NPY002  its generator, not ours
    return {
        "torch": torch.get_rng_state().numpy().copy(),
        "numpy": np.asarray(key),
        "numpy_rest": np.array([float(position), float(has_gauss), float(gauss)]),
    }


def restore_chance(arrays: Arrays) -> None:
    """Put the process's generators where `chance_arrays` found them."""
    torch.set_rng_state(torch.as_tensor(arrays["torch"]))
    position, has_gauss, gauss = arrays["numpy_rest"].tolist()
    np.random.set_state(("MT19937", arrays["numpy"], int(position), int(has_gauss), gauss))  # noqa: NPY002
