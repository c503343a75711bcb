from contract import schema


def test_the_schemas_on_disk_are_the_code() -> None:
    """If this fails: was the change compatible? Then run ``python -m contract.schema``."""
    on_disk = {path.stem: path.read_text() for path in schema.FOLDER.glob("*.json")}
    assert on_disk == {name: schema.render(message) for name, message in schema.MESSAGES.items()}


def test_messages_of_others_may_know_more_than_we_do() -> None:
    for message in schema.MESSAGES.values():
        assert message.model_config["extra"] == "ignore"
        assert message.model_config["frozen"] is True
