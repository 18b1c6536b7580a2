"""A pytest plugin that leaves the run no room for files of any size after its tenth item, as a full disk does."""

import resource

ITEMS = 10
done: list[str] = []


def pytest_runtest_logfinish(nodeid: str) -> None:
    """Count."""
    done.append(nodeid)
    if len(done) == ITEMS:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
