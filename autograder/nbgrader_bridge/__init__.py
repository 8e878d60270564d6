"""All use of nbgrader: only this package imports it, because the import takes seconds."""

import os
import sys
import sysconfig

# At import jsonschema would build a large grammar, for a kind of address that no notebook holds.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

# nbgrader calls `alembic` by name when it makes a gradebook. It must be found if nobody activated this environment.
os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", os.defpath)])
