"""``device add|list|revoke|certificate``: credentials of publishers."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plantroom.cli.common import AsJson, DataDir, emit, opened, require_site, say
from plantroom.errors import BadData, NotFound, Unreachable

if TYPE_CHECKING:
    from plantroom.bootstrap.parts import Parts
    from plantroom.ports.devices import Device

app = typer.Typer(name="device", help="Credentials of publishers.", no_args_is_help=True)

Site = Annotated[str, typer.Option(help="Site code.")]
Client = Annotated[str, typer.Option(help="Name of the publisher within its site.")]
BY = "command line"


@app.callback()
def _group() -> None:
    """Credentials of publishers."""


@app.command()
def add(
    site: Site,
    client: Client,
    asset: Annotated[
        list[str] | None, typer.Option(help="Only for this asset's topics; may be repeated. Default: the whole site's.")
    ] = None,
    topic: Annotated[
        list[str] | None, typer.Option(help="A foreign dialect's topic filter, such as zigbee2mqtt/#; may be repeated.")
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Give a publisher its user name and password. The password is shown once and kept nowhere."""
    from gateway.broker.credentials import new_device

    with opened(data_dir) as parts:
        device, password = new_device(site, client, parts.clock.now(), BY, asset or (), topic or ())
        with parts.ledger.begin() as tx:
            tx.devices.add(device)
        emit(
            {"username": device.username, "password": password},
            as_json,
            f"username: {device.username}\npassword: {password}",
        )
        say("the password is shown this once")
        with parts.ledger.read() as tx:
            known = tx.assets.plant().codes
        for code in device.assets:
            if (site, code) not in known:
                say(f"warning: site {site} has no asset {code!r} (yet); what it sends is dead-lettered until it has")
        _tell(parts)


@app.command("list")
def list_devices(
    site: Annotated[str | None, typer.Option(help="Only this site.")] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Every credential, those that were revoked included."""
    with opened(data_dir) as parts, parts.ledger.read() as tx:
        require_site(tx, site)
        found = [d for d in tx.devices.list() if site in {None, d.site}]
    emit({"items": [_document(d) for d in found]}, as_json, list(map(_line, found)) or "no devices")


@app.command()
def revoke(site: Site, client: Client, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """End a publisher's credential for good; its connection ends with it."""
    with opened(data_dir) as parts:
        with parts.ledger.begin() as tx:
            device = tx.devices.revoke(_in_force(tx, site, client).id, parts.clock.now(), BY)
        _tell(parts)
        emit(_document(device), as_json, f"{device.username} is revoked")


@app.command()
def certificate(
    site: Site,
    client: Client,
    out: Annotated[Path, typer.Option(help="Folder for the certificate and its key.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Sign a client certificate with the authority that `broker config` made, for this credential and none after it."""
    from gateway.broker.certificates import client_certificate
    from gateway.broker.credentials import certificate_name
    from gateway.broker.files import takes_certificates
    from gateway.broker.writing import PRIVATE, PUBLIC, write_file
    from plantroom.bootstrap.wire import NOWHERE, broker_folder

    with opened(data_dir) as parts:
        folder = broker_folder(parts.settings)
        if folder is None:
            raise BadData(NOWHERE)
        with parts.ledger.read() as tx:
            device = _in_force(tx, site, client)
        signed, key = client_certificate(folder, certificate_name(device), parts.clock.now())
    files = out / f"{device.username}.crt", out / f"{device.username}.key"
    try:
        out.mkdir(parents=True, exist_ok=True)
        write_file(files[1], key, PRIVATE)
        write_file(files[0], signed, PUBLIC)
    except OSError as error:
        raise BadData(f"--out {out}: {error.strerror}") from error
    emit({"certificate": str(files[0]), "key": str(files[1])}, as_json, f"{files[0]}\n{files[1]}")
    if not takes_certificates(folder):
        say(
            f"warning: the broker of {folder} does not take it yet: write its configuration with `plantroom broker"
            " config --client-certificates` and start it again"
        )


def _in_force(tx: Any, site: str, client: str) -> "Device":
    device: Device | None = tx.devices.in_force(f"{site}.{client}")
    if device is None:
        raise NotFound(f"site {site!r} has no device {client!r} in force; `plantroom device list` shows them")
    return device


def _tell(parts: "Parts") -> None:
    from plantroom.bootstrap.wire import ForeignFiles, NotBrought, tell_broker

    try:
        say(tell_broker(parts.settings, parts.ledger))
    except NotBrought:
        raise
    except ForeignFiles as error:
        raise ForeignFiles(error.what, f"{error.problem}. This ledger has the change all the same") from error
    except Unreachable as error:
        raise Unreachable(
            error.what,
            f"{error.problem}; the ledger has the change, the broker does not: run `plantroom broker config`",
        ) from error


def _document(device: "Device") -> dict[str, Any]:
    from gateway.broker.credentials import certificate_name

    return {
        "id": device.id,
        "site": device.site,
        "client": device.client,
        "username": device.username,
        "certificate_name": certificate_name(device),
        "assets": list(device.assets),
        "topics": list(device.topics),
        "created_at": device.created_at.isoformat().replace("+00:00", "Z"),
        "revoked_at": device.revoked_at and device.revoked_at.isoformat().replace("+00:00", "Z"),
    }


def _line(device: "Device") -> str:
    reach = ", ".join([*device.assets, *device.topics]) or "every asset of its site"
    return f"{device.username}  {'revoked' if device.revoked_at else 'in force'}  {reach}"
