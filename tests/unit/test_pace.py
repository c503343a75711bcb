"""PACE against the worked examples of Doc 9303-11, appendices G, H and I, byte for byte."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.documents.chip import mapping, pace
from edge.documents.chip.ciphers import AES128, AES192, AES256, TRIPLE_DES
from edge.documents.chip.errors import PaceFailed
from edge.documents.chip.groups import BadKey, CurveGroup, new_secret
from edge.documents.chip.pace import Pace, Password, can_password, mrz_password
from edge.documents.chip.protocols import PACE_PROTOCOLS
from edge.documents.chip.standard_groups import STANDARDIZED

PATH = Path(__file__).parents[2].parent / "shared/data/emrtd/icao_9303_11_worked_examples.json"
here = pytest.mark.skipif(not PATH.exists(), reason=f"no shared material at {PATH}")
G1 = json.loads(PATH.read_text())["pace_gm_ecdh"] if PATH.exists() else {}


def hexed(*text: str) -> bytes:
    return bytes.fromhex("".join(text))


def protocol(name: str):
    return next(each for each in PACE_PROTOCOLS.values() if str(each) == name)


def told(*secrets: bytes):
    """A source of randomness that makes ``new_secret`` give ``secrets``, and nonces as they are."""
    left = list(secrets)

    def random(size: int) -> bytes:
        secret = left.pop(0)
        if len(secret) == size:
            return secret
        return (int.from_bytes(secret, "big") - 1).to_bytes(size, "big")

    return random


# Appendix G.2: the generic mapping over numbers.
G2 = {
    "nonce": "FA5B7E3E49753A0DB9178B7B9BD898C8",
    "encrypted": "854D8DF5827FA6852D1A4FA701CDDDCA",
    "map_secret": "5265030F751F4AD18B08AC565FC7AC952E41618D",
    "map_public": (
        "23FB3749EA030D2A25B278D2A562047ADE3F01B74F17A15402CB7352CA7D2B3EB71C343DB13D1DEBCE9A3666DBCF"
        "C920B49174A602CB47965CAA73DC702489A44D41DB914DE9613DC5E98C94160551C0DF86274B9359BC0490D01B03"
        "AD54022DCB4F57FAD6322497D7A1E28D46710F461AFE710FBBBC5F8BA166F4311975EC6C"
    ),
    "chip_map_public": (
        "78879F57225AA8080D52ED0FC890A4B25336F699AA89A2D3A189654AF70729E623EA5738B26381E4DA19E004706F"
        "ACE7B235C2DBF2F38748312F3C98C2DD4882A41947B324AA1259AC22579DB93F7085655AF30889DBB845D9E6783F"
        "E42C9F2449400306254C8AE8EE9DD812A804C0B66E8CAFC14F84D8258950A91B44126EE6"
    ),
    "generator": (
        "7C9CBFE98F9FBDDA8D143506FA7D9306F4CB17E3C71707AFF5E1C1A12370249684D64EE37AF44B8DBD9D45BF6023"
        "919CBAA027AB97ACC771666C8E98FF483301BFA4872DEDE9034EDFACB70814166B7F360676829B826BEA57291B5A"
        "D69FBC84EF1E779032A305803F74341793E869742D401325B37EE8565FFCDEE618342DC5"
    ),
    "secret": "89CCD99B0E8D3B1F11E1296DCA68EC53411CF2CA",
    "public": (
        "907D89E2D425A178AA81AF4A7774EC8E388C115CAE67031E85EECE520BD911551B9AE4D04369F29A02626C86FBC6"
        "747CC7BC352645B6161A2A42D44EDA80A08FA8D61B76D3A154AD8A5A51786B0BC07147057871A922212C5F67F431"
        "73172236B7747D1671E6D692A3C7D40A0C3C5CE397545D015C175EB5130551EDBC2EE5D4"
    ),
    "chip_public": (
        "075693D9AE941877573E634B6E644F8E60AF17A0076B8B123D9201074D36152BD8B3A213F53820C42ADC79AB5D0A"
        "EEC3AEFB91394DA476BD97B9B14D0A65C1FC71A0E019CB08AF55E1F729005FBA7E3FA5DC41899238A250767A6D46"
        "DB974064386CD456743585F8E5D90CC8B4004B1F6D866C79CE0584E49687FF61BC29AEA1"
    ),
    "enc": "2F7F46ADCC9E7E521B45D192FAFA9126",
    "mac": "805A1D27D45A5116F73C54469462B7D8",
    "t_ifd": "B46DD9BD4D98381F",
    "t_ic": "917F37B5C0E6D8D1",
}
# Appendix H.1 and H.2: the integrated mapping. The password's key is given, not the password.
H_KEY = "591468CDA83D65219CCCB8560233600F"
H1 = {
    "nonce": "2923BE84E16CD6AE529049F1F1BBE9EB",
    "encrypted": "143DC40C08C8E891FBED7DEDB92B64AD",
    "t": "5DD4CBFC96F5453B130D890A1CDBAE32",
    "number": "A2F8FF2DF50E52C6599F386ADCB595D229F6A167ADE2BE5F2C3296ADD5B7430E",
    "generator": (
        "048E82D31559ED0FDE92A4D0498ADD3C23BABA94FB77691E31E90AEA77FB17D427"
        "4C1AE14BD0C3DBAC0C871B7F3608169364437CA30AC243A089D3F266C1E60FAD"
    ),
    "secret": "A73FB703AC1436A18E0CFA5ABB3F7BEC7A070E7A6788486BEE230C4A22762595",
    "public": (
        "0489CBA23FFE96AA18D824627C3E934E54A9FD0B87A95D1471DC1C0ABFDCD640D4"
        "6755DE9B7B778280B6BEBD57439ADFEB0E21FD4ED6DF42578C13418A59B34C37"
    ),
    "chip_public": (
        "0467F78E5F7F7686082B293E8D087E056916D0F74BC01A5F8957D0DE45691E51E8"
        "932B69A962B52A0985AD2C0A271EE6A13A8ADDDCD1A3A994B9DED257F4D22753"
    ),
    "enc": "0D3FEB33251A6370893D62AE8DAAF51B",
    "mac": "B01E89E3D9E8719E586B50B4A7506E0B",
    "t_ifd": "450F02B86F6A0909",
    "t_ic": "75D4D96E8D5B0308",
}
H2 = {
    "nonce": "FA5B7E3E49753A0DB9178B7B9BD898C8",
    "encrypted": "9ABB8864CA0FF1551E620D1EF4E13510",
    "t": "B3A6DB3C870C3E99245E0D1C06B747DE",
    "number": (
        "A0C7C50C002061A51CC87D254EF38068607417B6EE1B36473CFB800D2D2E5FA2B6980F01105D24FAB22ACD1BFA5C"
        "8A4C093ECDFAFE6D7125D42A843E338603835CF19AFAFF75EFE21DC5F6AA1F9AE46C25087E7368166FB08C1E4627"
        "AFED7D93570417B790FF7F747E57F432B04E1236819E0DFEF5B6E77CA4999925328182D2"
    ),
    "generator": (
        "1D7D767F11E333BCD6DBAEF40E799E7A926B96973550656FF3C830726D118D61C276CDCC61D475CF03A98E0C0E79"
        "CAEBA5BE25578BD4551D0B10903236F0B0F976852FA78EEA14EA0ACA87D1E91F688FE0DFF897BBE35A472621D343"
        "564B262F34223AE8FC59B664BFEDFA2BFE7516CA5510A6BBB633D517EC25D4E0BBAA16C2"
    ),
    "secret": (
        "4BD0E54740F9A028E6A515BFDAF967848C4F5F5FFF65AA0915947FFD1A0DF2FA6981271BC905F3551457B7E03AC3"
        "B8066DE4AA406C1171FB43DD939C4BA16175103BA3DEE16419AA248118F90CC36A3D6F4C373652E0C3CCE7F0F1D0"
        "C5425B3600F0F0D6A67F004C8BBA33F2B4733C7252445C1DFC4F1107203F71D2EFB28161"
    ),
    "public": (
        "0F0CC62945A8029251FB7EF3C094E12EC68E4EF07F27CB9D9CD04C5C4250FAE0E4F8A951557E929AEB48E5C6DD47"
        "F2F5CD7C351A9BD2CD722C07EDE166770F08FFCB370262CF308DD7B07F2E0DA9CAAA1492344C852906919538C98A"
        "4BA4187E76CE9D87832386D319CE2E043C3343AEAE6EDBA1A9894DC5094D22F7FE1351D5"
    ),
    "chip_public": (
        "928D9A0F9DBA450F13FC859C6F290D1D36E42431138A4378500BEB4E0401854CFF111F71CB6DC1D0335807A11388"
        "CC8EAA87B07907AAD9FBA6B169AF6D8C26AF8DDDC39ADC3AD2E3FF882B84D23E9768E95A80E4746FB07A9767679F"
        "E92133B4D379935C771BD7FBED6C7BB4B1708B275EA75679524CDC9C6A91370CC662A2F3"
    ),
    "enc": "01AFC10CF87BE36D8179E87370171F07",
    "mac": "23F0FBD05FD6C7B8B88F4C8309669061",
    "t_ifd": "55D61977CBF5307E",
    "t_ic": "C2F04230187E1525",
}
# Appendix I.1: chip authentication mapping.
I1 = {
    "key_input": "C11T002JM496081222310314",
    "k_pi": "4E6F6FBF7BE748B932C7B74161BBA9DF",
    "nonce": "658B860BC94DF6F044FCE6D5C82CF8E5",
    "encrypted": "CB60E8E0D85B76A9BD304747C2AD42E2",
    "terminal_map_secret": "5D8BB87BD74D985A4B7D4325B9F7B976FE835122773400798914AA22738135CC",
    "map_public": (
        "047F1D410ADB7DDB3B84BF1030800981A9105D7457B4A3ADE002384F3086C67EDE"
        "1AB889104A27DB6D842B019020FBF3CEACB0DC627F7BDCAC29969E19D0E553C1"
    ),
    "chip_map_public": (
        "04A234236AA9B9621E8EFB73B5245C0E09D2576E5277183C1208BDD55280CAE8B3"
        "04F365713A356E65A451E165ECC9AC0AC46E3771342C8FE5AEDD092685338E23"
    ),
    "secret": "76ECFDAA9841C323A3F5FC5E88B88DB3EFF7E35EBF57A7E6946CB630006C2120",
    "public": (
        "04446C934084D9DAB863944F219520076C29EE3F7AE6722B11FF319EC1C7728F95"
        "5483400BFF60BF0C5929270009277DC2A515E12575010AD9BA916CF1BF86FEFC"
    ),
    "chip_public": (
        "0402AD566F3C6EC7F9324509AD50A51FA52030782A4968FCFEDF737DAEA9933331"
        "11C3B9B4C2287789BD137E7F8AA882E2A3C633CCD6ECC2C63C57AD401A09C2E1"
    ),
    "enc": "0A9DA4DB03BDDE39FC5202BC44B2E89E",
    "mac": "4B1C06491ED5140CA2B537D344C6C0B1",
    "t_ifd": "E86BD06018A1CD3B",
    "t_ic": "8596CF055C67C1A3",
    "encrypted_data": (
        "1EEA964DAAE372AC990E3EFDE6333353BFC89A6704D93DA8798CF77F5B7A54BD10CBA372B42BE0B9B5F28AA8DE2F"
        "4F92"
    ),
    "data": "85DC3FA93D0952BFA82F5FD189EE75BD82F11D1F0B8ED4BF5319AC9B53C426B3",
    "chip_key_info": (
        "3062060904007F0007020201023052300C060704007F0007010202010D0342000418727094"
        "94399E7470A6431BE25E83EEE24FEA568C2ED28DB48E05DB3A610DC884D256A40E35EFCB59"
        "BF6753D3A489D28C7A4D973C2DA138A6E7A4A08F68E16F02010D"
    ),
    "chip_key": (
        "041872709494399E7470A6431BE25E83EEE24FEA568C2ED28DB48E05DB3A610DC8"
        "84D256A40E35EFCB59BF6753D3A489D28C7A4D973C2DA138A6E7A4A08F68E16F"
    ),
}


@here
def test_the_password_of_the_zone() -> None:
    fields = G1["mrz_fields"]
    password = mrz_password("".join(fields.values()))
    assert password.secret == hexed(G1["k_hash"])
    assert pace.password_key(protocol("PACE-ECDH-GM-AES128"), password) == hexed(G1["k_pi"])
    cam = mrz_password(I1["key_input"])
    assert pace.password_key(protocol("PACE-ECDH-CAM-AES128"), cam) == hexed(I1["k_pi"])
    assert can_password("123456") == Password(2, b"123456")


@here
def test_generic_mapping_over_a_curve() -> None:
    """Appendix G.1, from the zone to the tokens."""
    way = protocol("PACE-ECDH-GM-AES128")
    secrets = told(hexed(G1["terminal_map_private"]), hexed(G1["terminal_ka_private"]))
    password = mrz_password("".join(G1["mrz_fields"].values()))
    run = Pace(way, STANDARDIZED[13], password, secrets)
    run.take_nonce(hexed(G1["encrypted_nonce"]))
    assert run._nonce == hexed(G1["nonce"])
    sent, heard = ([hexed(step[side]) for step in G1["apdus"]] for side in "cr")
    assert run.mapping_data() == sent[2][9:-1]
    run.take_mapping(heard[2][4:-2])
    assert run._group.public(1) == hexed(G1["mapped_generator"])
    assert run.public_key() == sent[3][9:-1]
    run.take_public_key(heard[3][4:-2])
    assert run.token() == hexed(G1["t_ifd"])
    done = run.finish(hexed(G1["t_ic"]))
    assert done.session.keys.enc == hexed(G1["ks_enc"])
    assert done.session.keys.mac == hexed(G1["ks_mac"])
    assert (done.session.counter, done.session.cipher) == (0, AES128)


def test_generic_mapping_over_numbers() -> None:
    """Appendix G.2."""
    password = mrz_password("T22000129364081251010318")
    secrets = told(hexed(G2["map_secret"]), hexed(G2["secret"]))
    run = Pace(protocol("PACE-DH-GM-AES128"), STANDARDIZED[0], password, secrets)
    run.take_nonce(hexed(G2["encrypted"]))
    assert run._nonce == hexed(G2["nonce"])
    assert run.mapping_data() == hexed(G2["map_public"])
    run.take_mapping(hexed(G2["chip_map_public"]))
    assert run._group.public(1) == hexed(G2["generator"])
    finish(run, G2)


@pytest.mark.parametrize(
    ("name", "group", "example"),
    [("PACE-ECDH-IM-AES128", 13, H1), ("PACE-DH-IM-AES128", 0, H2)],
)
def test_integrated_mapping(name: str, group: int, example: dict) -> None:
    """Appendix H."""
    way, over = protocol(name), STANDARDIZED[group]
    t, s = hexed(example["t"]), hexed(example["nonce"])
    number = mapping.pseudo_random(AES128, s, t, over.p)
    assert number == int(example["number"], 16)
    assert over.integrated(number).public(1) == hexed(example["generator"])
    secret = int(example["secret"], 16) % over.order
    run = Pace(way, over, Password(1, b""), told(t, secret.to_bytes(64, "big")))
    run._key = hexed(H_KEY)
    run.take_nonce(hexed(example["encrypted"]))
    assert run._nonce == s
    assert run.mapping_data() == t
    run.take_mapping(b"")
    assert run.public_key() == hexed(example["public"])
    run.take_public_key(hexed(example["chip_public"]))
    assert run.token() == hexed(example["t_ifd"])
    done = run.finish(hexed(example["t_ic"]))
    assert done.session.keys.enc == hexed(example["enc"])
    assert done.session.keys.mac == hexed(example["mac"])


def test_chip_authentication_mapping() -> None:
    """Appendix I.1."""
    secrets = told(hexed(I1["terminal_map_secret"]), hexed(I1["secret"]))
    password = mrz_password(I1["key_input"])
    run = Pace(protocol("PACE-ECDH-CAM-AES128"), STANDARDIZED[13], password, secrets)
    run.take_nonce(hexed(I1["encrypted"]))
    assert run._nonce == hexed(I1["nonce"])
    assert run.mapping_data() == hexed(I1["map_public"])
    run.take_mapping(hexed(I1["chip_map_public"]))
    done = finish(run, I1, hexed(I1["encrypted_data"]))
    assert done.chip_data == hexed(I1["data"])
    group = STANDARDIZED[13]
    assert isinstance(group, CurveGroup)
    assert group.times(int(I1["data"], 16), hexed(I1["chip_key"])) == done.mapping_key


def finish(run: Pace, example: dict, data: bytes | None = None) -> pace.Established:
    assert run.public_key() == hexed(example["public"])
    run.take_public_key(hexed(example["chip_public"]))
    assert run.token() == hexed(example["t_ifd"])
    done = run.finish(hexed(example["t_ic"]), data)
    assert done.session.keys.enc == hexed(example["enc"])
    assert done.session.keys.mac == hexed(example["mac"])
    return done


@pytest.mark.parametrize(
    ("oid", "name"),
    [
        ("04007F00070202040101", "PACE-DH-GM-3DES"),
        ("04007F00070202040202", "PACE-ECDH-GM-AES128"),
        ("04007F00070202040303", "PACE-DH-IM-AES192"),
        ("04007F00070202040404", "PACE-ECDH-IM-AES256"),
        ("04007F00070202040602", "PACE-ECDH-CAM-AES128"),
    ],
)
def test_the_object_identifiers(oid: str, name: str) -> None:
    assert str(PACE_PROTOCOLS[hexed(oid)]) == name
    assert len(PACE_PROTOCOLS) == 19


def test_a_wrong_token_or_our_own_key_is_refused() -> None:
    def at_step_three() -> Pace:
        secrets = told(hexed(I1["terminal_map_secret"]), hexed(I1["secret"]))
        password = mrz_password(I1["key_input"])
        run = Pace(protocol("PACE-ECDH-CAM-AES128"), STANDARDIZED[13], password, secrets)
        run.take_nonce(hexed(I1["encrypted"]))
        run.mapping_data()
        run.take_mapping(hexed(I1["chip_map_public"]))
        run.public_key()
        return run

    with pytest.raises(PaceFailed, match="step 3: the chip sent our own"):
        at_step_three().take_public_key(hexed(I1["public"]))
    with pytest.raises(PaceFailed, match="step 3: a point that is not on"):
        at_step_three().take_public_key(hexed(I1["chip_public"])[:-1] + b"\x00")
    run = at_step_three()
    run.take_public_key(hexed(I1["chip_public"]))
    with pytest.raises(PaceFailed, match="step 4: the chip's token is wrong"):
        run.finish(bytes(8))
    with pytest.raises(PaceFailed, match="step 4: chip authentication data"):
        run.finish(hexed(I1["t_ic"]), bytes(16))


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([0, 8, 11, 12, 13]), st.binary(max_size=140))
def test_any_public_value_is_checked(number: int, public: bytes) -> None:
    group = STANDARDIZED[number]
    try:
        group.agree(3, public)
    except BadKey as error:
        assert str(error)  # noqa: PT017 both ends are right
    else:
        assert pow(int.from_bytes(public, "big"), group.order, group.p) == 1


@pytest.mark.parametrize("number", sorted(STANDARDIZED))
def test_both_sides_agree_in_every_group(number: int) -> None:
    group = STANDARDIZED[number]
    one, other = (new_secret(group, lambda size, n=n: bytes([n]) * size) for n in (5, 9))
    mapped = group.generic(12345, one, group.public(other))
    assert mapped.public(7) == group.generic(12345, other, group.public(one)).public(7)
    assert mapped.agree(one, mapped.public(other)) == mapped.agree(other, mapped.public(one))
    if group.p % 4 == 3 or group.family == "DH":
        encoded = group.integrated(0xABCDEF)
        assert encoded.public(1) != group.public(1)
        assert group.agree(1, encoded.public(1))  # the element lies in the group
    else:
        with pytest.raises(BadKey, match="secp224r1 has no integrated"):
            group.integrated(0xABCDEF)


def test_our_points_are_the_library_s() -> None:
    from cryptography.hazmat.primitives.asymmetric import ec

    for number, curve in ((12, ec.SECP256R1()), (15, ec.SECP384R1()), (17, ec.BrainpoolP512R1())):
        theirs = ec.generate_private_key(curve)
        point = theirs.public_key().public_numbers()
        group = STANDARDIZED[number]
        ours = group.public(theirs.private_numbers().private_value)
        size = (len(ours) - 1) // 2
        assert ours[1:] == point.x.to_bytes(size, "big") + point.y.to_bytes(size, "big")
        other = ec.generate_private_key(curve)
        public = group.public(other.private_numbers().private_value)
        shared = group.agree(theirs.private_numbers().private_value, public)
        assert shared == theirs.exchange(ec.ECDH(), other.public_key())


def test_the_nonces_of_the_integrated_mapping() -> None:
    assert [mapping.nonce_size(c) for c in (TRIPLE_DES, AES128, AES192, AES256)] == [16, 16, 32, 32]
    for cipher in (TRIPLE_DES, AES192, AES256):
        s, t = bytes(range(mapping.nonce_size(cipher))), bytes(range(cipher.key_size))
        assert 0 < mapping.pseudo_random(cipher, s, t, STANDARDIZED[18].p) < STANDARDIZED[18].p
