"use strict";
// Filters the list of errors. The filter stands in the address, as #errors?kind=missed&gold=PER, so that links lead
// to it, the browser's way back works and an address can be handed on. Without this script the whole list is shown.
(() => {
  const list = document.getElementById("error-list");
  if (!list) return;
  const items = [...list.children];
  const totals = JSON.parse(document.getElementById("totals").textContent);
  const names = ["kind", "gold", "predicted"];
  const choices = names.map((name) => document.getElementById(`filter-${name}`));
  const shown = document.getElementById("shown");
  const section = document.getElementById("errors");

  /** What the address asks for; null if it asks for another part of the page. */
  function asked() {
    const [place, query] = location.hash.slice(1).split(/\?(.*)/s);
    if (place !== "errors") return null;
    const given = new URLSearchParams(query || "");
    return names.map((name) => given.get(name) || "");
  }

  function matches(filter, values) {
    return filter.every((wanted, i) => !wanted || wanted === values[i]);
  }

  function show(filter) {
    let visible = 0;
    for (const item of items) {
      item.hidden = !matches(filter, names.map((name) => item.dataset[name]));
      visible += item.hidden ? 0 : 1;
    }
    const all = totals.reduce((sum, [kind, gold, predicted, count]) =>
      sum + (matches(filter, [kind, gold, predicted]) ? count : 0), 0);
    const number = (value) => value.toLocaleString("en");
    shown.textContent = `${number(visible)} of ${number(items.length)} listed errors; ` +
      `the test split has ${number(all)} of ${filter.some(Boolean) ? "this kind" : "every kind"}`;
    choices.forEach((choice, i) => {
      // An address may ask for what no option has: then nothing is listed, and the choice stands empty.
      choice.value = filter[i];
    });
  }

  function address(filter) {
    const parts = names.flatMap((name, i) => filter[i] ? [`${name}=${encodeURIComponent(filter[i])}`] : []);
    return parts.length ? `#errors?${parts.join("&")}` : "#errors";
  }

  function follow() {
    const filter = asked();
    if (filter === null) return;
    show(filter);
    // Such an address names no element: the browser does not go there by itself.
    section.scrollIntoView();
    section.focus({ preventScroll: true });
  }

  function choose(filter) {
    show(filter);
    history.pushState(null, "", address(filter));
  }

  choices.forEach((choice) => choice.addEventListener("change", () => choose(choices.map((each) => each.value))));
  document.getElementById("filter-clear").addEventListener("click", () => {
    choose(names.map(() => ""));
    choices[0].focus();
  });
  window.addEventListener("hashchange", follow);
  // Links to other parts of the page leave the filter as it is.
  window.addEventListener("popstate", () => {
    if (!location.hash || asked()) show(asked() || names.map(() => ""));
  });
  document.getElementById("filters").hidden = false;
  show(asked() || names.map(() => ""));
  follow();
})();
