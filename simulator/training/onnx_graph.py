"""A torch module with several inputs in, ONNX bytes out, proven to give what torch gives."""

import logging
from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from policies.errors import PolicyFileError
from policies.inventory.learned import session
from simulator.training.export import PARITY_MAX, _without_traces

ROWS = 500  # of chance, on which torch and onnxruntime have to agree


def exported(module: nn.Module, inputs: Mapping[str, int], output: str, rng: np.random.Generator) -> bytes:
    """Return `module` as ONNX; raise PolicyFileError when it does not answer as torch does.

    `inputs` names the module's arguments in their order, with the columns of each; rows are free.
    """
    # It says once for each torchvision operator that torchvision, which nobody needs here, is not installed.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    program = torch.onnx.export(
        module.eval(),
        tuple(torch.zeros((2, columns)) for columns in inputs.values()),
        input_names=list(inputs),
        output_names=[output],
        dynamic_shapes=[{0: torch.export.Dim.DYNAMIC} for _ in inputs],
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    assert program is not None
    network = _without_traces(program.model_proto)
    _require_parity(module, network, inputs, rng)
    return network


def _require_parity(module: nn.Module, network: bytes, inputs: Mapping[str, int], rng: np.random.Generator) -> None:
    seen = {name: rng.uniform(0.0, 2.0, size=(ROWS, columns)).astype(np.float32) for name, columns in inputs.items()}
    with torch.no_grad():
        expected = module(*(torch.as_tensor(one) for one in seen.values())).numpy()
    found = session(network, "the export").run(None, seen)[0]
    apart = float(np.abs(expected - found).max())
    if not apart <= PARITY_MAX:
        raise PolicyFileError(f"the exported network differs from torch by {apart:.1e}, more than {PARITY_MAX:.0e}")
