// What the page does beside the terminal of textual-serve, which begins when all has been loaded.
"use strict";

// A browser may keep a page that one has left, to come back to, with its connection open; but who
// leaves the page has ended the sitting.
const connections = [];
window.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given);
    connections.push(this);
  }
};
window.addEventListener("pagehide", () => connections.forEach((one) => one.close()));

// Where the terminal connects to: the page may be seen through a tunnel, so only the browser knows.
function address(terminal) {
  terminal.dataset.sessionWebsocketUrl = `${location.origin.replace(/^http/, "ws")}/ws`;
  const size = Number(new URLSearchParams(location.search).get("fontsize"));
  if (size >= 6 && size <= 48) terminal.dataset.fontSize = size;
}

// Whoever opens the page types at once, without a click.
function takeKeyboard() {
  const { classList } = document.body;
  if (classList.contains("-closed")) document.getElementById("again").focus();
  else if (classList.contains("-first-byte")) document.querySelector(".xterm-helper-textarea").focus();
}

window.addEventListener("focus", takeKeyboard);
window.addEventListener("DOMContentLoaded", () => {
  address(document.querySelector(".textual-terminal"));
  new MutationObserver(takeKeyboard).observe(document.body, { attributeFilter: ["class"] });
});
