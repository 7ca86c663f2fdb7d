"""Reading an ECG: statements, annotations, the states of a read, blindness, and the store of all of it."""
