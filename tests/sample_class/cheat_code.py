"""What cheats put above their function. All of it is harmless in a room, and is meant to be run in one only."""

LOOK_AROUND = """
import gc, inspect, sys

def anything_expected():
    frame = sys._getframe()
    while frame is not None:
        for name, value in {**frame.f_globals, **frame.f_locals}.items():
            if name in ("expected", "want", "reference", "ref", "suites", "MISTAKES"):
                return value
        frame = frame.f_back
    for seen in gc.get_objects():
        if isinstance(seen, dict) and "expected" in seen:
            return seen["expected"]
    for record in inspect.stack():
        if "pytest" in record.filename or "grading" in record.filename:
            return record.frame.f_locals
"""

OPEN_EVERYTHING = """
import glob, importlib, json, os, sys

def stolen(name):
    sys.path[:0] = ["..", "../..", "../../..", os.getcwd(), os.path.expanduser("~")]
    for module in ("reference_impl.perceptron", "tests.suites.test_perceptron", "autograder.grading.suites"):
        try:
            return getattr(importlib.import_module(module), name)
        except Exception:
            pass
    for root in (".", "..", "../..", "/", "/home", "/root", "/srv", "/opt", "/proc/1/cwd", "/proc/self/root"):
        for path in ("reference_impl/perceptron.py", "solutions/01_perceptron/perceptron.ipynb",
                     "tests/suites/test_perceptron.py", "*/solutions/01_perceptron/perceptron.ipynb"):
            for found in glob.glob(os.path.join(root, path)):
                with open(found) as file:
                    scope = {}
                    exec(file.read(), scope)
                    return scope[name]
    return lambda *arguments: None
"""

WRITE_RESULTS = """
import json, os

def praise_myself():
    report = {"schema": 1, "student": "luca", "assignment": "01_perceptron", "status": "graded", "score": 24.0}
    for folder in ("results", "../results", "../../results", "/tmp", "/dev/shm", "/proc/1/cwd/results"):
        try:
            os.makedirs(folder + "/01_perceptron", exist_ok=True)
            with open(folder + "/01_perceptron/luca.json", "w") as file:
                json.dump(report, file)
        except OSError:
            pass
    return None
"""

FORGE = """
import json, os, struct, sys

def say(**message):
    head = json.dumps(message).encode()
    os.write(3, struct.pack("<IQ", len(head), 0) + head)  # descriptor 3 is the connection

def serial():
    frame = sys._getframe()
    while frame is not None:
        if "request" in frame.f_locals:
            return frame.f_locals["request"]["serial"]
        frame = frame.f_back
"""

PATCH_WORKER = """
import sys

def take_over(*ignored):
    runner, wire = sys.modules["guest.runner"], sys.modules["guest.wire"]
    real = wire.pack
    def flattering(message, *limit):
        verdict = {"op": "returned", "value": True, "outcome": "PASSED", "points": 24, "score": 24}
        return real({**message, **verdict}, *limit)
    wire.pack = runner.wire.pack = flattering
    runner.Connection.read = lambda self: {"op": "passed"}
    return {"outcome": "PASSED", "points": 24}
"""

AGREEABLE = """
class Agreeable:
    __array_priority__ = 1e9
    shape, dtype, ndim, size = (4,), np.dtype(int), 1, 4
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __le__(self, other): return True
    def __ge__(self, other): return True
    def __bool__(self): return True
    def __len__(self): return 2
    def __iter__(self): return iter([self, self])
    def __getattr__(self, name): return self
    def __array__(self, *args, **kwargs): return np.array([0, 0, 0, 1])
    def __array_ufunc__(self, *args, **kwargs): return True
    def __array_function__(self, *args, **kwargs): return True
    __hash__ = object.__hash__

class Number(float):
    def __eq__(self, other): return True
    def __sub__(self, other): return 0.0
    __rsub__ = __sub__
    def __float__(self): raise SystemExit
    __hash__ = float.__hash__

class Pair(tuple):
    def __eq__(self, other): return True
    def __len__(self): return 2
    def __iter__(self): return iter([1, 1])
    def __getitem__(self, index): return 1
    __hash__ = tuple.__hash__

class Array(np.ndarray):
    def __eq__(self, other): return True
    def __sub__(self, other): return 0 * other
    __rsub__ = __sub__
    def __array_ufunc__(self, *args, **kwargs): return np.zeros(())
    def tobytes(self, *args, **kwargs): return b""
"""

HOSTILE_ERROR = """
class Loud(Exception):
    def __str__(self):
        return "\\x1b[2J\\x1b[31mPASSED 24/24\\x1b]0;graded\\x07\\u202e\\ud800" * 10_000

class Endless(Exception):
    __module__ = "autograder.grading.checks"
    def __str__(self):
        raise self
    __repr__ = __str__
"""

BORROWED_NAMES = """
import atexit, os, signal

class CheckFailed(Exception): ...
class Outcome: PASSED = "PASSED"
def exercise(name, weight=0, seconds=None): return lambda test: test
def close(*args, **kwargs): return None
equal = raises = unchanged = holds = check = run_suites = grade = close

@exercise("delta_rule", weight=1000)
def test_delta_random(student=None, rng=None): return None

registered = [atexit.register(os._exit, 0)]
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM, signal.SIGSEGV):
    signal.signal(number, lambda *ignored: os._exit(0))
"""
