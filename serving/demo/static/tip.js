// A tip over a token of the marked text: by pointer, keyboard or touch; Escape hides it.

const LEAVE = 150; // milliseconds: time enough to move the pointer onto the tip, which keeps it
const GAP = 8; // pixels to the token, and to the edge of the window

const tokenAt = (event) =>
  event.target.closest?.("[data-token]") ?? event.target.closest?.("mark")?.querySelector("[data-token]");

/**
 * @param {HTMLElement} around holds the tokens
 * @param {HTMLElement} tip an element with the role tooltip
 * @param {(token: HTMLElement) => boolean} fill writes into the tip; false if there is nothing to show
 */
export function tipOver(around, tip, fill) {
  let owner = null;
  let timer = 0;

  function show(token) {
    hide();
    if (!fill(token)) return;
    owner = token;
    token.setAttribute("aria-describedby", tip.id);
    tip.hidden = false;
    place(tip, token);
  }

  function hide() {
    clearTimeout(timer);
    owner?.removeAttribute("aria-describedby");
    owner = null;
    tip.hidden = true;
  }

  function hideSoon() {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const focused = around.querySelector("[data-token]:focus-visible");
      if (focused) show(focused);
      else hide();
    }, LEAVE);
  }

  around.addEventListener("pointerover", (event) => {
    const token = tokenAt(event);
    if (token) show(token);
  });
  around.addEventListener("pointerout", hideSoon);
  around.addEventListener("focusout", hideSoon);
  around.addEventListener("click", (event) => {
    const token = tokenAt(event);
    if (!token) return;
    token.focus();
    show(token);
  });
  tip.addEventListener("pointerenter", () => clearTimeout(timer));
  tip.addEventListener("pointerleave", hideSoon);
  addEventListener("resize", hide);
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });
  return { show, hide };
}

/** Above the token's line of its entity, which may go over several lines; below it where there is no room. */
function place(tip, token) {
  const own = token.getBoundingClientRect();
  const middle = own.top + own.height / 2;
  const lines = [...(token.closest("mark") ?? token).getClientRects()];
  const line = lines.find(({ top, bottom }) => top <= middle && middle <= bottom) ?? own;
  const room = document.documentElement.clientWidth - tip.offsetWidth - GAP;
  const above = line.top - tip.offsetHeight - GAP;
  tip.style.setProperty("left", `${Math.max(GAP, Math.min(line.left, room)) + scrollX}px`);
  tip.style.setProperty("top", `${(above > GAP ? above : line.bottom + GAP) + scrollY}px`);
}
