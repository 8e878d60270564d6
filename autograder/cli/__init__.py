"""The commands, by who types them."""
