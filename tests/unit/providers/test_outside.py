"""A stranger's address leads to the outside, or nowhere."""

from __future__ import annotations

import pytest

from adapters.providers.outside import ForbiddenAddress, Outside, is_public

PUBLIC = "93.184.216.34"
PRIVATE = [
    "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "192.0.2.1", "198.18.0.1", "192.88.99.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1",
    "fec0::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::10.0.0.1", "::ffff:0:10.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1", "2002:7f00:1::", "2001:db8::1", "no address",
]  # fmt: skip


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "2002:808:808::"])
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_of_this_machine_and_of_networks_nobody_else_sees(address: str) -> None:
    assert not is_public(address)


def outside(*addresses: str, private: bool = False) -> Outside:
    async def resolve(_host: str, _port: int) -> list[str]:
        return list(addresses)

    return Outside(resolve, private=private)


async def test_a_name_leads_to_all_its_addresses() -> None:
    found = await outside(PUBLIC, "2606:4700::1111").resolve("x.example.com", 443)
    assert [(one["host"], one["hostname"], one["port"]) for one in found] == [
        (PUBLIC, "x.example.com", 443),
        ("2606:4700::1111", "x.example.com", 443),
    ]


@pytest.mark.parametrize("addresses", [("10.0.0.1",), (PUBLIC, "127.0.0.1")])
async def test_one_private_address_is_enough_to_refuse_a_name(addresses: tuple[str, ...]) -> None:
    with pytest.raises(ForbiddenAddress):
        await outside(*addresses).resolve("rebound.example.com", 80)
    assert len(await outside(*addresses, private=True).resolve("rebound.example.com", 80)) == len(addresses)


@pytest.mark.parametrize("address", PRIVATE[:-1])
def test_an_address_that_needs_no_looking_up_is_looked_at(address: str) -> None:
    with pytest.raises(ForbiddenAddress):
        outside().check(address)
    outside(private=True).check(address)
    outside().check(PUBLIC)
    outside().check("a.name.example")
