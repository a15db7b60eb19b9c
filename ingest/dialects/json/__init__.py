"""The ``json`` dialect."""
