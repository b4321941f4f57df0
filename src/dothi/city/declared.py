"""What the city room teaches packs: migrations to a newer version, and the overrides of the running cities."""

from dothi.city import migrations, overrides  # noqa: F401 - both register themselves
