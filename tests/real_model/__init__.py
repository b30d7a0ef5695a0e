"""A small real language model on the same wire: only where `STUDIO_TEST_REAL_MODEL` names a folder that has one."""
