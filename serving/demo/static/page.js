// The page: text and choice of model, the answer to them, and the link that restores both.

import { labelOf, percent, readAnswer, wellFormed } from "./answer.js";
import { choicesOf, choose, isChoice, setOptions } from "./choice.js";
import { copy, flash } from "./copying.js";
import * as server from "./server.js";
import { samples } from "./samples.js";
import { tipOver } from "./tip.js";
import { counted, drawDistribution, drawSequences, drawText, fillTip, isUnsure, learnLabels, make } from "./view.js";

const PAUSE = 120; // milliseconds after the last key
const PAUSE_FOR_LONG = 500;
const LONG_TEXT = 4000;
const LONGEST_LINK = 8000; // characters; longer addresses get lost on the way
const REMEMBER = 500; // milliseconds after a request: browsers refuse to change the address too often
const REFRESH = 10000; // milliseconds between two polls of the versions

const $ = (id) => document.getElementById(id);
const model = $("model");
const modelName = $("model-name");
const version = $("version");
const text = $("text");
const marked = $("marked");

let models = [];
let listed = true; // whether the server lists its models; TensorFlow Serving itself does not
let answer = null;
let chosen = 0; // the token whose distribution is shown
let running = null; // aborts the request under way
let timer = 0;
let remembering = 0;
let unreachable = false;

const chosenModel = () => (listed ? model.value : modelName.value.trim());

// -- the choice of a model and a version

async function refreshModels() {
  const all = listed ? await server.listModels() : null;
  if (all) {
    models = all;
  } else {
    listed = false;
    models = chosenModel() ? [await server.statusOf(chosenModel())] : [];
  }
  model.hidden = !listed;
  modelName.hidden = listed;
  if (listed) {
    setOptions(model, models.map(({ name }) => ({ value: name, text: name })));
    model.disabled = model.options.length < 2;
  }
  offerVersions();
}

function offerVersions() {
  const choices = choicesOf(models.find(({ name }) => name === chosenModel()));
  const offered = JSON.stringify([chosenModel(), choices]);
  if (offered === version.dataset.offered) return;
  version.dataset.offered = offered;
  setOptions(version, choices);
  server.forgetSignatures();
}

async function refreshQuietly() {
  if (document.visibilityState !== "visible") return;
  const before = version.dataset.offered;
  try {
    await refreshModels();
  } catch {
    return; // the next request reports it
  }
  if (unreachable || before !== version.dataset.offered) requestNow();
}

// -- requests

function requestSoon() {
  clearTimeout(timer);
  timer = setTimeout(requestNow, text.value.length > LONG_TEXT ? PAUSE_FOR_LONG : PAUSE);
}

async function requestNow() {
  clearTimeout(timer);
  running?.abort();
  const mine = (running = new AbortController());
  const input = wellFormed(text.value);
  clearTimeout(remembering);
  remembering = setTimeout(remember, REMEMBER);
  if (!input.trim()) {
    show(null);
    return;
  }
  if (!chosenModel()) {
    complain(new server.Trouble(listed ? "The server has no model." : "Give the name of a model."));
    return;
  }
  $("answer").setAttribute("aria-busy", "true");
  try {
    const response = await server.ask(chosenModel(), version.value, input, mine.signal);
    // A request whose body has arrived already is not ended by aborting it.
    if (mine !== running) return;
    show(readAnswer(response.outputs, input), response);
  } catch (error) {
    if (mine === running && !server.isAborted(error)) complain(error);
  } finally {
    if (mine === running) $("answer").setAttribute("aria-busy", "false");
  }
}

function complain(error) {
  if (!(error instanceof server.Trouble)) console.error(error);
  show(null);
  unreachable = Boolean(error.unreachable);
  $("empty").hidden = true;
  const again = make("button", { type: "button", className: "quiet" }, "Try again");
  again.addEventListener("click", requestNow);
  $("trouble").replaceChildren(error.message, " ", again);
  $("trouble").hidden = false;
  if (error.outdated) refreshQuietly();
  $("answer").setAttribute("aria-busy", "false");
}

// -- showing

function show(next, response = null) {
  const before = answer;
  answer = next;
  unreachable = false;
  tip.hide();
  $("trouble").hidden = true;
  $("empty").hidden = next !== null;
  const explained = Boolean(next?.names);
  $("token").hidden = !explained || next.tokens.length === 0;
  $("best").hidden = !explained || next.sequences.length === 0;
  $("request").hidden = next === null;
  $("limits").hidden = next === null || explained;
  if (!next) {
    marked.replaceChildren();
    $("summary").textContent = "";
    $("status").textContent = "";
    $("answer").setAttribute("aria-busy", "false");
    return;
  }
  const name = chosenModel();
  if (next.names) learnLabels(name, next.names.map((tag) => labelOf(tag, next.plain)));
  const focused = marked.contains(document.activeElement);
  drawText(marked, next, {
    model: name,
    tags: next.tokens.map(({ tag }) => tag),
    entities: next.entities,
    buttons: true,
  });
  $("status").textContent = summaryOf(next);
  const milliseconds = Math.max(1, Math.round(response.milliseconds));
  $("summary").textContent = `${summaryOf(next)}, answered in ${milliseconds}\u00a0ms.`;
  $("dashed").hidden = !next.entities.some(isUnsure);
  $("limits").textContent =
    "This model has no signature explain: other tag sequences and each token's distribution cannot be shown.";
  $("curl").textContent = server.asCurl(response.request);
  $("python").textContent = server.asPython(response.request);
  if (explained) drawSequences({ list: $("sequences"), rest: $("sequences-rest") }, next, name);
  const same = before?.text === next.text && chosen < next.tokens.length;
  if (next.tokens.length) chooseToken(same ? chosen : leastCertain(next), focused);
}

