"""Only who shows a certificate of our own authority gets as far as the broker."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from broker.connection import BrokerLost, Connection, Inbound, Will
from edge.uplink.settings import UplinkSettings
from tests.simulation.bad_luck import memory_folder
from tests.system.delivery import Mosquitto, eventually

UNIT = "egate-07"
DAY = datetime.timedelta(days=1)


class Authority:
    """A certificate authority of one afternoon."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        self.key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = (
            self._builder(subject, subject, self.key, DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self.key, hashes.SHA256())
        )
        self.file = self._write(f"{name}.pem", self.certificate)

    def issue(self, name: str, life: datetime.timedelta = DAY) -> tuple[Path, Path]:
        """Return the files of a certificate for ``name`` and of its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = (
            self._builder(subject, self.certificate.subject, key, life)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        key_file = self.folder / f"{self.name}-{name}.key"
        key_file.write_bytes(pem)
        key_file.chmod(0o644)  # mosquitto reads it as a user of its own; the folder is ours alone
        return self._write(f"{self.name}-{name}.pem", certificate), key_file

    def _builder(
        self,
        subject: x509.Name,
        issuer: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        life: datetime.timedelta,
    ) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 10 * DAY)
            .not_valid_after(now + life)
        )

    def _write(self, name: str, certificate: x509.Certificate) -> Path:
        file = self.folder / name
        file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return file


class Guarded(Mosquitto):
    """A broker that wants a certificate."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        super().__init__(folder)
        certificate, key = authority.issue("localhost")
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\ncafile {authority.file}\ncertfile {certificate}\n"
            f"keyfile {key}\nrequire_certificate true\nuse_identity_as_username true\n"
        )


@pytest.fixture
def folder() -> Iterator[Path]:
    with memory_folder() as path:
        path.chmod(0o755)
        yield path


async def connects(settings: UplinkSettings) -> list[Inbound]:
    """Return what came back of one publication; raise BrokerLost when there is no connection."""
    heard: list[Inbound] = []
    will = Will("bc/v1/presence/egate-07", b"gone")
    connection = Connection(settings, UNIT, heard.append, will=will)
    try:
        await connection.open(["bc/v1/presence/egate-07"])
        connection.publish("bc/v1/presence/egate-07", b"here", retain=True)
        await eventually(lambda: bool(heard), "the broker brings it back")
    finally:
        await connection.close()
    return heard


def test_a_certificate_of_ours_opens_and_no_other(folder: Path) -> None:
    ours, foreign = Authority(folder, "ours"), Authority(folder, "foreign")
    files = {
        "good": ours.issue(UNIT),
        "expired": ours.issue("late", -DAY),
        "foreign": foreign.issue(UNIT),
    }

    async def run() -> None:
        broker = Guarded(folder, ours)
        await broker.start()
        try:
            where = f"mqtts://localhost:{broker.port}"
            good = UplinkSettings(
                broker=where,
                ca_file=ours.file,
                certificate=files["good"][0],
                certificate_key=files["good"][1],
            )
            assert [message.payload for message in await connects(good)] == [b"here"]
            for name in ("expired", "foreign"):
                certificate, key = files[name]
                bad = good.model_copy(update={"certificate": certificate, "certificate_key": key})
                with pytest.raises(BrokerLost):
                    await connects(bad)
            for change in (
                {"certificate": None, "certificate_key": None},  # none at all
                {"ca_file": foreign.file},  # we do not believe the broker
                {"broker": f"mqtts://127.0.0.1:{broker.port}"},  # it is not who it says it is
                {"broker": f"mqtt://localhost:{broker.port}"},  # in clear
            ):
                with pytest.raises(BrokerLost):
                    await connects(good.model_copy(update=change))
        finally:
            await broker.kill()

    asyncio.run(run())
