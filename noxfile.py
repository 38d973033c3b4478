"""Environments that one machine seldom has at once.

``pip install nox uv``, then ``nox -l`` lists them and ``nox -s NAME -- arguments of pytest`` runs the tests in one.
"""

import nox

nox.options.default_venv_backend = "uv"
nox.options.sessions = ["oldest", "newest"]
nox.options.error_on_missing_interpreters = True  # what was not tried has not passed


def test(session: nox.Session, *default: str) -> None:
    """The tests that were asked for, else the default, on the installed package."""
    session.run("pytest", "-p", "no:cacheprovider", *(session.posargs or default))


@nox.session(python="3.11")
def oldest(session: nox.Session) -> None:
    """Every dependency at the lowest version that pyproject.toml allows."""
    # what dask and matplotlib bring, while it still knows NumPy 1 and matplotlib 3.8; the first of all versions do not build
    later = ["pyarrow>=16,<22", "pyparsing>=3.1,<3.3"]
    session.install("--resolution", "lowest-direct", ".[test]", *later)
    test(session)


@nox.session(python="3.13")
def newest(session: nox.Session) -> None:
    """Every dependency at the newest version there is, prereleases left out."""
    session.install("--upgrade", ".[test]")
    test(session)


@nox.session(python=["3.13t", "3.14t"])
def free_threaded(session: nox.Session) -> None:
    """Without the lock of the interpreter: the kernels must not bring it back, and threads must give the same bits."""
    compiled = "hypothesis,numpy,pandas,scipy,scikit-learn"  # the newest of them that there is a wheel of
    session.install("--only-binary", compiled, ".", "pytest", "hypothesis", "mpmath", "pandas", "rich")
    check = "import sys, sk_gd; assert not sys._is_gil_enabled(), 'a module has brought the lock back'"
    session.run("python", "-P", "-W", "error", "-c", check)
    parts = ["tests/kernels", "tests/test_determinism.py", "tests/test_properties.py", "tests/estimators/test_laws.py"]
    test(session, "-o", "addopts=--import-mode=importlib", *parts)


@nox.session
def sanitize(session: nox.Session) -> None:
    """The kernels under AddressSanitizer and UBSan; an argument says how many seconds to fuzz."""
    session.install(".[test]")
    session.run("tools/sanitize.sh", *(session.posargs or ["300"]), external=True)


@nox.session
def valgrind(session: nox.Session) -> None:
    """A short fit of every kind under valgrind: some minutes."""
    session.install(".")
    session.run("tools/valgrind.sh", external=True)


@nox.session
def docs(session: nox.Session) -> None:
    """The site, with warnings as errors."""
    session.install(".[docs]")
    session.run("make", "-C", "docs", "clean", "html", "SPHINXOPTS=-W --keep-going", external=True)
