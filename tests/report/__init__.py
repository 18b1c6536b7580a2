"""The report, rendered by Allure and read in a browser: `make test-report`."""
