"""`make mock DEFECT=…`: a seeded defect, served by hand."""

import socket

import httpx
import pytest

from tests.detection import serve


def test_defect_is_served_with_what_a_run_against_it_needs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    printed: list[str] = []
    status: list[int] = []

    def send_one() -> None:
        printed.append(capsys.readouterr().out)
        url = printed[0].rpartition("TARGET=")[2].strip()
        status.append(httpx.get(f"{url}/v1/appointments/", headers={"Authorization": "Bearer x1"}).status_code)

    monkeypatch.setattr(serve, "wait_for_ever", send_one)
    serve.main(["any-token-is-taken", "--seed", "1", "--port", "0"])
    assert status == [200]
    assert printed[0].startswith("any-token-is-taken: ")
    assert "# To paste into .env:\nPROPEXO_TOKEN=" in printed[0]


def test_unknown_defect_is_one_sentence_that_names_others(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        serve.main(["any-token-is-accepted"])
    assert caught.value.code == 2
    assert capsys.readouterr().err.startswith("There is no defect any-token-is-accepted; names like it: any-")


@pytest.mark.parametrize("name", ["any-token-is-taken", "refusals-never-end"])  # a mock, and a bare socket
def test_port_that_is_taken_is_one_sentence(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(SystemExit) as caught:
        serve.main([name, "--port", str(port := listener.getsockname()[1])])
    assert caught.value.code == 2
    assert capsys.readouterr().err == (
        f"Port {port} cannot be used (Address already in use): name another one with --port.\n"
    )
