"""Syntax that only a newer Python has is recognized as such, by any Python."""

import ast
import sys

import pytest

from autograder.notebooks.newer_python import older_syntax

NEWER = {
    'x = f"{d["a"]}"': (3, 12),
    "print(f'{x['a']:{'>10'}} {y!r}')": (3, 12),
    "f'{f'{f'{1}'}'}'": (3, 12),
    'f"{x = }" f"{d["k"]=}" "end"': (3, 12),
    'f"{{{d["k"]}}}"': (3, 12),
    'f"{a if b["c"] != 1 else 2:>5}"': (3, 12),
    'f"{(lambda z: z["q"])(1)}"': (3, 12),
    'f"{d["a"]:%Y}"': (3, 12),
    "x = f\"{'\\n'.join(y)}\"": (3, 12),
    'x = f"{\n    a  # comment\n    + b\n}"\ny = 1': (3, 12),
    'f"""{"""a"""}"""': (3, 12),
    "type X = int": (3, 12),
    "type X[T] = list[T]": (3, 12),
    "def f[T](x: T) -> T:\n    return x": (3, 12),
    "async def f[\n    T,\n    U\n](x: T): return x": (3, 12),
    "class C[T, *Ts]:\n    pass": (3, 12),
    "class A:\n    type X = int\n    def m[T: (int, str) = int](self): ...": (3, 13),
    "try:\n    pass\nexcept A, B:\n    pass": (3, 14),
    't = t"{x}"': (3, 14),
}
OLDER = [
    "x = f\"{d['a']}\"",
    "type = 3\ntype(x)\ntype.x = 4\nx: type = 3",
    "def f(x): return x[0]",
    "class C(A[T]): pass",
    'x = f"""{\n a\n}"""',
    'x = f"""{a["b"]} {f"{c!r:>{w}}"}"""',
    "try:\n    pass\nexcept (A, B):\n    pass\nexcept C as e:\n    pass",
    'x = f"{x!r:>{w}} {{}} \\n"',
    """\"\"\"f"{"x"}\"\"\"""",
    'x = {"a": f"{b}"}',
    'f"{x}" \'a"b\'',
    "y = a[1:2] if b else {1: 2}",
    "x = 'it''s'  # f\"{d[\"a\"]}\"",
    'x = f"a\\\nb{c}"',
    'f"{a!=b}" f"{x:=^10}" f"{(y:=2)}"',
    'while x: x = f"{y:%H:%M}"',
    'f"""a "b" {c} \'\'\' """',
    "deftype[0] = 1\nobj.type[0] = 2",
]


@pytest.mark.parametrize("text", NEWER)
def test_newer_syntax_is_rewritten(text: str) -> None:
    older = older_syntax(text)
    newest = older.newest()
    assert newest is not None
    assert newest.version == NEWER[text]
    ast.parse(older.text)
    for field in older.fields:
        ast.parse(f"({field}\n)")
    assert older.text.count("\n") == text.count("\n")
    if sys.version_info[:2] < newest.version:
        with pytest.raises(SyntaxError):
            ast.parse(text)


@pytest.mark.parametrize("text", OLDER)
def test_older_syntax_is_left_alone(text: str) -> None:
    ast.parse(text)
    older = older_syntax(text)
    assert older.features == []
    ast.parse(older.text)


@pytest.mark.parametrize("text", ['f"{', "f'{a", 'x = "a', 'f"{a!', "def f[", "f'{{", 'f"' + "{f'" * 50])
def test_what_no_python_reads_stays_as_it_is(text: str) -> None:
    assert older_syntax(text).text == text
    assert older_syntax(text).features == []
