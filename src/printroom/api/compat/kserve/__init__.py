"""`/v2`: the Open Inference Protocol, tensors in and tensors out."""
