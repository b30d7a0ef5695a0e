"""Our own fleet: workers that speak Cog's HTTP protocol and the engines they run."""
