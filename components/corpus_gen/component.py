"""CorpusGen's contract."""

from pathlib import Path

from tfx.components.example_gen.component import FileBasedExampleGen
from tfx.dsl.components.base import executor_spec

from components.corpus_gen.driver import CorpusGenDriver
from components.corpus_gen.executor import CorpusGenExecutor
from components.corpus_gen.settings import base_and_pattern, custom_config, input_config, output_config
from corpus.options import ReadOptions


class CorpusGen(FileBasedExampleGen):
    """Reads a tagged corpus into `tf.Example`.

    Outputs:
        examples: `standard_artifacts.Examples` with the splits train, dev and test in gzipped TFRecord files, and
            a `corpus.json` with counts, repairs and a fingerprint.
    """

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(CorpusGenExecutor)
    DRIVER_CLASS = CorpusGenDriver

    def __init__(
        self,
        input_base: str | Path,
        options: ReadOptions | None = None,
        code_hash: str = "",
    ) -> None:
        """Construct the component; reads no file.

        Args:
            input_base: the folder of the corpus, or its single file.
            options: how it is read.
            code_hash: a hash of the code that reads it; it only serves the cache.
        """
        base, pattern = base_and_pattern(str(input_base))
        super().__init__(
            input_base=base,
            input_config=input_config(pattern),
            output_config=output_config(),
            custom_config=custom_config(options or ReadOptions(), code_hash),
        )
