"""What is claimed of Tagline's speed and quality, each figure by `python -m benchmarks.X`."""

import os
import warnings

# Set before TensorFlow is imported: its messages, and the warning of TensorFlow Addons that it is no longer developed,
# would stand between the figures.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
warnings.filterwarnings("ignore", module="tensorflow_addons")
