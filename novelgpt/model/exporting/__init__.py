"""A loaded model → files that other programs load: a Hugging Face folder, ONNX, GGUF."""
