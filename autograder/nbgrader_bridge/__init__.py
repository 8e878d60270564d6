"""nbgrader, as far as the kit uses it. Only this package imports it: that takes seconds."""

import sys

# jsonschema would build a large grammar at import, to check a kind of address that no notebook holds.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
