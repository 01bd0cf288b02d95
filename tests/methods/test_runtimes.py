import threading

import numpy as np
import pytest

from thermeld import Fuser
from thermeld.errors import BadModel, BadSetting
from thermeld.methods import runtimes
from thermeld.methods.neural import MODELS
from thermeld.methods.runtimes import Engine, has_bfloat16, open_graph, version_of

LUMA = (MODELS / "mobilefuse-luma.onnx").read_bytes()
needs_openvino = pytest.mark.skipif(
    not version_of("openvino"), reason="needs the extra openvino, which is not installed"
)


@pytest.fixture
def bfloat16():
    if not has_bfloat16():
        pytest.skip("this processor has no bfloat16 arithmetic")


def planes(rng, size=(40, 56)):
    return {name: rng.random((1, 1, *size), np.float32) for name in ("ir", "vis")}


def share(engine, inputs):
    return open_graph(LUMA, engine, name="luma")("map", inputs)


@needs_openvino
def test_runtimes_agree_in_float32(rng):
    inputs = planes(rng)
    ort, vino = (share(Engine(name), inputs) for name in runtimes.RUNTIMES)
    assert np.abs(ort - vino).max() < 1e-4
    assert vino.dtype == np.float32


@needs_openvino
def test_bfloat16_is_what_was_asked_for(rng, bfloat16):
    """Near the float32 result and not equal to it: the hint reached the runtime."""
    inputs = planes(rng)
    exact, coarse = (share(Engine("openvino", kind), inputs) for kind in ("float32", "bfloat16"))
    assert 1e-5 < np.abs(exact - coarse).max() < 0.2


@needs_openvino
def test_graphs_of_fixed_size_give_the_same(rng):
    inputs = planes(rng)
    graph = open_graph(LUMA, Engine("openvino"), name="luma")
    answers = [graph("map", inputs) for _ in range(runtimes.FIXED_AFTER + 2)]
    assert len(graph._fixed) == 1
    for answer in answers[1:]:
        assert np.allclose(answer, answers[0], atol=1e-5)


@needs_openvino
def test_answers_are_not_overwritten_by_the_next_call(rng):
    graph = open_graph(LUMA, Engine("openvino"), name="luma")
    first = graph("map", planes(rng))
    kept = first.copy()
    graph("map", planes(rng))
    assert np.array_equal(first, kept)


@needs_openvino
def test_several_threads_may_call_at_once(rng):
    """Each gets the answer to its own question, whatever the others ask."""
    graph = open_graph(LUMA, Engine("openvino", threads=1), name="luma")
    questions = [planes(rng, (24, 24 + 8 * (n % 2))) for n in range(4)]
    wanted = [share(Engine(threads=1), inputs) for inputs in questions]
    wrong = []

    def ask(number):
        for _ in range(6):
            answer = graph("map", questions[number])
            if np.abs(answer - wanted[number]).max() > 1e-4:
                wrong.append(number)

    workers = [threading.Thread(target=ask, args=(n,)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


@needs_openvino
def test_openvino_refuses_what_is_no_network():
    with pytest.raises(BadModel, match="OpenVINO cannot load"):
        open_graph(b"not onnx", Engine("openvino"), name="mine")


@needs_openvino
def test_precision_that_the_processor_lacks(monkeypatch):
    monkeypatch.setattr(runtimes, "has_bfloat16", lambda: False)
    with pytest.raises(BadSetting, match="no bfloat16"):
        open_graph(LUMA, Engine("openvino", "bfloat16"), name="luma")


@pytest.mark.parametrize(
    ("facts", "match"),
    [
        ({"runtime": "tensorrt"}, "runtime must be one of"),
        ({"precision": "float16"}, "precision must be one of"),
        ({"precision": "bfloat16"}, "openvino"),
    ],
)
def test_impossible_engines_say_what_is_possible(facts, match):
    with pytest.raises(BadSetting, match=match):
        Engine(**facts)


@needs_openvino
def test_fuser_runs_the_engine_it_was_given(rng):
    ir, vis = rng.integers(0, 256, (2, 48, 64), np.uint8)
    plain = Fuser(threads=1)(ir, vis).astype(int)
    vino = Fuser(threads=1, runtime="openvino")(ir, vis).astype(int)
    assert np.abs(plain - vino).max() <= 1


def test_rules_have_no_runtime():
    with pytest.raises(BadSetting, match="rule, not a network"):
        Fuser("laplacian", runtime="openvino")
    Fuser("laplacian", runtime="auto")
