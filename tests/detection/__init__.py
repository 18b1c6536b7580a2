"""Seeded defects: mocks that are wrong on purpose, to measure what the suite notices.

A defect is a subclass of the mock with one step replaced, or anything else that serves the contract wrongly; a variant
is a mock that is unusual but right. They are made up from what teams break, without a look at what the suite sends.

    catalogue.py          what a defect and a variant are, and how one is registered
    probe.py              the tiny client that shows, apart from the suite, that a defect is one
    defects/              the defects and variants themselves, by kind
    raw_server.py         a server below the framework, for faults of the protocol itself
    lenient_parser.py     what defects and variants that read more than JSON have in common
    intermittent_base.py  triggers that make any fault come only now and then
    timing_observers.py   observations that take two requests at once, or little patience
    prove.py              runs the conformance tests against all of them, and says what was noticed
    detection_curve.py    how fast defects are noticed, and the fewest requests that could
    bench.py              the suite against Schemathesis's own command line, on the same servers
    test_observed.py      every defect differs from the healthy mock
    test_variants.py      every variant keeps the stated contract
    test_left_open.py     every point that the vendor leaves open is shown by variants, or says why not
    test_raw_server.py    the server below the framework, left alone, answers as the mock does
"""
