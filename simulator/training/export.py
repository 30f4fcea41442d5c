"""A trained actor in, ONNX bytes out, proven to give what torch gives."""

import hashlib
import logging

import numpy as np
import onnx
import torch

from policies.errors import PolicyFileError
from policies.inventory.learned import INPUT, OUTPUT, session
from policies.observation import Float32s

PARITY_MAX = 1e-5  # largest difference between torch and onnxruntime, of what is above 1 its share


def export(actor: torch.nn.Module, rng: np.random.Generator, width: int) -> bytes:
    """Return the actor of `width` features as ONNX; raise PolicyFileError when it does not answer as torch does."""
    actor = actor.eval()
    example = torch.zeros((2, width))
    # It says once for each torchvision operator that torchvision, which nobody needs here, is not installed.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    program = torch.onnx.export(
        actor,
        (example,),
        input_names=[INPUT],
        output_names=[OUTPUT],
        dynamic_shapes=({0: torch.export.Dim("items")},),
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    assert program is not None
    network = _without_traces(program.model_proto)
    _require_parity(actor, network, rng, width)
    return network


def _without_traces(model: onnx.ModelProto) -> bytes:
    """Return the model as bytes without the exporter's notes: they hold paths of the machine it was trained on."""
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer):
        del part.metadata_props[:]
        part.doc_string = ""
    return bytes(model.SerializeToString(deterministic=True))


def weights_digest(actor: torch.nn.Module) -> str:
    """Return the sha256 over the actor's weights: the policy's version."""
    state = actor.state_dict()
    digest = hashlib.sha256()
    for name in sorted(state):
        digest.update(name.encode() + state[name].numpy().tobytes())
    return digest.hexdigest()


def _require_parity(actor: torch.nn.Module, network: bytes, rng: np.random.Generator, width: int) -> None:
    seen: Float32s = rng.uniform(-3.0, 3.0, size=(1000, width)).astype(np.float32)
    with torch.no_grad():
        expected = actor(torch.as_tensor(seen)).numpy()
    found = session(network, "the export").run([OUTPUT], {INPUT: seen})[0]
    apart = float((np.abs(expected - found) / np.maximum(np.abs(expected), 1.0)).max())
    if not apart <= PARITY_MAX:
        raise PolicyFileError(f"the exported network differs from torch by {apart:.1e}, more than {PARITY_MAX:.0e}")
