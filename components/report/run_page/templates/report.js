"use strict";
// Filters the list of errors. The filter is part of the address, as #errors?kind=missed&gold=PER, so that links to it
// work, the back button works and an address can be shared. Without this script the whole list is shown.
(() => {
  const list = document.getElementById("error-list");
  if (!list) return;
  const items = [...list.children];
  const totals = JSON.parse(document.getElementById("totals").textContent);
  const names = ["kind", "gold", "predicted"];
  const choices = names.map((name) => document.getElementById(`filter-${name}`));
  const shown = document.getElementById("shown");
  const section = document.getElementById("errors");

  /** The filter in the address; null if the address is another part of the page. */
  function addressFilter() {
    const [place, query] = location.hash.slice(1).split(/\?(.*)/s);
    if (place !== "errors") return null;
    const parameters = new URLSearchParams(query || "");
    return names.map((name) => parameters.get(name) || "");
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
      // An address may have a value that is no option: then nothing is listed, and the choice is empty.
      choice.value = filter[i];
    });
  }

  function address(filter) {
    const parts = names.flatMap((name, i) => filter[i] ? [`${name}=${encodeURIComponent(filter[i])}`] : []);
    return parts.length ? `#errors?${parts.join("&")}` : "#errors";
  }

  function follow() {
    const filter = addressFilter();
    if (filter === null) return;
    show(filter);
    // Such an address is no element's id: the browser does not scroll there by itself.
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
    if (!location.hash || addressFilter()) show(addressFilter() || names.map(() => ""));
  });
  document.getElementById("filters").hidden = false;
  show(addressFilter() || names.map(() => ""));
  follow();
})();
