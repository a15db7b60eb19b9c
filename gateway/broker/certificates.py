"""An authority and a server certificate of the site's own, for a broker that has no other."""

import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.broker.files import CA, CA_KEY, CERTIFICATE, KEY, Certificates
from gateway.broker.writing import PRIVATE, PUBLIC, SHARED, Owner, write_file
from plantroom.errors import BadData

CA_LIFE, LIFE = timedelta(days=3650), timedelta(days=397)
RENEW_BEFORE = timedelta(days=30)
CLOCKS_DIFFER = timedelta(hours=1)

Key = ec.EllipticCurvePrivateKey


def self_signed(folder: Path, hosts: Sequence[str], owner: Owner | None, now: datetime) -> Certificates:
    """Authority and server certificate in ``folder`` (ECDSA P-256), made where they are missing.

    The authority stays as it is, so that publishers who trust it go on doing so. The server's certificate is made
    anew when it ends within 30 days, lacks one of ``hosts``, or is not one that publishers would take; where the
    authority's key is kept elsewhere it serves to its last day (``key_away`` says so). Raises ``BadData`` for files
    that are no certificates of ours and for a key that is away and needed, ``OSError``.
    """
    found = Certificates(folder / CERTIFICATE, folder / KEY, folder / CA)
    if not (folder / CA).exists():
        _make_authority(folder, now)
    authority = _read(folder / CA)
    signer = _read_key(folder / CA_KEY) if (folder / CA_KEY).exists() else None
    if not _still_good(found, authority, hosts, now, RENEW_BEFORE if signer else timedelta()):
        key = ec.generate_private_key(ec.SECP256R1())
        signer = _signer(folder, authority)
        signed = _sign(key, hosts[0], authority, signer, now, _names(hosts), ExtendedKeyUsageOID.SERVER_AUTH)
        write_file(found.key, _pem(key), SHARED, owner)
        write_file(found.certificate, signed.public_bytes(serialization.Encoding.PEM), PUBLIC, owner)
    return found


def key_away(folder: Path) -> str:
    """What to say of an authority in ``folder`` whose key is kept elsewhere; empty when there is nothing to say."""
    if (folder / CA_KEY).exists() or not (folder / CA).exists():
        return ""
    ends = _read(folder / CERTIFICATE).not_valid_after_utc
    return (
        f"{CA_KEY} is not in {folder}: nothing was signed. The broker's certificate ends on {ends:%Y-%m-%d}; for a new"
        f" one put {CA_KEY} back for this command"
    )


def client_certificate(folder: Path, username: str, now: datetime) -> tuple[bytes, bytes]:
    """A publisher's certificate and key in PEM, signed by the authority in ``folder``. Raises ``BadData`` when there
    is none, or its key is kept elsewhere."""
    if not (folder / CA).exists():
        raise BadData(f"{folder} holds no authority of its own ({CA}): it signs no certificates")
    authority = _read(folder / CA)
    key = ec.generate_private_key(ec.SECP256R1())
    signed = _sign(key, username, authority, _signer(folder, authority), now, None, ExtendedKeyUsageOID.CLIENT_AUTH)
    return signed.public_bytes(serialization.Encoding.PEM), _pem(key)


def _signer(folder: Path, authority: x509.Certificate) -> Key:
    if not (folder / CA_KEY).exists():
        raise BadData(
            f"{CA_KEY} is not in {folder}, and a certificate has to be signed: put {CA_KEY} back for this command, or"
            f" remove {CA} to begin anew, which cuts off every publisher until it has the new {CA}"
        )
    signer = _read_key(folder / CA_KEY)
    if signer.public_key() != authority.public_key():
        raise BadData(f"{CA_KEY} does not belong to {CA} (in {folder}): publishers would refuse what it signs")
    return signer


def _make_authority(folder: Path, now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"Plantroom broker authority {now:%Y-%m-%d}")
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    made = (
        _begun(name, name, key.public_key(), now, CA_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    write_file(folder / CA_KEY, _pem(key), PRIVATE)
    write_file(folder / CA, made.public_bytes(serialization.Encoding.PEM), PUBLIC)


def _sign(
    key: Key,
    name: str,
    authority: x509.Certificate,
    signer: Key,
    now: datetime,
    names: x509.SubjectAlternativeName | None,
    purpose: x509.ObjectIdentifier,
) -> x509.Certificate:
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    builder = (
        _begun(_name(name), authority.subject, key.public_key(), now, LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(identifier, critical=False)
    )
    if names is not None:
        builder = builder.add_extension(names, critical=False)
    return builder.sign(signer, hashes.SHA256())


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return x509.CertificateBuilder(
        subject_name=subject,
        issuer_name=issuer,
        public_key=key,
        serial_number=x509.random_serial_number(),
        not_valid_before=now - CLOCKS_DIFFER,
        not_valid_after=now + life,
    )


def _name(text: str) -> x509.Name:
    try:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
    except ValueError:
        raise BadData(f"{text!r} is too long for a certificate's name (64 characters)") from None


def _names(hosts: Sequence[str]) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([_general(host) for host in hosts])


def _general(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return x509.DNSName(host)
    except ValueError:
        raise BadData(f"host {host!r} is no name that a certificate can hold") from None


def _still_good(
    found: Certificates, authority: x509.Certificate, hosts: Sequence[str], now: datetime, renew_before: timedelta
) -> bool:
    """Whether it is this authority's word for all of ``hosts``, ``now`` and ``renew_before`` from now."""
    if not (found.certificate.exists() and found.key.exists()):
        return False
    there = _read(found.certificate)
    if not there.not_valid_before_utc <= now < there.not_valid_after_utc - renew_before:
        return False
    if there.public_key() != _read_key(found.key).public_key():
        return False
    try:
        there.verify_directly_issued_by(authority)
        names = there.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return set(_names(hosts)) <= set(names)


def _read(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except ValueError:
        raise BadData(f"{path} is no certificate in PEM form") from None


def _read_key(path: Path) -> Key:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError):
        raise BadData(f"{path} is no private key in PEM form") from None
    if not isinstance(key, Key):
        raise BadData(f"{path} is not a key that Plantroom made")
    return key


def _pem(key: Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
