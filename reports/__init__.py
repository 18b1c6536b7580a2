"""How it is read: verdicts in words, as Allure results, and as one HTML page."""

VERSION = "0.1.0"
