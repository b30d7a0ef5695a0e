"""The log: the only code of the house that speaks Kafka for events."""
