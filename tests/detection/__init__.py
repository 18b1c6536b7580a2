"""Seeded defects: mocks that are wrong on purpose, to measure what the suite detects.

A defect is a subclass of the mock with one step replaced, or anything else that serves the contract wrongly; a variant
is a mock that is unusual but right. They model mistakes that teams make, and are not derived from what the suite sends.

    catalogue.py          what a defect and a variant are, and how one is registered
    probe.py              a small HTTP client, independent of the suite, that observes a defect
    defects/              the defects and variants themselves, by kind
    raw_server.py         a server on a bare socket, for faults of the protocol itself
    lenient_parser.py     the base of defects and variants that parse more than JSON
    intermittent_base.py  triggers and faults that together make an intermittent defect
    timing_observers.py   observations with two requests at once, or with a short timeout
    prove.py              runs the conformance tests against all of them, and reports what was detected
    detection_curve.py    defects detected over the requests of a run, and the fewest requests that could
    bench.py              compares the suite with Schemathesis's own command line, on the same servers
    test_observed.py      every defect differs from the healthy mock
    test_variants.py      every variant keeps the stated contract
    test_left_open.py     each point that the vendor leaves open names variants, or why it is not judged
    test_raw_server.py    the server on a bare socket, unchanged, answers as the mock does
"""
