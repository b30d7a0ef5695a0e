"""Our own fleet: workers that speak Cog's HTTP protocol."""
