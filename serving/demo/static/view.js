// Draws an answer. Strings from a text or a model are set as text, never as HTML.

import { beyond, difference, labelOf, percent } from "./answer.js";

const COLOURS = 12;
const SHOWN_TAGS = 5;
const UNSURE_BELOW = 0.8;
// The sequences of a longer text scroll within their own box.
const LONG_TEXT = 600;

const slots = new Map();

/** Gives each label a colour for as long as the page is open, in alphabetical order. */
export function learnLabels(model, labels) {
  for (const label of [...new Set(labels)].filter(Boolean).sort()) {
    const key = `${model} ${label}`;
    const taken = [...slots.keys()].filter((other) => other.startsWith(`${model} `)).length;
    if (!slots.has(key)) slots.set(key, taken % COLOURS);
  }
}

function colourOf(model, label) {
  if (!label) return "none";
  learnLabels(model, [label]);
  return `colour-${slots.get(`${model} ${label}`)}`;
}

/** Whether an entity is drawn with a dashed line. */
export const isUnsure = (entity) => entity.confidence < UNSURE_BELOW;

/** An element with properties, or attributes where their name has a dash, and children; strings become text. */
export function make(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes("-") || key === "role") element.setAttribute(key, value);
    else element[key] = value;
  }
  element.append(...children);
  return element;
}

/**
 * The text with its entities marked, or its tags under the tokens. With `buttons` tokens are buttons, of which one
 * is reached by Tab and the others by arrows.
 */
export function drawText(into, answer, { model, tags, entities, fresh = null, buttons = false }) {
  const pieces = document.createDocumentFragment();
  const starting = new Map(entities.map((entity) => [entity.first, entity]));
  let at = 0;
  let target = pieces;
  let until = -1;
  for (const token of answer.tokens) {
    if (token.index === until) target = pieces;
    target.append(answer.text.slice(at, token.start));
    const entity = starting.get(token.index);
    if (entity) {
      const mark = make("mark", {
        className: [
          "entity",
          colourOf(model, entity.label),
          ...(fresh && !fresh.includes(entity) ? ["same"] : []),
          ...(buttons && isUnsure(entity) ? ["unsure"] : []),
        ].join(" "),
        "data-label": entity.label,
      });
      pieces.append(mark);
      target = mark;
      until = entity.after;
    }
    target.append(drawToken(token, answer, { model, tag: tags[token.index], entity, buttons }));
    at = token.end;
  }
  pieces.append(answer.text.slice(at));
  into.replaceChildren(pieces);
  into.classList.toggle("plain", answer.plain);
}

function drawToken(token, answer, { model, tag, buttons }) {
  const properties = { className: "word" };
  if (buttons) {
    Object.assign(properties, {
      role: "button",
      tabIndex: -1,
      "data-token": token.index,
      "aria-label": `${token.text}, ${tag} ${percent(token.confidence)}`,
    });
  }
  if (!answer.plain) return make("span", properties, token.text);
  properties.className = `word ${colourOf(model, tag)}`;
  properties["data-tag"] = tag;
  return make("span", properties, token.text);
}

/** Draws the bars of one token's most probable tags, and the sum of the others. */
export function drawDistribution({ list, rest }, token, { model, plain }) {
  const ranked = [...token.distribution].sort((a, b) => b.probability - a.probability);
  const shown = ranked.slice(0, SHOWN_TAGS);
  list.replaceChildren(...shown.map(({ tag, probability }) => {
    const bar = make("span", { className: "bar", "aria-hidden": "true" }, make("span", { className: "fill" }));
    bar.firstChild.style.setProperty("--share", probability);
    return make(
      "li",
      { className: `${colourOf(model, labelOf(tag, plain))}${tag === token.tag ? " best" : ""}` },
      make("span", { className: "tag" }, tag),
      bar,
      make("span", { className: "number" }, percent(probability)),
    );
  }));
  const others = ranked.slice(SHOWN_TAGS);
  const left = others.reduce((sum, { probability }) => sum + probability, 0);
  rest.textContent = others.length ? `${counted(others.length, "other tag")}, ${percent(left)} together` : "";
}

/** Draws the most probable tag sequences, each with its difference from the first. */
export function drawSequences({ list, rest }, answer, model) {
  const [first] = answer.sequences;
  list.replaceChildren(...answer.sequences.map((sequence, rank) => {
    const text = make("p", { className: "marked" });
    if (answer.text.length > LONG_TEXT) {
      text.tabIndex = 0;
      text.classList.add("long");
    }
    drawText(text, answer, {
      model,
      tags: sequence.tags,
      entities: sequence.entities,
      fresh: rank ? beyond(sequence.entities, first.entities) : null,
    });
    const note = rank ? difference(sequence, first, answer) : "";
    return make(
      "li",
      {},
      make("p", { className: "share" },
        make("span", { className: "number" }, percent(sequence.probability)), " "),
      make("div", {}, text, ...(note ? [make("p", { className: "note difference" }, note)] : [])),
    );
  }));
  const left = 1 - answer.sequences.reduce((sum, { probability }) => sum + probability, 0);
  rest.textContent = left >= 0.0005 ? `All other sequences together: ${percent(left)}` : "";
}

/** "1 token", "3 tokens", "3 entities". */
export function counted(number, noun) {
  if (number === 1) return `1 ${noun}`;
  return `${number} ${noun.endsWith("y") ? `${noun.slice(0, -1)}ies` : `${noun}s`}`;
}

/** Fills the tip with a token's entity, or its tag where tags are plain; null if it has neither. */
export function fillTip(tip, token, answer, model) {
  const entity = answer.entities.find(({ first, after }) => first <= token.index && token.index < after);
  if (!entity && !answer.plain) return null;
  const [label, probability] = entity ? [entity.label, entity.confidence] : [token.tag, token.confidence];
  tip.className = `tip ${colourOf(model, label)}`;
  const size = entity ? entity.after - entity.first : 1;
  tip.replaceChildren(
    make("span", { className: "tip-head" },
      make("span", { className: "tip-label" }, label), " ",
      make("span", { className: "number" }, percent(probability))),
    ...(size > 1 ? [make("span", { className: "note" }, `least of its ${size} tokens`)] : []),
  );
  return entity ?? token;
}
