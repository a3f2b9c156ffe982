"""Models of own seeds share no units, whatever they learned; those made from another model do, however it was done."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator

import make_models
import numpy as np
import pytest
import torch
from make_models import DERIVED, KINDS, State

from autograder.classroom.copies import weight_match
from autograder.classroom.copies.weight_match import Match, Model

SEEDS = 3


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """More are slower for networks as small as these."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def data() -> make_models.Images:
    return make_models.images(200)


@pytest.fixture(scope="module")
def trained(data) -> dict[tuple[str, int], State]:
    kinds = [kind for kind in KINDS if kind != "two_layer"]
    return {
        (kind, seed): make_models.independent(kind, seed, data, epochs=2) for kind in kinds for seed in range(SEEDS)
    }


def model(state: State) -> Model:
    return weight_match.model(
        {name: value.float().numpy() for name, value in state.items() if value.is_floating_point()}
    )


def compare(first: State, second: State) -> Match:
    found = weight_match.match(model(first), model(second))
    assert found
    return found


def test_models_of_own_seeds_have_hardly_a_twin(trained) -> None:
    """One kind begins as a copy of its input, and one has a first layer that is the same in all."""
    for (kind, one), (its_kind, other) in itertools.combinations(trained, 2):
        if kind == its_kind:
            found = compare(trained[kind, one], trained[kind, other])
            assert found.p > 0.01, (kind, one, other, found)


@pytest.mark.parametrize("how", DERIVED)
def test_what_was_made_from_a_model_has_its_units(trained, data, how) -> None:
    for kind in ("vanilla", "tanh", "deep", "residual", "whitened"):
        state = trained[kind, 0]
        made = DERIVED[how](kind, state, data, 1)
        for found in (compare(state, made), compare(made, state)):
            assert found.p < 1e-6, (kind, found)


def test_what_is_seen_is_said(trained) -> None:
    def signs(first: State, second: State) -> list[str]:
        return weight_match.signs(model(first), model(second), compare(first, second))

    state = trained["deep", 0]
    assert signs(state, state) == ["4 of 4 layers hold equal numbers"]
    assert signs(state, make_models.permuted("deep", state, 1)) == [
        "the same numbers up to rounding and scale",
        "units in another order",
    ]
    assert "under other names" in signs(state, make_models.resaved(state))
    assert signs(make_models.pruned(state), state) == ["zeros in one layer: 60% and 0%"]


def test_models_with_little_of_one_shape_are_not_compared(trained) -> None:
    assert weight_match.match(model(trained["vanilla", 0]), model(trained["deep", 0])) is None
    assert weight_match.match(weight_match.model({}), weight_match.model({})) is None


def test_layers_that_were_written_down_are_no_evidence() -> None:
    constant = np.tile(np.eye(16, dtype=np.float32), (2, 1))
    assert weight_match.model({"a": constant, "b": np.ones((32, 32), np.float32)}).layers == ()


def test_numbers_that_are_none_end_nothing() -> None:
    bad = np.full((32, 16), np.nan, np.float32)
    bad[:, 3] = np.inf
    bad[:, :2] = np.random.default_rng(0).normal(size=(32, 2)) * 1e38
    first = weight_match.model({"a": bad, "b": np.random.default_rng(1).normal(size=(32, 32))})
    assert weight_match.match(first, first) is not None


@pytest.mark.slow
def test_thirty_derived_models_are_found_among_sixty_of_own_seeds() -> None:
    data = make_models.images(400)
    own = {(kind, seed): make_models.independent(kind, seed, data) for kind in KINDS for seed in range(10)}
    hows = list(DERIVED)
    derived = {
        (kind, seed): DERIVED[hows[number % len(hows)]](kind, own[kind, seed], data, seed)
        for number, (kind, seed) in enumerate(itertools.product(KINDS, range(5)))
    }
    began = time.process_time()
    models = {key: model(state) for key, state in own.items()}
    chances = []
    for one, other in itertools.combinations(models, 2):
        found = weight_match.match(models[one], models[other])
        chances.append(found.p if found else 1.0)
    assert (len(own), len(derived), len(chances)) == (60, 30, 1770)
    assert min(chances) > 1e-6
    assert min(chances) > 0.01  # far from it
    for key, state in derived.items():
        found = weight_match.match(models[key], model(state))
        assert found, key
        assert found.p < 1e-6, key
    assert time.process_time() - began < 60
