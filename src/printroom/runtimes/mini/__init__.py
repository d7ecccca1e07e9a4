"""The small generator of people: onnxruntime and numpy, training of a person included."""
