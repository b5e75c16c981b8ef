// Copying to the clipboard, and confirming it.

const SHOWN_FOR = 1600; // milliseconds

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without HTTPS a page from another machine has no clipboard: use the older command.
    const carrier = document.createElement("textarea");
    carrier.className = "unseen";
    carrier.value = text;
    document.body.append(carrier);
    carrier.select();
    document.execCommand("copy");
    carrier.remove();
  }
}

/** Shows `message` on a button for a moment, and in the live region for screen readers. */
export function flash(button, message, region) {
  button.dataset.text ??= button.textContent;
  button.textContent = message;
  region.textContent = message;
  setTimeout(() => {
    button.textContent = button.dataset.text;
    region.textContent = "";
  }, SHOWN_FOR);
}
