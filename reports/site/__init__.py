"""Renders Allure results as one HTML page."""
