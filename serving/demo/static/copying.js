// Copying to the clipboard, and saying that it was done.

const TOLD_FOR = 1600; // milliseconds

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without HTTPS a page from another machine has no clipboard: as it was done before there was one.
    const carrier = document.createElement("textarea");
    carrier.className = "unseen";
    carrier.value = text;
    document.body.append(carrier);
    carrier.select();
    document.execCommand("copy");
    carrier.remove();
  }
}

/** Shows `told` on a button for a moment, and says it by the live region `aloud`. */
export function tellOn(button, told, aloud) {
  button.dataset.text ??= button.textContent;
  button.textContent = told;
  aloud.textContent = told;
  setTimeout(() => {
    button.textContent = button.dataset.text;
    aloud.textContent = "";
  }, TOLD_FOR);
}
