"""User lines and the traceback filter."""

from __future__ import annotations

import inspect
import os
import sys
import timeit
import traceback

import pytest

from minijax.core import source


def inside_package(text: str, **names):
    """Runs `text` as if it stood in a file of the package, returns its `result`."""
    path = os.path.join(source.PACKAGE_DIRECTORY, "imagined.py")
    namespace = {"user_frame": source.user_frame, "api_boundary": source.api_boundary, **names}
    exec(compile(text, path, "exec"), namespace)
    return namespace["result"]


def frames(error: BaseException) -> list[str]:
    return [entry.name for entry in traceback.extract_tb(error.__traceback__)]


class TestUserFrame:
    def test_is_the_calling_line(self):
        here = source.user_frame()
        assert here.file == __file__
        assert here.line == inspect.currentframe().f_lineno - 2
        assert here.function.endswith("test_is_the_calling_line")

    def test_skips_frames_of_the_package(self):
        outer = inside_package(
            "def inner():\n  return user_frame()\ndef result():\n  return inner()"
        )
        assert outer().function.endswith("test_skips_frames_of_the_package")

    def test_text(self):
        assert str(source.SourceLine("a.py", 3, "f")) == "a.py:3 (f)"
        assert str(source.UNKNOWN) == "unknown place"

    def test_is_cheap(self):
        # Far above what it takes (about 0.5 µs), far below what a traceback module call costs.
        assert min(timeit.repeat(source.user_frame, number=1000, repeat=5)) / 1000 < 10e-6


BOUNDARY = """
def inner(f):
    return f()

@api_boundary
def result(f):
    '''Docs.'''
    return inner(f)
"""


class TestBoundary:
    def test_returns_and_keeps_the_signature(self):
        public = inside_package(BOUNDARY)
        assert public(lambda: 7) == 7
        assert public.__doc__ == "Docs."
        assert list(inspect.signature(public).parameters) == ["f"]

    def test_only_user_frames_remain(self):
        def user_function():
            raise KeyError("mine")

        with pytest.raises(KeyError) as caught:
            inside_package(BOUNDARY)(user_function)
        assert frames(caught.value) == ["test_only_user_frames_remain", "user_function"]

    def test_error_of_the_package_ends_at_the_call(self):
        with pytest.raises(TypeError) as caught:
            inside_package(BOUNDARY)(3)
        assert frames(caught.value) == ["test_error_of_the_package_ends_at_the_call"]

    def test_nested_boundaries(self):
        public = inside_package(BOUNDARY)

        def user_function():
            return public(lambda: 1 / 0)

        with pytest.raises(ZeroDivisionError) as caught:
            public(user_function)
        assert frames(caught.value) == ["test_nested_boundaries", "user_function", "<lambda>"]

    def test_causes_are_filtered_too(self):
        text = """
def fail():
    raise ValueError("inner")

@api_boundary
def result():
    try:
        fail()
    except ValueError as error:
        raise TypeError("outer") from error
"""
        with pytest.raises(TypeError) as caught:
            inside_package(text)()
        assert caught.value.__cause__.__traceback__ is None
        assert frames(caught.value) == ["test_causes_are_filtered_too"]

    def test_an_exception_that_causes_itself_ends(self):
        error, other = ValueError("one"), ValueError("two")
        error.__context__, other.__context__ = other, error
        source.filter_traceback(error)

    def test_switch_keeps_all_frames(self, monkeypatch):
        monkeypatch.setattr(source.traceback_options, "show_internal_frames", True)
        with pytest.raises(ZeroDivisionError) as caught:
            inside_package(BOUNDARY)(lambda: 1 / 0)
        assert "inner" in frames(caught.value)

    def test_no_frames_of_the_traceback_are_lost_outside(self):
        with pytest.raises(ZeroDivisionError) as caught:
            inside_package(BOUNDARY)(lambda: 1 / 0)
        assert caught.value.__traceback__.tb_frame is sys._getframe()
