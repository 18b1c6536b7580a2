"""Where contracts and strategies meet: the conformance tests, and the tests of the suite itself."""
