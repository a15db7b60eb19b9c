"""What settings are checked for beyond their type: files and addresses. Each raises ``ValueError`` with the reason."""

import ssl
from pathlib import Path
from urllib.parse import urlsplit


def web_address(text: str) -> str:
    """The address of a web page, without a slash at its end."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("is no address of a web page")
    return text.rstrip("/")


def file_place(path: Path) -> Path:
    """Where a file is, or may be made."""
    if path.is_dir():
        raise ValueError("is a folder")
    return path


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
