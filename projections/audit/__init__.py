"""The auditor: a second, simpler model of the books, which shares no rule with those who write them."""
