"""Put the downloads of a learning management system into `submitted/`."""
