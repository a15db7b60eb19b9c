"""Client certificates and the site's own authority, with the commands that an operator gives."""

from pathlib import Path

from plantroom.settings import parse_broker_url
from tests.contract.wire.stranger import Stranger
from tests.e2e.wire import ME, TELEMETRY, ConfiguredMosquitto, config, environment_of, port_of
from tests.product import Process, eventually


def test_a_certificate_for_a_device_is_signed_by_the_sites_own_authority(tmp_path: Path):
    process = Process(tmp_path / "data", ("none",), {}, "none")
    wire = tmp_path / "wire"
    written = config(process, wire, "--self-signed", "--host", "localhost", "--client-certificates")
    process.settings |= environment_of(wire)
    missing = process.cli("device", "certificate", "--site", "demo", "--client", "press", "--out", str(tmp_path))
    assert missing.returncode == 4
    process.json("device", "add", "--site", "demo", "--client", "press")
    with ConfiguredMosquitto(wire, port_of(written["publishers"])) as broker:
        made = process.json("device", "certificate", "--site", "demo", "--client", "press", "--out", str(tmp_path))
        pair = Path(made["certificate"]), Path(made["key"])
        assert pair[1].stat().st_mode & 0o077 == 0
        press = Stranger(broker.port, ca=wire / "ca.crt", cert=pair, host="localhost")
        assert press.say("plantroom/demo/P-1/telemetry", TELEMETRY)
        assert press.admitted
        assert not Stranger(broker.port, ca=wire / "ca.crt", host="localhost").admitted
        press.go()


def test_who_has_a_device_added_again_is_not_reached_by_the_certificate_of_before(tmp_path: Path):
    process = Process(tmp_path / "data", ("none",), {}, "none")
    wire, press = tmp_path / "wire", ("--site", "demo", "--client", "press")
    written = config(process, wire, "--self-signed", "--host", "localhost", "--client-certificates")
    process.settings |= environment_of(wire)
    process.json("device", "add", *press)
    stolen = process.json("device", "certificate", *press, "--out", str(tmp_path / "stolen"))
    with ConfiguredMosquitto(wire, port_of(written["publishers"])) as broker:
        process.json("device", "revoke", *press)
        process.json("device", "add", *press)
        kept = process.json("device", "certificate", *press, "--out", str(tmp_path / "kept"))

        def come(made: dict[str, str]) -> Stranger:
            pair = Path(made["certificate"]), Path(made["key"])
            return Stranger(broker.port, ca=wire / "ca.crt", cert=pair, host="localhost")

        known = parse_broker_url(process.settings["PLANTROOM_BROKER_URL"])
        ours = Stranger(known.port, known.username, known.password)
        ours.listen("plantroom/#")
        thief, mended = come(stolen), come(kept)
        thief.say("plantroom/demo/P-1/telemetry", b"thief")
        assert mended.say("plantroom/demo/P-1/telemetry", b"mended")
        assert eventually(lambda: ours.heard, 5)
        assert [payload for _, payload in ours.heard] == [b"mended"]
        for caller in (thief, mended, ours):
            caller.go()


def test_a_certificate_that_the_broker_does_not_ask_for_yet_is_signed_with_a_warning(tmp_path: Path):
    process = Process(tmp_path / "data", ("none",), {}, "none")
    config(process, tmp_path / "wire", "--self-signed", "--host", "localhost")
    process.settings |= environment_of(tmp_path / "wire")
    process.json("device", "add", "--site", "demo", "--client", "press")
    made = process.cli("device", "certificate", "--site", "demo", "--client", "press", "--out", str(tmp_path / "out"))
    assert made.returncode == 0
    assert "does not take it yet" in made.stderr
    assert "--client-certificates" in made.stderr


def test_the_authoritys_key_may_be_kept_elsewhere_between_commands_that_sign(tmp_path: Path):
    process, wire = Process(tmp_path / "data", ("none",), {}, "none"), tmp_path / "wire"
    config(process, wire, "--self-signed", "--host", "localhost", "--client-certificates")
    process.settings |= environment_of(wire)
    process.json("device", "add", "--site", "demo", "--client", "press")
    authority = (wire / "ca.crt").read_bytes()
    (wire / "ca.key").rename(tmp_path / "away.key")
    again = ("broker", "config", "--out", str(wire), "--user", ME, "--listen", "127.0.0.1", "--client-certificates")
    kept = process.cli(*again, "--host", "localhost")
    assert kept.returncode == 0, kept.stderr
    assert f"ca.key is not in {wire}: nothing was signed" in kept.stderr
    for needs_it in (
        (*again, "--host", "other.example"),
        ("device", "certificate", "--site", "demo", "--client", "press", "--out", str(tmp_path / "out")),
    ):
        refused = process.cli(*needs_it)
        assert refused.returncode == 4
        assert "put ca.key back for this command" in refused.stderr
        assert "Traceback" not in refused.stderr
    assert (wire / "ca.crt").read_bytes() == authority
