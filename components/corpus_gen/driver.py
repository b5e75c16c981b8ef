"""CorpusGen's driver: the fingerprint that decides whether examples come from the cache."""

from __future__ import annotations

from typing import Any

from tfx.components.example_gen import driver, utils
from tfx.orchestration import data_types

from components.corpus_gen.settings import data_in, options_in
from corpus.splits.fingerprint import fingerprint
from corpus.splits.layout import find


class CorpusGenDriver(driver.FileBasedDriver):
    """TFX's driver with a fingerprint of the files' contents.

    TFX's own consists of sizes and dates: it misses a change in a sub-folder, or one of equal size within the same
    second, and changes when a file is merely copied or touched.
    """

    def resolve_exec_properties(
        self,
        exec_properties: dict[str, Any],
        pipeline_info: data_types.PipelineInfo,
        component_info: data_types.ComponentInfo,
    ) -> dict[str, Any]:
        """Resolve as TFX does, and set the fingerprint.

        Raises:
            CorpusError: the files are missing, or do not form splits.
        """
        layout = find(data_in(exec_properties), options_in(exec_properties))
        resolved = super().resolve_exec_properties(exec_properties, pipeline_info, component_info)
        resolved[utils.FINGERPRINT_PROPERTY_NAME] = fingerprint(layout)
        return resolved
