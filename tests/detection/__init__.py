"""Seeded defects: mocks that are wrong on purpose, to measure what the suite notices.

A defect is a subclass of the mock with one step replaced, or anything else that serves the contract wrongly; a variant
is a mock that is unusual but right. They are made up from what teams break, without a look at what the suite sends.

    catalogue.py          what a defect and a variant are, and how one is registered
    probe.py              the tiny client that shows, apart from the suite, that a defect is one
    defects/              the defects and variants themselves, by kind
    test_observed.py      every defect differs from the healthy mock
"""
