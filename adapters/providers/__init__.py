"""Providers of models, one folder each, behind the one interface of `processors.dispatcher.ports`."""
