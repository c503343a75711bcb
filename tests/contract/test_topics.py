import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contract import topics
from contract.names import Address
from contract.topics import Stream

EVERY = [
    topics.Events(site="doh", unit="egate-07", stream=Stream.DECISION),
    topics.Acknowledgements(unit="egate-07", stream=Stream.HEALTH),
    topics.Commands(unit="egate-07"),
    topics.Challenges(unit="egate-07"),
    topics.Presences(unit="egate-07"),
    topics.Twin(unit="egate-07", side="desired"),
    topics.CentralState(),
]


@pytest.mark.parametrize("level", ["a/b", "+", "#", "", "A", "x" * 33, "é", "-a", "a\n"])
def test_no_level_can_escape(level: str) -> None:
    with pytest.raises(ValidationError):
        Address(site=level, unit="egate-07")
    with pytest.raises(ValidationError):
        topics.Commands(unit=level)


@pytest.mark.parametrize("topic", EVERY, ids=str)
def test_every_topic_is_read_back_as_what_it_is(topic: topics.Topic) -> None:
    assert topics.parse(str(topic)) == topic


def test_the_spelling_is_the_one_in_the_contract() -> None:
    # sha256sum says 3a4783604727b5ac… of "egate-07"; 0x…ac % 64 = 44
    assert str(EVERY[0]) == "bc/v1/ev/44/doh/egate-07/decision"
    assert str(EVERY[2]) == "bc/v1/cmd/egate-07"
    assert str(EVERY[6]) == "bc/v1/state/central"


def test_a_unit_in_a_foreign_partition_is_refused() -> None:
    wrong = (topics.partition("egate-07") + 1) % topics.PARTITIONS
    with pytest.raises(ValueError, match="belongs in partition"):
        topics.parse(f"bc/v1/ev/{wrong}/doh/egate-07/decision")


@given(st.text(alphabet="bcv1/evackmd-+#egate07 ", max_size=40))
def test_anything_else_is_refused_by_name(text: str) -> None:
    try:
        topic = topics.parse(text)
    except ValueError:
        return
    assert str(topic) == text
