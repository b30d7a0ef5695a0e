"""OpenAI: pictures and speech at once, videos by asking."""
