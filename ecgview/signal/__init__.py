"""Signal processing: filters, resampling, beats, measurements, quality."""
