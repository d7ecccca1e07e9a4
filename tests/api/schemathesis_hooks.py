"""For schemathesis, which runs in a process of its own: how bodies of our kinds are sent."""

import schemathesis

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
