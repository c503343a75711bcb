"""OpenSSL reads what we write: signatures of EF.SOD and EF.CardSecurity, and the chip's keys."""

import shutil
import subprocess
from pathlib import Path

import pytest

from edge.documents import lds
from edge.documents.chip import card_security
from simulators.chip.make import make, write
from tests.unit.chip_world import TODAY

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")


def openssl(*arguments: str) -> bytes:
    done = subprocess.run(["openssl", *arguments], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def passport(tmp_path_factory) -> Path:
    where = tmp_path_factory.mktemp("passport")
    write(make(TODAY, protocol="PACE-ECDH-CAM-AES128+CA-ECDH-AES128+CA-DH-AES128+AA-RSA"), where)
    return where


def test_openssl_verifies_both_signed_files(passport: Path) -> None:
    csca = str(passport / "trust" / "csca.cer")
    (passport / "csca.pem").write_bytes(openssl("x509", "-inform", "DER", "-in", csca))
    files = {
        "sod": lds.sod((passport / "EF_SOD.bin").read_bytes()),
        "card": (passport / "EF_CardSecurity.bin").read_bytes(),
    }
    for name, der in files.items():
        (passport / name).write_bytes(der)
        content = openssl(
            *("cms", "-verify", "-inform", "DER", "-in", str(passport / name), "-binary"),
            *("-CAfile", str(passport / "csca.pem"), "-purpose", "any", "-no_check_time"),
        )
        if name == "card":
            assert content == card_security.read(der).signed.content


@pytest.mark.parametrize("number", [2, 13])
def test_openssl_reads_the_keys_for_agreement(passport: Path, number: int) -> None:
    key = str(passport / f"DG14_sk_{number}.pkcs8")
    public = openssl("pkey", "-inform", "DER", "-in", key, "-pubout", "-outform", "DER")
    dg14 = (passport / "EF_DG14.bin").read_bytes()
    assert public[-32:] in dg14


def test_openssl_reads_the_key_that_signs(passport: Path) -> None:
    key = str(passport / "DG15_sk.pkcs8")
    public = openssl("pkey", "-inform", "DER", "-in", key, "-pubout", "-outform", "DER")
    assert public == lds.active_authentication_key((passport / "EF_DG15.bin").read_bytes())
