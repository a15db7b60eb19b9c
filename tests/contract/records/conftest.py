"""A ledger with a sealed history on each database."""

from tests.contract.ledger.conftest import empty_url, ledger, other, planted, url  # noqa: F401 (fixtures)
