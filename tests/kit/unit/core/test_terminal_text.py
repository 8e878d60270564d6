"""What a terminal cannot show is replaced, and everything else stays."""

import io

import pytest

from autograder.core.terminal_text import fitting, make_safe

TEXT = "f(x) → −σ′(z) · ‖w‖², Zoë Żak 名\N{GRINNING FACE}\udcff"
PLAIN = "f(x) -> -sigma'(z) * ||w||^2, Zo? ?ak ???"


def printed(encoding: str, errors: str = "strict") -> str:
    data = io.BytesIO()
    stream = io.TextIOWrapper(data, encoding=encoding, errors=errors, newline="")
    make_safe(stream)
    print(TEXT, file=stream, end="", flush=True)
    return data.getvalue().decode(encoding)


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("ascii", PLAIN),
        ("us-ascii", PLAIN),
        ("latin-1", PLAIN.replace("Zo?", "Zoë").replace("*", "·").replace("^2", "²")),
        ("cp1252", PLAIN.replace("Zo?", "Zoë").replace("*", "·").replace("^2", "²")),
        ("cp437", PLAIN.replace("Zo?", "Zoë").replace("sigma", "σ").replace("*", "·").replace("^2", "²")),
        ("utf-8", TEXT.replace("\udcff", "?")),
    ],
)
def test_a_narrow_encoding(encoding: str, expected: str) -> None:
    assert printed(encoding) == expected
    assert printed(encoding, "surrogateescape") == expected
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    assert fitting(TEXT, stream) == expected
    assert stream.errors == "strict"


@pytest.mark.parametrize("stream", [None, io.StringIO()])
def test_a_stream_without_encoding_is_left_alone(stream: io.StringIO | None) -> None:
    make_safe(stream)
    assert fitting(TEXT, io.StringIO()) == TEXT.replace("\udcff", "?")
