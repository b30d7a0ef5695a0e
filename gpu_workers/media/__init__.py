"""Reading and writing of films, sound and speech, without any knowledge of models."""
