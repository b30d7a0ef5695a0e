"""Canvas: chat, uploads and plans of one session, in one order."""
