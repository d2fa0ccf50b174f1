"""Arithmetic without warnings, with and without NumPy's variable."""

import numpy as np
import pytest

from minijax.core import quiet as module


def test_nothing_warns_inside_and_all_warns_after():
    with module.quiet():
        assert np.isinf(np.float64(1.0) / np.float64(0.0))
        with module.quiet():
            np.array([1e308]) * 10.0
        np.array([1e308]) * 10.0
    with pytest.warns(RuntimeWarning, match="overflow"):
        np.array([1e308]) * 10.0


def test_an_error_restores_the_state():
    def fail():
        with module.quiet():
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with pytest.warns(RuntimeWarning, match="divide"):
        np.array([1.0]) / 0.0


def test_what_the_user_set_comes_back():
    with np.errstate(divide="raise"):
        with module.quiet():
            np.array([1.0]) / 0.0
        with pytest.raises(FloatingPointError):
            np.array([1.0]) / 0.0


def test_errstate_serves_where_the_variable_is_not_found(monkeypatch):
    monkeypatch.setattr(module.importlib, "import_module", lambda name: object())
    begin, end = module._find()
    state = begin()
    np.array([1.0]) / 0.0
    end(state)
    with pytest.warns(RuntimeWarning, match="divide"):
        np.array([1.0]) / 0.0
