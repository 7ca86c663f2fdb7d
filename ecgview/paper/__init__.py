"""The calibrated page: settings, layout in millimetres, palettes, and the one painter."""
