"""Who asks: keys, and the codes that a page trades for one."""
