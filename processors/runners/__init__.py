"""Runners: what turns pure deciders, reactions and tickers into processes on the log."""
