// Manners for htmx on pages where somebody fills something in: an answer that comes late wipes
// nothing, and nothing is sent while the server is still at work. Loaded by site.js, before htmx.
(() => {
  "use strict";
  // What the server is working on comes first: otherwise two of us would save at once.
  let under = 0;
  let held = null;
  const over = () => {
    under -= 1;
    if (under || !held) return;
    setTimeout(held);
    held = null;
  };
  document.addEventListener("htmx:beforeSend", (event) => {
    under += 1;
    // htmx's own events do not get here from a part of the page that was replaced meanwhile.
    event.detail.xhr.addEventListener("loadend", over, { once: true });
  });
  window.addEventListener(
    "submit",
    (event) => {
      if (!under || event.target.method !== "post") return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const button = event.submitter;
      held = () => event.target.requestSubmit(button && button.isConnected ? button : null);
    },
    true,
  );

  // Somebody types on, or asks for something else, while the server works out what to ask next. The
  // answer is then out of date and would wipe what was typed since: leave the page alone, and ask
  // again at the next pause.
  let typed = 0;
  let latest = null;
  let pause = 0;
  const asked = new WeakMap();
  document.addEventListener("input", () => (typed += 1));
  document.addEventListener("htmx:beforeRequest", (event) => {
    clearTimeout(pause);
    latest = event.detail.xhr;
    asked.set(latest, typed);
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, requestConfig } = event.detail;
    if (xhr === latest && asked.get(xhr) === typed) return;
    event.detail.shouldSwap = false;
    saved(xhr.responseText, requestConfig.parameters._seen);
    if (xhr !== latest) return;
    const { elt, triggeringEvent } = requestConfig;
    let then = typed;
    const again = () => {
      if (typed !== then) {
        then = typed;
        pause = setTimeout(again, 600);
      } else if (elt.isConnected && !document.querySelector("form[aria-busy]")) {
        htmx.trigger(elt, triggeringEvent ? triggeringEvent.type : "change");
      }
    };
    pause = setTimeout(again, 600);
  });
  // What this page has saved must not look like another window's work to the page that stays.
  const saved = (answer, before) => {
    const seen = /name="_seen" value="([^"]*)"/.exec(answer);
    const field = document.querySelector("[name=_seen]");
    if (seen && field && seen[1] !== before && !answer.includes("f-notice--conflict")) {
      field.value = seen[1];
    }
  };
})();
