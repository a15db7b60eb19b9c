"""The contract of the readings stores, run on each of them; InfluxDB is a real server."""
