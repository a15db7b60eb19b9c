"""``broker config``: everything that a site's Mosquitto reads."""

import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plantroom.cli.common import AsJson, DataDir, emit, opened, say
from plantroom.errors import BadData, NotFound

if TYPE_CHECKING:
    from gateway.broker.files import Certificates

app = typer.Typer(name="broker", help="The broker of a site.", no_args_is_help=True)

Port = Annotated[int, typer.Option(min=1, max=65535, help="Port for publishers (TLS).")]
SelfSigned = Annotated[
    bool, typer.Option("--self-signed", help="Make an authority and a certificate (so without --tls-cert).")
]
TakeOver = Annotated[
    bool, typer.Option("--take-over", help="Replace another ledger's credentials; its publishers are cut off.")
]
CollectorPort = Annotated[int, typer.Option(min=1, max=65535, help="Port for Plantroom's own sessions.")]


@app.callback()
def _group() -> None:
    """The broker of a site."""


@app.command()
def config(
    out: Annotated[Path, typer.Option(help="Folder for the files; writing again keeps what is still good.")],
    tls_cert: Annotated[Path | None, typer.Option(help="The broker's certificate (PEM), with --tls-key.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its private key (PEM).")] = None,
    ca: Annotated[Path | None, typer.Option(help="The authority that signed it (PEM).")] = None,
    self_signed: SelfSigned = False,
    host: Annotated[
        list[str] | None, typer.Option(help="Name or address that publishers use; may be repeated.")
    ] = None,
    listen: Annotated[str, typer.Option(help="Address for publishers.")] = "0.0.0.0",  # noqa: S104
    port: Port = 8883,
    collector_listen: Annotated[str, typer.Option(help="Address for Plantroom's own sessions.")] = "127.0.0.1",
    collector_port: CollectorPort = 1883,
    collector_tls: Annotated[
        bool | None, typer.Option(help="TLS for them, too. Default: unless their address is loopback.")
    ] = None,
    client_certificates: Annotated[
        bool, typer.Option("--client-certificates", help="Publishers show a certificate instead of a password.")
    ] = False,
    queues: Annotated[Path | None, typer.Option(help="Folder of the broker's queues. Default: OUT/data.")] = None,
    user: Annotated[str | None, typer.Option(help="Who the broker runs as. Default: mosquitto for root.")] = None,
    take_over: TakeOver = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Write Mosquitto's configuration, passwords and access rules from the ledger's devices."""
    from gateway.broker.certificates import key_away
    from gateway.broker.files import CONFIGURATION, Address
    from gateway.broker.site import ENVIRONMENT, SiteBroker, write_site
    from gateway.broker.writing import renew_identity
    from plantroom.bootstrap.wire import bring, devices_of, guard

    folder = out.expanduser().absolute()
    wanted = SiteBroker(
        folder=folder,
        publishers=Address(_address(listen, "--listen"), port),
        collector=Address(_address(collector_listen, "--collector-listen"), collector_port),
        hosts=host or (),
        certificates=_given(tls_cert, tls_key, ca, self_signed),
        client_certificates=client_certificates,
        collector_tls=collector_tls,
        data=queues,
        user=user,
    )
    with opened(data_dir, begins=True) as parts:
        devices = devices_of(parts.ledger)
        first = renew_identity if take_over else guard(parts.ledger, devices)
        address = write_site(wanted, devices, parts.settings.broker, parts.clock.now(), first)
        told = bring(folder, parts.ledger, noted=True)
    in_force = sum(d.revoked_at is None for d in devices)
    document = {
        "config": str(folder / CONFIGURATION),
        "environment": str(folder / ENVIRONMENT),
        "devices": in_force,
        "publishers": f"mqtts://{wanted.names()[0]}:{port}",
        "collector": f"mqtt{'s' if address.tls else ''}://{address.host}:{address.port}",
    }
    emit(document, as_json, f"{folder / CONFIGURATION}\n{folder / ENVIRONMENT}")
    say(f"{in_force} devices. Broker: `mosquitto -c {folder / CONFIGURATION}`; a change of its ports needs a restart")
    say([*filter(None, [key_away(folder) if wanted.certificates is None else ""]), told])


@app.command()
def forget(
    out: Annotated[Path, typer.Option(help="The folder, as `plantroom check` names it.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """No longer wait for files that no broker reads any more; they themselves stay as they are."""
    with opened(data_dir) as parts, parts.ledger.begin() as tx:
        count = tx.devices.forget_files(str(out.expanduser().absolute()))
    if not count:
        raise NotFound(f"this ledger knows of no files in {out}")
    emit({"forgotten": count}, as_json, f"forgotten: {out}")


def _address(text: str, option: str) -> str:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        raise BadData(f"{option} {text!r}: use an address of this machine, such as 0.0.0.0 or 127.0.0.1") from None
    return text


def _given(cert: Path | None, key: Path | None, ca: Path | None, self_signed: bool) -> "Certificates | None":
    from gateway.broker.files import Certificates

    if cert is None and key is None and ca is None:
        return None
    if self_signed:
        raise BadData("--self-signed makes its own certificate: leave --tls-cert, --tls-key and --ca out")
    if cert is None or key is None:
        raise BadData("--tls-cert and --tls-key need each other")
    authority = None if ca is None else ca.expanduser().absolute()
    return Certificates(cert.expanduser().absolute(), key.expanduser().absolute(), authority)
