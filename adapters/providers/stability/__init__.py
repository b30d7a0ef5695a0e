"""Stability AI: pictures, sounds and objects at once, the creative upscaler by asking."""
