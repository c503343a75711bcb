"""Trust that moves and ages: key rollovers, new lists under old keys, old lists, weak keys."""

from datetime import timedelta
from pathlib import Path

import pytest

from edge.documents import master_list as lists
from edge.documents import trust
from edge.documents.certificate import Certificate
from edge.documents.master_list import MasterListError
from edge.documents.passive_authentication import Outcome, authenticate
from edge.documents.policy import DEFAULT, load_policy
from edge.documents.result import Status, Verdict
from edge.documents.revocation import RevocationList
from edge.documents.trust import TrustStore
from settings.files import ConfigError
from simulators.chip.issuer import DAY, Scheme, State, passport
from tests.unit.issuing import IMAGE, LINES, TODAY, link, master_list, store_of

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "emrtd" / "masterlist"
here = pytest.mark.skipif(not DATA.exists(), reason=f"no shared material at {DATA}")
OLD_LIST, NEW_LIST = "DE_ML_2024-08-07-07-38-24.ml", "DE_ML_2026-05-28-08-28-45.ml"


@pytest.fixture(scope="module")
def states() -> tuple[State, State, State]:
    return State("UT", TODAY), State("UT", TODAY), State("UT", TODAY)


def verify(state: State, store: TrustStore, **validity) -> Outcome:
    span = {"start": TODAY - DAY, "end": TODAY + DAY} | validity
    return authenticate(passport(LINES, IMAGE, (3, 4), state.signer(**span)), store, TODAY)


def folder(tmp_path: Path, **files: bytes) -> TrustStore:
    for name, content in files.items():
        (tmp_path / f"{name}.cer").write_bytes(content)
    return trust.load([tmp_path])


# Key rollover ---------------------------------------------------------------------------------


def test_from_the_old_key_to_the_new_and_on(states, tmp_path: Path) -> None:
    one, two, three = states
    # named so that the later link is read first
    store = folder(tmp_path, z=one.der, b=link(one, two), a=link(two, three))
    assert (len(store), store.problems) == (3, [])
    assert verify(three, store).verdict is Verdict.ACCEPT


def test_from_the_new_key_back_to_the_old(states, tmp_path: Path) -> None:
    one, two, _ = states
    store = folder(tmp_path, new=two.der, back=link(two, one))
    assert verify(one, store).verdict is Verdict.ACCEPT


def test_a_link_that_nobody_believed_signed(states, tmp_path: Path) -> None:
    one, two, three = states
    store = folder(tmp_path, root=one.der, link=link(two, three))
    assert len(store) == 1
    assert store.problems[0].startswith("link.cer: a link certificate that no trusted authority")
    assert verify(three, store).checks["issuer"].status is Status.UNDETERMINED


def test_a_link_that_the_document_brings(states) -> None:
    one, two, three = states
    files = passport(LINES, IMAGE, (3, 4), two.signer(TODAY - DAY, TODAY + DAY))
    sod = with_certificate(files["SOD"], link(one, two))
    assert authenticate(files | {"SOD": sod}, store_of(one.der), TODAY).verdict is Verdict.ACCEPT
    foreign = with_certificate(files["SOD"], link(three, two))
    found = authenticate(files | {"SOD": foreign}, store_of(one.der), TODAY)
    assert found.checks["issuer"].status is Status.UNDETERMINED


def test_a_link_makes_an_old_list_no_younger(states) -> None:
    one, two, _ = states
    files = passport(LINES, IMAGE, (3, 4), two.signer(TODAY - DAY, TODAY + DAY))
    files["SOD"] = with_certificate(files["SOD"], link(one, two))
    store = TrustStore()
    store.add([Certificate.load(one.der)], TODAY - (DEFAULT.oldest.master_list + 1) * DAY)
    assert authenticate(files, store, TODAY).verdict is Verdict.UNDETERMINED


def with_certificate(sod: bytes, more: bytes) -> bytes:
    from asn1crypto import cms, x509

    from edge.documents import lds, tlv

    info = cms.ContentInfo.load(lds.sod(sod))
    info["content"]["certificates"].append(x509.Certificate.load(more))
    return tlv.encode(lds.TAGS["SOD"], info.dump(force=True))


def test_a_list_signed_under_a_key_of_the_list_before(states) -> None:
    one, two, three = states
    before = lists.load(master_list(one, [one.der]), [Certificate.load(one.der)])
    trusted = before.certificates
    assert lists.load(master_list(one, [two.der]), trusted, anchored=True).issued == TODAY
    over_a_link = master_list(two, [two.der, link(one, two)])
    assert len(lists.load(over_a_link, trusted, anchored=True).certificates) == 2
    with pytest.raises(MasterListError, match="no authority for its signer"):
        lists.load(master_list(three, [three.der, link(three, two)]), trusted, anchored=True)


@here
def test_the_german_list_of_2026_hangs_on_the_one_of_2024() -> None:
    old, new = ((DATA / name).read_bytes() for name in (OLD_LIST, NEW_LIST))
    before = lists.load(old, [Certificate.load((DATA / "DE_ROOT_CA_CSCA07.cer").read_bytes())])
    after = lists.load(new, before.certificates, anchored=True)
    assert after.issued is not None
    assert f"{before.issued:%Y-%m-%d} {after.issued:%Y-%m-%d}" == "2024-08-07 2026-05-28"
    with pytest.raises(MasterListError, match="no authority"):
        lists.load(new, before.certificates[:5], anchored=True)


def test_a_list_that_is_wrong_inside(states) -> None:
    one = states[0]
    root = [Certificate.load(one.der)]
    good = lists.load(master_list(one, [one.der]), root)
    assert len(good.certificates) == 1
    with pytest.raises(MasterListError, match="no certificate"):
        lists.load(master_list(one, [b"\x30\x03abc"]), root)


