"""A host of plugins, and plugins that try what they must not."""