function summaryOf({ plain, entities, tokens, score }) {
  const counts = plain ? "" : `${counted(entities.length, "entity")} in `;
  return `${counts}${counted(tokens.length, "token")}, probability of all tags ${percent(score)}`;
}

const leastCertain = ({ tokens }) =>
  tokens.reduce((least, token) => (token.confidence < tokens[least].confidence ? token.index : least), 0);

const elementOf = (index) => marked.querySelector(`[data-token="${index}"]`);

/** Shows a token's distribution and makes it the one that Tab reaches. */
function chooseToken(index, focus = false) {
  const old = marked.querySelector("[aria-current]");
  old?.removeAttribute("aria-current");
  if (old) old.tabIndex = -1;
  chosen = index;
  const token = answer.tokens[index];
  const element = elementOf(index);
  element.setAttribute("aria-current", "true");
  element.tabIndex = 0;
  if (focus) element.focus();
  if (!token.distribution) return;
  $("token-text").textContent = token.text;
  const place = `characters ${token.first} to ${token.after}`;
  $("token-place").textContent = index === leastCertain(answer) ? `${place}, the least certain` : place;
  drawDistribution({ list: $("distribution"), rest: $("distribution-rest") }, token, {
    model: chosenModel(),
    plain: answer.plain,
  });
}

// -- walking over the tokens

const tip = tipOver(marked, $("tip"), (element) => {
  const token = answer?.tokens[Number(element.dataset.token)];
  return Boolean(token && fillTip($("tip"), token, answer, chosenModel()));
});

marked.addEventListener("focusin", (event) => {
  if (!event.target.dataset.token) return;
  chooseToken(Number(event.target.dataset.token));
  tip.show(event.target);
});
marked.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !answer) return;
  const last = answer.tokens.length - 1;
  const firsts = answer.plain ? answer.tokens.map(({ index }) => index) : answer.entities.map(({ first }) => first);
  const next = {
    ArrowRight: () => Math.min(chosen + 1, last),
    ArrowLeft: () => Math.max(chosen - 1, 0),
    ArrowDown: () => firsts.find((first) => first > chosen) ?? last,
    ArrowUp: () => firsts.findLast((first) => first < chosen) ?? 0,
    Home: () => 0,
    End: () => last,
    Enter: () => chosen,
    " ": () => chosen,
  }[event.key];
  if (!next) return;
  event.preventDefault();
  chooseToken(next(), true);
  tip.show(elementOf(chosen));
});

// -- the link

/** Puts text and choice into the address, so that it can be shared. */
function remember() {
  const state = new URLSearchParams();
  if (text.value) state.set("text", text.value);
  if (!listed || models.length > 1) state.set("model", chosenModel());
  if (version.value) state.set("version", version.value);
  const hash = String(state);
  const fits = hash && hash.length <= LONGEST_LINK;
  history.replaceState(null, "", fits ? `#${hash}` : location.pathname + location.search);
}

/** Takes text and choice from the address; false if it holds no text. */
function recall() {
  const state = new URLSearchParams(location.hash.slice(1));
  text.value = state.get("text") ?? "";
  const name = state.get("model");
  if (name) {
    modelName.value = name;
    choose(model, name);
  }
  choose(version, isChoice(state.get("version")) ? state.get("version") : "");
  return state.has("text");
}

// -- wiring

for (const button of document.querySelectorAll("[data-copies]")) {
  button.addEventListener("click", async () => {
    await copy($(button.dataset.copies).textContent);
    flash(button, "Copied", $("status"));
  });
}
$("share").addEventListener("click", async () => {
  remember();
  if (text.value && !location.hash) {
    flash($("share"), "Too long for a link", $("status"));
    return;
  }
  await copy(location.href);
  flash($("share"), "Link copied", $("status"));
});
$("clear").addEventListener("click", () => {
  text.value = "";
  requestNow();
  text.focus();
});
$("samples").append(...samples.map((sample) => {
  const button = make("button", { type: "button", className: "sample" }, sample);
  button.addEventListener("click", () => {
    text.value = sample;
    requestNow();
  });
  return make("li", {}, button);
}));
text.addEventListener("input", requestSoon);
version.addEventListener("change", requestNow);
model.addEventListener("change", () => {
  version.value = "";
  offerVersions();
  requestNow();
});
modelName.addEventListener("change", async () => {
  version.value = "";
  try {
    await refreshModels();
    requestNow();
  } catch (error) {
    complain(error);
  }
});
addEventListener("hashchange", () => {
  clearTimeout(remembering);
  recall();
  offerVersions();
  requestNow();
});
addEventListener("visibilitychange", refreshQuietly);
setInterval(refreshQuietly, REFRESH);

const recalled = recall();
try {
  await refreshModels();
  if (!recalled) text.value = samples[0];
  requestNow();
} catch (error) {
  complain(error);
}
