"""Where read models lie: MongoDB, and its mirror in Firestore."""

from typing import Final

DATABASE: Final = "studio"
"""MongoDB's."""
