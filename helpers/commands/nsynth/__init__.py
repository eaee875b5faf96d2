"""The full NSynth, streamed from its archives on the web to features on disk."""
