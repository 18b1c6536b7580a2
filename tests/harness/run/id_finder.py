"""Reads listings for the ids that an operation takes and that no setting gives."""

from __future__ import annotations

from typing import Final

from contracts.errors import CouldNotTell
from contracts.model.http import Request
from contracts.model.json_value import Json
from contracts.openapi.operation import Operation
from tests.harness.config.access import Access
from tests.harness.run.context import RunContext
from tests.harness.run.path_ids import Source, id_variables, ids_in, sources_of
from tests.harness.run.request_factory import RequestFactory
from tests.harness.run.sender import Sender

LISTED: Final = "a listing that shows ids"
"""What the reads of listings stand under, in place of a mutation."""


class IdFinder:
    """Finds ids for one operation. Each listing is read once per process, for all operations that need it.

    `unknown` has a sentence for each parameter without a value: why there is none, and which variable gives one.
    """

    def __init__(self, operation: Operation, context: RunContext, sender: Sender, requests: RequestFactory) -> None:
        """Send nothing yet."""
        self.unknown: list[str] = []
        self._operation = operation
        self._context = context
        self._sender = sender
        self._requests = requests

    def find(self) -> None:
        """Read the listings that are needed, and add their ids to the test data of the operation's run."""
        test_data = self._requests.test_data
        for name, variable in id_variables(self._operation).items():
            if variable in test_data:
                continue
            reasons = []
            for source in sources_of(self._context.document, self._operation, name):
                found, reason = self._values(source)
                if found:
                    test_data[variable] = found
                    known = self._context.found_ids
                    known[variable] = tuple(dict.fromkeys((*known.get(variable, ()), *found)))
                    label = f"{name} of {self._operation.label}"
                    self._sender.note(f"{label}: {len(found)} from {source.listing.label}")
                    break
                reasons.append(reason)
            else:
                why = "; ".join(reasons) or "no operation of the document lists it"
                self.unknown.append(f"{name} is not known ({why}): set {variable}.")

    def _values(self, source: Source) -> tuple[tuple[str, ...], str]:
        """Return the ids that a listing shows, or else the reason why there are none."""
        listing, context = source.listing, self._context
        if listing.secured and context.target.access is Access.NONE:
            return (), f"{listing.label} needs a token"
        test_data = self._requests.test_data
        outer = list(id_variables(listing).values())
        if missing := [variable for variable in outer if variable not in test_data]:
            return (), f"{listing.label} needs {' and '.join(missing)}"
        try:
            status, body = self._read(listing, self._requests.request_for(listing))
        except CouldNotTell as error:
            return (), str(error)
        values = ids_in(body, source)
        if not values:
            return (), f"{listing.label} answered {status}" if body is None else f"{listing.label} shows none"
        # What is listed within the first of several records belongs to that one only.
        test_data.update({variable: test_data[variable][:1] for variable in outer})
        return values, ""

    def _read(self, listing: Operation, request: Request) -> tuple[str, Json]:
        """Return status and JSON body of a listing, None unless it was accepted; send the request only once."""
        pages = self._context.listed_pages
        if request not in pages:
            # One read serves all operations of this process, whichever of them comes first.
            exchange = self._sender.send(request, LISTED, operation=listing)
            body = exchange.response.json() if exchange.accepted and exchange.response else None
            pages[request] = exchange.status_or_fault, body
        return pages[request]
