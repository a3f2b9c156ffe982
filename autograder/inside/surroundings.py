"""What student code misses where it is graded: a GPU, and a network."""

from __future__ import annotations

import re
import traceback

WORDS = "graded on a CPU, without network"
GPU = re.compile(r"\b(CUDA|NVIDIA|cuda:\d|HIP|XPU|MPS|mps|xpu)\b")
GPU_ERRORS = (AssertionError, RuntimeError, ValueError)  # NotImplementedError is one of the second kind
OFFLINE = re.compile("no internet connection|name resolution|Name or service not known|Max retries exceeded")
NETWORK_ERRORS = {"URLError", "gaierror", "HTTPException", "MaxRetryError", "ConnectionError"}
MAX_TEXT = 200


def lacking(error: BaseException, text: str) -> str:
    """Say that what an exception is about is not there, and what to do; nothing if it is about something else."""
    # The first sentence: torch goes on about drivers, links and debugging.
    shown = re.split(r"(?<=\w)[.;\n] ?(?=[A-Z\n]|$)", text, maxsplit=1)[0][:MAX_TEXT]
    if isinstance(error, GPU_ERRORS) and GPU.search(shown) and not text.startswith("TODO"):
        if "deserialize" in text:
            return f"{WORDS}: {shown}: torch.load needs map_location"
        return f'{WORDS}: {shown}: use the device of the input (x.device) instead of "cuda" or "mps"'
    if _is_of_network(error) or OFFLINE.search(shown):
        return f"{WORDS}: {type(error).__name__}: {shown}: build the network without a download (weights=None)"
    return ""


def _is_of_network(error: BaseException) -> bool:
    if not {each.__name__ for each in type(error).__mro__}.isdisjoint(NETWORK_ERRORS):
        return True
    places = {frame.filename.replace("\\", "/") for frame in traceback.extract_tb(error.__traceback__)}
    return isinstance(error, OSError) and any(place.endswith(("/socket.py", "/urllib/request.py")) for place in places)
