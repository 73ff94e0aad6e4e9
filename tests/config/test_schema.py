"""The schema, the default configuration and its page know the same keys."""

from helpers.checkout import ROOT
from helpers.config import DEFAULT

from vcperf.config import files


def test_the_default_configuration_has_every_key_of_the_schema():
    """Every key that the schema knows is in the default configuration or is optional."""
    schema = files.read_yaml(ROOT / "config/schemas/config.schema.yaml")
    assert set(schema["required"]) <= set(DEFAULT) <= set(schema["properties"])
    optional = {"socket_buffers", "congestion_control", "percentiles", "streams", "loads"}
    assert set(schema["properties"]["netperf"]["properties"]) - optional == set(DEFAULT["netperf"])
    known = set(schema["properties"]["bandwidth"]["properties"])
    assert known - {"programs"} == set(DEFAULT["bandwidth"])
    known = set(schema["properties"]["pingpong"]["properties"])
    assert known - {"imb", "osu"} == set(DEFAULT["pingpong"])
    profile = schema["properties"]["profile"]["properties"]
    assert set(profile) == set(DEFAULT["profile"])
    for part, optional in (("pingpong", set()), ("xenoprof", {"xen", "vmlinux", "passive"})):
        assert set(profile[part]["properties"]) - optional == set(DEFAULT["profile"][part])
