"""The readers' commands: `instruments train`, `collect`, `import` and `nsynth`."""
