"""Session services side by side: `make versus-sessions`."""
