"""What `balagh doctor` says about the SMS gateway."""

import socket

import pytest
from tests.notices.outbox import settings_for

from balagh import doctor

SECRET = "0123456789abcdef" * 4


async def test_a_gateway_is_reached_and_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        settings = settings_for(
            sms_url=f"http://127.0.0.1:{port}/", sms_gateway="unifonic", sms_token="app"
        )
        assert str(await doctor._sms(settings)) == (
            f"ok       SMS: unifonic: 127.0.0.1 port {port} answers"
        )


async def test_a_gateway_is_not_spoken_to_in_the_open() -> None:
    found = await doctor._sms(settings_for(sms_url="http://sms.invalid/send"))
    assert "without encryption" in found.found
    assert "BALAGH_SMS_URL" in found.advice


@pytest.mark.parametrize(
    ("more", "found", "advised"),
    [
        ({}, "none without a gateway", False),
        ({"sms_gateway": "unifonic", "sms_token": "t"}, "none are taken", False),
        (
            {"sms_gateway": "unifonic", "sms_token": "t", "sms_receipt_secret": SECRET},
            "taken at https://balagh.example.sa/sms/receipts/unifonic",
            False,
        ),
        (
            {"sms_gateway": "twilio", "sms_token": "t", "sms_username": "AC1"},
            "taken at https://balagh.example.sa/sms/receipts/twilio",
            False,
        ),
        (
            {
                "sms_gateway": "twilio",
                "sms_token": "t",
                "sms_username": "AC1",
                "public_url": "http://balagh.example.sa",
            },
            "is not encrypted",
            True,
        ),
    ],
)
async def test_where_receipts_are_taken(more: dict[str, str], found: str, *, advised: bool) -> None:
    said = await doctor._receipts(settings_for(**more))  # type: ignore[arg-type]
    assert found in said.found
    assert bool(said.advice) is advised
    assert SECRET not in str(said)
