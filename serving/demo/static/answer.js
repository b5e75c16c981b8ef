// Reads a tagger's answer: places in the text, entities, tag sequences. Independent of the page.

const LISTED = 6;
const SCHEME_TAG = /^([BIESLU])-(.+)$/s;

/** Offsets of a model count Unicode characters, JavaScript's strings UTF-16 units: the unit at which each begins. */
export function unitsOf(text) {
  const units = [];
  let at = 0;
  for (const character of text) {
    units.push(at);
    at += character.length;
  }
  units.push(at);
  return units;
}

/** Text that can be sent as UTF-8: half a surrogate pair becomes U+FFFD, which counts as one character too. */
export function wellFormed(text) {
  return text.replace(/[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]/g, (match) =>
    match.length === 2 ? match : "\ufffd");
}

/** The label of a tag: "PER" of "B-PER"; "" of "O"; the tag itself where `plain`. */
export function labelOf(tag, plain) {
  if (plain) return tag;
  const match = SCHEME_TAG.exec(tag);
  return match ? match[2] : "";
}

/** Whether the tags mark no entities but stand for themselves, as parts of speech do. */
export function arePlain(tags) {
  return tags.some((tag) => tag !== "O" && !SCHEME_TAG.test(tag));
}

/**
 * The entities that tags in BIO, BIOES or BILOU mark, as [first, after) tokens. As for conlleval, an
 * entity may begin without a B.
 */
export function spansOf(tags) {
  const spans = [];
  let open = null;
  tags.forEach((tag, index) => {
    const match = SCHEME_TAG.exec(tag);
    if (!match) {
      open = null;
      return;
    }
    const [, prefix, label] = match;
    if (!open || open.label !== label || "BSU".includes(prefix)) {
      open = { label, first: index, after: index };
      spans.push(open);
    }
    open.after = index + 1;
    if ("ELSU".includes(prefix)) open = null;
  });
  return spans;
}

/**
 * An answer for one text.
 *
 * @param {object} outputs of `explain` or `decode_text` for a batch of one
 * @param {string} text as it was sent
 * @returns tokens, entities, and from `explain` the most probable tag sequences
 * @throws {Error} when outputs are missing
 */
export function readAnswer(outputs, text) {
  const missing = ["tags", "starts", "ends", "confidence", "score"].filter((name) => !outputs?.[name]);
  if (missing.length) throw new Error(`the answer has no ${missing.join(", ")}: this is not a tagger's signature`);
  const units = unitsOf(text);
  const names = outputs.tag_names?.[0] ?? null;
  const tags = outputs.tags[0];
  const plain = arePlain(names ?? tags);
  const tokens = tags.map((tag, index) => ({
    index,
    tag,
    first: outputs.starts[0][index],
    after: outputs.ends[0][index],
    start: units[outputs.starts[0][index]],
    end: units[outputs.ends[0][index]],
    confidence: outputs.confidence[0][index],
    distribution: names && names.map((name, k) => ({ tag: name, probability: outputs.distribution[0][index][k] })),
  }));
  for (const token of tokens) token.text = text.slice(token.start, token.end);
  const answer = { text, plain, names, tokens, score: outputs.score[0], sequences: [] };
  answer.entities = entitiesOf(answer, tags);
  if (outputs.best_tags) {
    answer.sequences = outputs.best_tags[0]
      .map((best, rank) => ({ tags: best, probability: outputs.best_probability[0][rank] }))
      .filter((sequence) => sequence.probability > 0 && sequence.tags.every((tag) => tag !== ""))
      .map((sequence) => ({ ...sequence, entities: entitiesOf(answer, sequence.tags) }));
  }
  return answer;
}

function entitiesOf({ text, plain, tokens }, tags) {
  if (plain) return [];
  return spansOf(tags).map((span) => {
    const inside = tokens.slice(span.first, span.after);
    const [start, end] = [inside[0].start, inside.at(-1).end];
    // The lowest probability of its tokens: an upper bound for that of the entity.
    const confidence = Math.min(...inside.map((token) => token.confidence));
    return { ...span, start, end, confidence, text: text.slice(start, end) };
  });
}

/** Describes how `sequence` differs from `first`. */
export function difference(sequence, first, { plain, tokens }) {
  if (plain) {
    const others = tokens.filter(({ index }) => sequence.tags[index] !== first.tags[index]);
    return listed(others.map(({ index, text }) => `${text} ${sequence.tags[index]} instead of ${first.tags[index]}`));
  }
  const [added, removed] = [
    beyond(sequence.entities, first.entities),
    beyond(first.entities, sequence.entities),
  ].map((entities) => listed(entities.map(({ text, label }) => `${text} ${label}`)));
  if (added && removed) return `${added} instead of ${removed}`;
  if (added) return `also ${added}`;
  return removed && `without ${removed}`;
}

function listed(items) {
  const shown = items.slice(0, LISTED).join(", ");
  return items.length > LISTED ? `${shown} and ${items.length - LISTED} more` : shown;
}

/** The entities of the first list that the second lacks. */
export function beyond(entities, others) {
  const key = ({ first, after, label }) => `${first} ${after} ${label}`;
  const keys = new Set(others.map(key));
  return entities.filter((entity) => !keys.has(key(entity)));
}

/** A probability in percent; only exactly 0 and 1 are shown as 0 % and 100 %. */
export function percent(probability) {
  if (probability === 0 || probability === 1) return `${100 * probability}\u00a0%`;
  if (probability > 0.9995) return "> 99.9\u00a0%";
  if (probability < 0.0005) return "< 0.1\u00a0%";
  return `${(100 * probability).toFixed(1)}\u00a0%`;
}
