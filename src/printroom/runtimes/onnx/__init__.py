"""ONNX models: sessions, and the tile geometry that follows from a graph."""
