"""Where read models lie: MongoDB, and its mirror in Firestore."""
