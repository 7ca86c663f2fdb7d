"""EchoNext in its published layout: metadata, waveforms, tabular features (credentialed data; methods F)."""
