"""Every setting of a pipeline: plain, frozen, checked data. Imports no TensorFlow and no TFX."""

from pipeline.settings.loading import DEFAULTS, load
from pipeline.settings.schema import METADATA, TUNING, Serving, Settings, SettingsError, is_bucket

__all__ = ["DEFAULTS", "METADATA", "TUNING", "Serving", "Settings", "SettingsError", "is_bucket", "load"]
