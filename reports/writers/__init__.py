"""The files that a run writes: Allure results, HAR, summary, badge."""
