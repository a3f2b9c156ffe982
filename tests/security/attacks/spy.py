"""A solution that tells all that it sees, by one channel: what it was given in this call and in every call before.

`submission` adds this module to each part of the reference, and wraps each function and method of the parts in it. In
the wrapped ones the right value is worked out first, and then told away.
"""

from __future__ import annotations

from collections.abc import Mapping

# How a call ends, given `seen`: bytes that tell all that was seen. What follows must not depend on it in its outcome.
CHANNELS = {
    "an exception": "raise type('E' + seen.hex()[:60], (Exception,), {})(seen.hex())",
    "a ValueError": "raise ValueError(seen.hex())",
    "an open TODO": "raise NotImplementedError('TODO 1.3: ' + seen.hex())",
    "no memory, in a function of that name": "call('f' + seen.hex()[:60], 'raise MemoryError', seen[0])",
    "a line number": "call('f', 'raise KeyError', 1000 * seen[0] + seen[1])",
    "a syntax error": "raise SyntaxError(seen.hex(), ('x.py', seen[0], seen[1], seen.hex()))",
    "text": "return seen.hex()",
    "values": "return spoiled(value, seen)",
    "a shape": "return np.zeros((seen[0] % 16 + 1, seen[1] % 16 + 1, 7, 7, 7))",
    "a type": "return type('T' + seen.hex()[:60], (), {})()",
    "a list": "return [seen.hex(), list(seen)]",
    "prints": "print(seen.hex(), flush=True); return None",
    "warnings": "warnings.warn(seen.hex(), RuntimeWarning); return None",
    "time": "time.sleep(seen[0] / 25000); return None",
    "an exit status": "os._exit(seen[0])",
    "a signal": "ctypes.string_at(8) if seen[0] < 128 else os.abort()",
    "a header's size": "os.write(3, struct.pack('<II', 2**17 + seen[0], 0)); os._exit(0)",
    "a count of arrays": "os.write(3, struct.pack('<II', 2, 1 + seen[0]) + b'{}'); os._exit(0)",
    "an array's size": "forge({'array': ['float64', [2**27 + seen[0]]]})",
}

SPY = '''
import ctypes, functools, glob, hashlib, json, os, struct, time, warnings
import numpy as np

kept = hashlib.sha256()
PLACES = ("/tmp", "/var/tmp", "/dev/shm", "/run/lock")

def told(args):
    """All that was seen until now, in this process or by files, as bytes."""
    for place in PLACES:
        for name in glob.glob(place + "/kept-*"): kept.update(name.encode())
    for item in args: kept.update(plain(item))
    for place in PLACES:
        try: open(place + "/kept-" + kept.hexdigest(), "w").close()
        except OSError: pass
    return kept.digest()

def plain(item):
    """What an argument holds, but not where it lies, which differs from process to process."""
    if isinstance(item, (list, tuple)): return b"".join(map(plain, item))
    if isinstance(item, dict): return plain(list(item.items()))
    if hasattr(item, "detach"): item = item.detach().float().numpy()
    if isinstance(item, np.ndarray): return item.tobytes()
    return repr(item).encode() if isinstance(item, (int, float, str)) else type(item).__name__.encode()

def call(name, body, line):
    names = {}
    exec(compile("\\n" * line + "def " + name + "(): " + body, __file__, "exec"), names)
    names[name]()

def forge(value):
    header = json.dumps({"id": "0" * 32, "value": value, "warnings": []}).encode()
    os.write(3, struct.pack("<II", len(header), 1) + header)
    os._exit(0)

def spoiled(value, seen):
    if isinstance(value, np.ndarray) and value.size:
        value = np.array(value, dtype=np.float64)
        value.flat[: 32] = 1 + np.frombuffer(seen, np.uint8)[: value.size]
        return value
    return float(1 + seen[0])

def wrap(names):
    for name, item in list(names.items()):
        if getattr(item, "__module__", None) != names["__name__"]: continue
        if isinstance(item, type):
            for method in ("forward", "backward", "step"):
                if method in vars(item): setattr(item, method, telling(vars(item)[method]))
        elif callable(item): names[name] = telling(item)

def telling(function):
    @functools.wraps(function)
    def tell(*args, **kwargs):
        try: value = function(*args, **kwargs)
        except Exception: value = 0.0
        seen = told([*args, *kwargs.values()])
        $BODY
    return tell
'''


def submission(reference: Mapping[str, bytes], given: Mapping[str, bytes], channel: str) -> dict[str, bytes]:
    """Wrap every file of the reference that is not given."""
    files = dict(reference)
    for name, content in reference.items():
        part = name.partition("/")[0]
        if name.endswith(".py") and name not in given and not name.endswith("__.py"):
            wrapped = f"\nfrom {part} import spy\nspy.wrap(globals())\n"
            files[name] = content + wrapped.encode()
            files[f"{part}/spy.py"] = SPY.replace("$BODY", CHANNELS[channel]).encode()
    return files
