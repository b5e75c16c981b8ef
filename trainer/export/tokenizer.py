"""The tokenizer of `tagging.tokenizer` in stock TensorFlow ops, for the exported model.

Shape letters: B texts, N characters of all texts together with one space after each, M those of
them that are not extenders, S tokens of all texts.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from tagging.characters import CharClass, TokenizerName, class_table

# The class of a symbol that a zero-width joiner ties to the character before it; beyond those of the table.
_TIED = len(CharClass)


class Tokens(NamedTuple):
    """The tokens of all texts of a batch, one after another.

    Attributes:
        tokens: string[S], UTF-8.
        starts: int32[S], the token's first Unicode character in its text.
        ends: int32[S], the Unicode character after its last.
        lengths: int32[B], tokens in each text.
    """

    tokens: tf.Tensor
    starts: tf.Tensor
    ends: tf.Tensor
    lengths: tf.Tensor


def tokenize(texts: tf.Tensor, tokenizer: TokenizerName = "words") -> Tokens:
    """Tokenize as `tagging.tokenizer.tokenize` does, any number of texts of any length, 0 included.

    Bytes that are not UTF-8 are read as U+FFFD, the replacement character; tokens and offsets refer to
    the text with it. In tokens it also stands for the 66 code points that Unicode assigns to no character
    for ever, such as U+FFFE: TensorFlow writes them so.

    Args:
        texts: string[B].
        tokenizer: whose table of characters the graph gets.
    """
    characters = tf.strings.unicode_decode(texts, "UTF-8", errors="replace")  # int32[B, (characters)]
    count = characters.nrows(tf.int32)
    # A space after each text separates it from the next, and ends its last token.
    spaced = tf.concat([characters, tf.fill([count, 1], ord(" "))], axis=1)
    codes = spaced.flat_values  # int32[N]
    row_starts = tf.cast(spaced.row_starts(), tf.int32)  # int32[B]

    classes, base = _bases(_classes(codes, tokenizer))  # int32[N], bool[N]
    positions = tf.cast(tf.where(base)[:, 0], tf.int32)  # int32[M]
    base_classes = tf.boolean_mask(classes, base)  # int32[M]

    begins = _begins(base_classes)  # bool[M]
    # A token ends where the next token or a space begins, so it includes its extenders.
    cuts = begins | _is(base_classes, CharClass.SPACE)  # bool[M]
    cut_positions = tf.boolean_mask(positions, cuts)
    opens_token = tf.boolean_mask(begins, cuts)[:-1]  # the last cut is the space after the last text
    starts = tf.boolean_mask(cut_positions[:-1], opens_token)  # int32[S]
    ends = tf.boolean_mask(cut_positions[1:], opens_token)  # int32[S]

    pieces = tf.gather(codes, tf.ragged.range(starts, ends))  # int32[S, (characters)]
    words = tf.strings.unicode_encode(pieces, "UTF-8")  # string[S]
    # Not by the ragged tensor's value_rowids, whose memory is texts times longest text.
    rows = tf.searchsorted(row_starts, starts, side="right") - 1  # int32[S]
    origins = tf.gather(row_starts, rows)  # int32[S]
    return Tokens(
        tokens=words,
        starts=starts - origins,
        ends=ends - origins,
        lengths=tf.math.bincount(rows, minlength=count, maxlength=count),
    )


def _classes(codes: tf.Tensor, tokenizer: TokenizerName) -> tf.Tensor:
    """Look up the `CharClass` of each code point, int32[N]."""
    boundaries, classes = class_table(tokenizer)
    ranges = tf.searchsorted(tf.constant(boundaries, tf.int32), codes, side="right") - 1
    return tf.gather(tf.constant(classes, tf.int32), ranges)


def _bases(classes: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Resolve extenders and joiners.

    Returns:
        The classes with symbols tied and with extenders that have nothing to extend made symbols,
        int32[N]; and which characters the rules apply to, all but extenders, bool[N].
    """
    before = _shift_right(classes)
    extender = _is(classes, CharClass.EXTENDER, CharClass.LINK)
    alone = extender & _is(before, CharClass.SPACE)
    tied = _is(classes, CharClass.OTHER) & _is(before, CharClass.LINK)
    settled = tf.where(alone, int(CharClass.OTHER), tf.where(tied, _TIED, classes))
    return settled, ~extender | alone


def _begins(here: tf.Tensor) -> tf.Tensor:
    """Decide whether a token begins at each character, by the classes of its neighbours: bool[M]."""
    before = _shift_right(here)
    before_that = _shift_right(before)
    after = tf.concat([here[1:], [int(CharClass.SPACE)]], axis=0)

    word, word_before = _is_word(here), _is_word(before)
    between_words = word_before & _is_word(after)  # of the character here
    after_between_words = _is_word(before_that) & word  # of the character before
    digit, digit_before = _is(here, CharClass.DIGIT), _is(before, CharClass.DIGIT)

    joined = (
        (word_before & word)
        | (_is(here, CharClass.NUMBER_JOINER) & digit_before & _is(after, CharClass.DIGIT))
        | (_is(before, CharClass.NUMBER_JOINER) & _is(before_that, CharClass.DIGIT) & digit)
        | (_is(here, CharClass.WORD_JOINER) & between_words)
        | (_is(before, CharClass.WORD_JOINER, CharClass.APOSTROPHE) & after_between_words)
        | (_is(before, CharClass.SIGIL) & ~_is_word(before_that) & word)
        | (_is(here, _TIED) & _is(before, CharClass.OTHER, _TIED))
    )
    return ~_is(here, CharClass.SPACE) & ~joined


def _shift_right(classes: tf.Tensor) -> tf.Tensor:
    """Return the class of the character before each; a space before the first."""
    return tf.concat([[int(CharClass.SPACE)], classes[:-1]], axis=0)[: tf.size(classes)]


def _is(classes: tf.Tensor, *wanted: int) -> tf.Tensor:
    return tf.reduce_any([tf.equal(classes, int(each)) for each in wanted], axis=0)


def _is_word(classes: tf.Tensor) -> tf.Tensor:
    return _is(classes, CharClass.WORD, CharClass.DIGIT)
