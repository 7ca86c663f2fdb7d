"""The panels beside the trace, one file each; each module holds `PANEL` and knows no other panel."""