# Who may sign ---------------------------------------------------------------------------------


def test_an_authority_signs_no_document(states) -> None:
    one = states[0]
    made = one._certify(one._name, one._key, TODAY - DAY, TODAY + DAY, authority=True)
    signer = one.signer(TODAY - DAY, TODAY + DAY)
    from simulators.chip.issuer import Signer

    files = passport(LINES, IMAGE, (3, 4), Signer(made, one._key, signer.scheme))
    found = authenticate(files, store_of(one.der), TODAY)
    assert "signs no document" in found.checks["issuer"].detail
    assert found.verdict is Verdict.REJECT


# Age ------------------------------------------------------------------------------------------


def test_an_old_list_answers_nothing_any_more(states, tmp_path: Path) -> None:
    one = states[0]
    limit = DEFAULT.oldest.master_list
    (tmp_path / "old.ml").write_bytes(master_list(one, [one.der], TODAY - (limit + 1) * DAY))
    (tmp_path / "root.cer").write_bytes(State("UT", TODAY).der)
    by_hand = store_of(one.der)

    def listed(days: int) -> TrustStore:
        store = TrustStore()
        store.add([Certificate.load(one.der)], TODAY - days * DAY)
        return store

    assert verify(one, listed(limit)).verdict is Verdict.ACCEPT
    old = verify(one, listed(limit + 1))
    assert old.checks["issuer"].detail.endswith("only: too old")
    assert old.verdict is Verdict.UNDETERMINED
    assert verify(one, by_hand).verdict is Verdict.ACCEPT
    twice = listed(limit + 1)
    twice.add([Certificate.load(one.der)], TODAY)
    assert verify(one, twice).verdict is Verdict.ACCEPT


def test_an_old_snapshot_answers_nothing_any_more(states) -> None:
    one = states[0]
    store = store_of(one.der)
    store.as_of = TODAY - timedelta(days=DEFAULT.oldest.snapshot, seconds=1)
    assert verify(one, store).verdict is Verdict.UNDETERMINED
    store.as_of = TODAY - timedelta(days=DEFAULT.oldest.snapshot)
    assert verify(one, store).verdict is Verdict.ACCEPT


def test_revocation_over_a_rollover(states, tmp_path: Path) -> None:
    """The signer is of the old key, the list of the new one: one authority, one name."""
    one, two, three = states
    signer = one.signer(TODAY - DAY, TODAY + DAY)
    files = passport(LINES, IMAGE, (3, 4), signer)

    def answer(by: State, *serials: int, age: int = 0, believed=(one, two)) -> Status:
        store = store_of(*(state.der for state in believed))
        crl = by.revocation_list(TODAY - age * DAY, serials)
        store.add_revocation_list(RevocationList.load(crl))
        return authenticate(files, store, TODAY).checks["revocation"].status

    serial = signer.certificate.serial_number
    assert answer(two) is Status.SUCCESSFUL
    assert answer(two, serial) is Status.FAILED
    assert answer(two, serial, age=400) is Status.FAILED  # once revoked, always
    assert answer(two, age=91) is Status.UNDETERMINED
    assert answer(three, serial) is Status.UNDETERMINED


# Policy ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("start_end", [(-9, -1), (-1, 1), (1, 9)])
@pytest.mark.parametrize("scheme", [Scheme("rsa"), Scheme("ecdsa"), Scheme("rsa", "sha1"),
                                    Scheme("ecdsa", "sha1")],
                         ids=lambda scheme: f"{scheme.family}-{scheme.hash}")  # fmt: skip
def test_nothing_passes_in_silence(scheme: Scheme, start_end, states) -> None:
    """Expired, not yet valid, SHA-1: of these others have passed 14 of 24."""
    start, end = (TODAY + days * DAY for days in start_end)
    found = verify(states[0], store_of(states[0].der), start=start, end=end, scheme=scheme)
    good = scheme.hash != "sha1" and start_end == (-1, 1)
    assert (found.verdict is Verdict.ACCEPT) is good


def test_a_stricter_policy_from_a_file(states, tmp_path: Path) -> None:
    text = (Path(trust.__file__).parent / "policies" / "default.toml").read_text()
    strict = tmp_path / "strict.toml"
    strict.write_text(text.replace('weak = "undetermined"', 'weak = "failed"').replace(
        '"sha224", "sha256", ', ""))  # fmt: skip
    policy = load_policy(strict)
    files = passport(LINES, IMAGE, (3, 4), states[0].signer(TODAY - DAY, TODAY + DAY))
    found = authenticate(files, store_of(states[0].der), TODAY, policy)
    assert found.checks["algorithms"].detail == "too weak to be evidence: sha256"
    assert found.verdict is Verdict.REJECT


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("least_rsa_bits", "least_rsa_bit", "least_rsa_bit: unknown key; did you mean"),
        ('"sha224", ', '"sha3", ', "hashes"),
        ('"secp224r1", ', '"secp192r1", ', "curves"),
        ("snapshot = 28", "snapshot = 0", "snapshot"),
        ('weak = "undetermined"', 'weak = "successful"', "weak"),
        ("defect_list = 90", "", "defect_list"),
    ],
)
def test_a_policy_that_is_no_policy(old: str, new: str, why: str, tmp_path: Path) -> None:
    text = (Path(trust.__file__).parent / "policies" / "default.toml").read_text()
    assert old in text
    (tmp_path / "p.toml").write_text(text.replace(old, new))
    with pytest.raises(ConfigError, match=why):
        load_policy(tmp_path / "p.toml")
