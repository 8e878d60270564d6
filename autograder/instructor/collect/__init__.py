"""Put the downloads of a learning management system into `submitted/`.

Here belongs code that knows the archives and file names of Moodle, Canvas and other systems.
"""
