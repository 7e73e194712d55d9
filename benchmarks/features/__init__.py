"""What each kind of column and several horizons do to accuracy, with and without, on the same rows."""
