"""ElevenLabs: voices, sounds and music, each the answer to its call."""
