"""Dialect: Zigbee2MQTT."""
