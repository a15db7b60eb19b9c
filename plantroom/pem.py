"""Certificates and keys in PEM files."""

import ssl
from pathlib import Path


def readable_certificates(path: Path) -> Path:
    """``path`` when it holds certificates in PEM. Raises ``ValueError`` with the reason."""
    try:
        ssl.create_default_context(cafile=str(path))
    except ssl.SSLError:
        raise ValueError("holds no certificate in PEM form") from None
    except OSError as error:
        raise ValueError(error.strerror or "cannot be read") from None
    return path


def require_key(certificate: Path, key: Path) -> None:
    """Raise ``ValueError`` unless ``key`` is the certificate's private key, in PEM and without a passphrase."""

    def no_passphrase() -> str:
        raise ValueError("is protected by a passphrase")

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key, no_passphrase)
    except ssl.SSLError:
        raise ValueError("is no private key in PEM form, or not that of the certificate") from None
    except OSError as error:
        raise ValueError(error.strerror or "cannot be read") from None
