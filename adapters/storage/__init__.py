"""The store of bytes: a local folder or an object store."""
