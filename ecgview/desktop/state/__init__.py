"""What one window knows and what can be done to it, without a widget."""
