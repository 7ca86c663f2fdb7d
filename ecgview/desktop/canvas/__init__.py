"""The trace on calibrated paper: drawing, moving about, measuring, marking."""
