// Calls the model server by TensorFlow Serving's own REST API.

/** A failure, with a message for the user. */
export class Trouble extends Error {
  /** @param {{unreachable?: boolean, outdated?: boolean}} kind no server; or an unknown model or version */
  constructor(message, kind = {}) {
    super(message);
    Object.assign(this, kind);
  }
}

/** Whether a request was aborted, since the user has changed text or choice. */
export const isAborted = (error) => error.name === "AbortError";

/** Models with versions and labels, from the embedded server; null from a server that does not list them. */
export async function listModels() {
  const response = await reach("demo/models.json", { cache: "no-store" });
  return response.ok ? (await parsed(response)).models : null;
}

/** The versions of one model, by TensorFlow Serving's own status call. */
export async function statusOf(model) {
  const status = await parsed(await accepted(await reach(modelPath(model))));
  return {
    name: model,
    labels: {},
    versions: status.model_version_status.map(({ version, state }) => ({ version, state })),
  };
}

/** `choice` is "" for the latest version, or "versions/3", or "labels/stable". */
export function modelPath(model, choice = "") {
  const parts = ["v1", "models", model, ...(choice ? choice.split("/") : [])];
  return parts.map(encodeURIComponent).join("/");
}

const signatures = new Map();

/** The better of the two signatures that the model has: `explain`, or `decode_text`. */
async function signatureOf(model, choice, signal) {
  const path = `${modelPath(model, choice)}/metadata`;
  if (!signatures.has(path)) {
    const metadata = await parsed(await accepted(await reach(path, { signal })));
    const names = Object.keys(metadata.metadata?.signature_def?.signature_def ?? {});
    const signature = ["explain", "decode_text"].find((name) => names.includes(name));
    if (!signature) {
      const others = names.filter((name) => !name.startsWith("__")).join(", ") || "none";
      throw new Trouble(`This model takes no text: it has neither explain nor decode_text. Its signatures: ${others}.`);
    }
    signatures.set(path, signature);
  }
  return signatures.get(path);
}

/** After a change of versions the latest, or a label, may be another model. */
export function forgetSignatures() {
  signatures.clear();
}

/** The request for one text: its address and its body. */
export function requestFor(model, choice, signature, text) {
  return {
    url: new URL(`${modelPath(model, choice)}:predict`, document.baseURI).href,
    body: JSON.stringify({ signature_name: signature, inputs: { text: [text] } }),
  };
}

/** Sends one text; returns the outputs and the request. */
export async function ask(model, choice, text, signal) {
  const signature = await signatureOf(model, choice, signal);
  const request = requestFor(model, choice, signature, text);
  const begun = performance.now();
  const response = await reach(request.url, {
    method: "POST",
    body: request.body,
    headers: { "Content-Type": "application/json" },
    signal,
  });
  if (response.status === 400) forgetSignatures();
  const { outputs } = await parsed(await accepted(response));
  return { outputs, request, signature, milliseconds: performance.now() - begun };
}

async function reach(address, options) {
  try {
    return await fetch(new URL(address, document.baseURI), options);
  } catch (error) {
    if (isAborted(error)) throw error;
    throw new Trouble(`The server at ${location.host} does not answer. Is it still running?`, {
      unreachable: true,
    });
  }
}

async function accepted(response) {
  if (response.ok) return response;
  let message = "";
  try {
    message = (await response.json()).error ?? "";
  } catch (error) {
    if (isAborted(error)) throw error;
  }
  const meaning = {
    404: "The server does not have this model or version (any more).",
    413: "The text is too long for the server.",
    429: "The server is overloaded.",
    503: "The server is unavailable.",
    504: "The request took too long.",
  }[response.status] ?? `The server refused the request (HTTP ${response.status}).`;
  throw new Trouble(message ? `${meaning} Its message: ${message}` : meaning, { outdated: response.status === 404 });
}

async function parsed(response) {
  try {
    return await response.json();
  } catch (error) {
    if (isAborted(error)) throw error;
    throw new Trouble("The server did not answer with JSON. Is it a model server?");
  }
}

/** The request for a shell. */
export function asCurl({ url, body }) {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  return `curl -s ${quoted(url)} -d ${quoted(body)}`;
}

/** The request for Python's standard library. JSON without numbers, true or null is Python as it stands. */
export function asPython({ url, body }) {
  return [
    "import json",
    "import urllib.request",
    "",
    `body = ${body}`,
    "request = urllib.request.Request(",
    `    ${JSON.stringify(url)},`,
    "    data=json.dumps(body).encode(),",
    '    headers={"Content-Type": "application/json"},',
    ")",
    "with urllib.request.urlopen(request) as response:",
    '    outputs = json.load(response)["outputs"]',
    "print(json.dumps(outputs))",
  ].join("\n");
}
