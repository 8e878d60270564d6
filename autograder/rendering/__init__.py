"""HTML that several pages share: the templates and what fills them."""
