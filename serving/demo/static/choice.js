// The choice of a model and a version.

import { make } from "./view.js";

/** Whether a link may choose this version. */
export const isChoice = (value) => /^(versions\/\d+|labels\/[^/]+)$/.test(value ?? "");

/** The versions and labels of one model that can be chosen; "" is the latest version. */
export function choicesOf({ versions = [], labels = {} } = {}) {
  const newest = versions.find(({ state }) => state === "AVAILABLE");
  return [
    { value: "", text: newest ? `latest (${newest.version})` : "latest" },
    ...Object.entries(labels).map(([label, version]) => ({ value: `labels/${label}`, text: `${label} (${version})` })),
    ...versions.map(({ version, state }) => {
      const isAvailable = state === "AVAILABLE";
      const text = isAvailable ? version : `${version}, ${state.toLowerCase()}`;
      return { value: `versions/${version}`, text, disabled: !isAvailable };
    }),
  ];
}

/** Replaces the options and keeps the choice, also one that is gone: a choice never changes silently. */
export function setOptions(select, options) {
  const { value } = select;
  const all = [...options];
  if (value && !options.some((option) => option.value === value)) all.push(optionOf(value, ", not served"));
  select.replaceChildren(...all.map(({ text, ...option }) => make("option", option, text)));
  if (value) select.value = value;
}

/** Chooses a value that may not be an option yet. */
export function choose(select, value) {
  if (![...select.options].some((option) => option.value === value)) {
    const { text, ...option } = optionOf(value, "");
    select.append(make("option", option, text));
  }
  select.value = value;
}

const optionOf = (value, note) => ({ value, text: `${value.split("/").at(-1)}${note}` });
