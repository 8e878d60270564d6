"""nbgrader, as far as the kit uses it. Only this package imports it: that takes seconds."""

import os
import sys
import sysconfig

# jsonschema would build a large grammar at import, to check a kind of address that no notebook holds.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

# nbgrader calls `alembic` by its name when it makes a gradebook, also where nobody has activated this environment.
os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", os.defpath)])
