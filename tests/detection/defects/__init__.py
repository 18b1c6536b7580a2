"""The defects and variants, by kind: every module here registers its own when it is imported."""

from __future__ import annotations

import importlib
import pkgutil

from tests.detection.catalogue import registered

for _module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
    importlib.import_module(f"{__name__}.{_module.name}")

DEFECTS, VARIANTS = registered()
