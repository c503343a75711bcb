"""One connection to an MQTT broker, for both who speak over it. The only import of paho."""
