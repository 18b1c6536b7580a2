"""Makes sure that it is the application that answers, and that it still honours the token."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from contracts.errors import TargetUnavailable
from contracts.model.http import Exchange, Request
from contracts.openapi.operation import Operation
from strategies.core.mutation import Mutation
from strategies.safety import unissued_id
from tests.harness.config.access import TOKEN
from tests.harness.http.intermediary import page_of
from tests.harness.run.budget import Budget
from tests.harness.run.context import RunContext
from tests.harness.run.exchange_log import exchange_of

SET_UP: Final = "set-up"
"""What the requests of the first phase are sent for."""
REJECTIONS_THAT_END_A_TOKEN: Final = 2
"""Of a request that was accepted before: a single one may be an intermittent fault."""


class TokenGuard:
    """Raises TargetUnavailable where no answer would say anything about the application."""

    def __init__(self, operation: Operation, context: RunContext, budget: Budget) -> None:
        """Send nothing yet."""
        self._operation = operation
        self._context = context
        self._client = context.client
        self._budget = budget

    def require_application(self, *answered: Exchange | None) -> None:
        """Raise if the first answers, with and without credentials, are a page that any other path gets as well.

        Sends one request to a path that the API does not have, once per session, only where these answers are web pages
        or redirects, all alike.
        """
        seen = [exchange for exchange in answered if exchange is not None]
        pages = {page_of(exchange.request, exchange.response) for exchange in seen}
        page = pages.pop()
        if pages or page is None:
            return
        probe = self._client.unknown_path or self._probe_unknown_path(seen[-1])
        if page_of(probe.request, probe.response) != page:
            self._client.own_pages.add(page)
            return
        with_token = any(exchange.issued_token for exchange in seen)
        otherwise = f" If nothing is in front of it, the target rejects the token in {TOKEN}." if with_token else ""
        raise TargetUnavailable(
            f"Something in front of {self._context.target.url} answers in its place: {self._operation.label} and a "
            f"path that the API does not have both get {page.name}, which tells nothing of the application. "
            f"Let the suite pass there, or test the application directly.{otherwise}"
        )

    def require_token(self) -> None:
        """Raise if the target now rejects the token on requests that it accepted before; sends at most two of them."""
        context = self._context
        harmless = [e.request for e in context.accepted.values() if not context.document.operation(e.operation).record]
        for request in (harmless or list(context.job_requests))[-1:] * REJECTIONS_THAT_END_A_TOKEN:
            self._budget.spent += 1
            response = self._client.send(request).response
            if response is None or response.status != HTTPStatus.UNAUTHORIZED:
                return
        if harmless or context.job_requests:
            raise TargetUnavailable(
                f"{context.target.url} no longer accepts the token in {TOKEN}, which it accepted before: set a new one."
            )

    def token_rejected(self, exchange: Exchange) -> TargetUnavailable:
        """Return the error for a target that never accepted the token."""
        return TargetUnavailable(
            f"{self._context.target.url} rejects the token in {TOKEN} with {exchange.status}: set one that it issued."
        )

    def _probe_unknown_path(self, like: Exchange) -> Exchange:
        """Request, with the credentials of an exchange, a path next to the API's own that it does not have."""
        first = self._operation.encoded_path.split("/")[1]
        headers = tuple(pair for pair in like.request.headers if pair[0].lower() != "content-type")
        request = Request("GET", f"/{first}/{unissued_id()}", headers)
        mutation = Mutation(
            "a path that the API does not have", lambda unchanged: unchanged, issued_token=like.issued_token
        )
        self._budget.spent += 1
        result = self._client.send(request)
        probe = exchange_of(result, request, mutation, self._operation, number=self._client.sent, sent_for=SET_UP)
        self._client.unknown_path = probe
        self._context.on_exchange(probe)
        return probe
