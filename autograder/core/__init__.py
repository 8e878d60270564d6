"""The nouns of the kit, and small tools: the standard library alone."""
