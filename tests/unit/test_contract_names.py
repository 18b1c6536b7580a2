from pathlib import Path

import pytest

from reports.run.contract_names import ROOT, contract_file, contract_name


def test_contract_of_the_suite_has_the_same_name_in_every_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = ROOT / "contracts" / "appointments.yaml"
    monkeypatch.chdir(tmp_path)
    assert contract_name(file) == "contracts/appointments.yaml"
    assert contract_file("contracts/appointments.yaml") == file


def test_contract_in_the_working_folder_is_named_relative_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "api" / "openapi.yaml"
    file.parent.mkdir()
    file.touch()
    monkeypatch.chdir(tmp_path)
    assert contract_name(Path("api/openapi.yaml")) == contract_name(file) == "api/openapi.yaml"
    assert contract_file("api/openapi.yaml") == file


def test_contract_elsewhere_has_its_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    assert contract_name(Path("../openapi.yaml")) == str(tmp_path / "openapi.yaml")
    assert contract_file(str(tmp_path / "openapi.yaml")) == tmp_path / "openapi.yaml"
