"""A pytest plugin that leaves the run no room for files of any size after its tenth item, as a full disk does."""

import resource

import pytest

ITEMS = 10
done: list[str] = []


def pytest_runtest_logfinish(nodeid: str) -> None:
    """Count."""
    done.append(nodeid)
    if len(done) == ITEMS:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Give room for the end of the output, which a test reads from a file."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
