"""What must hold: the OpenAPI document, the requirements, and the pure checks that judge exchanges by them."""
