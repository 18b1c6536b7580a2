"""The contract: the OpenAPI document, the requirements, the pure checks of exchanges, and a conforming mock."""
