// Small comforts for pages that work without it. No state, no storage, no network.
(() => {
  "use strict";
  const each = (selector, work, root = document) => root.querySelectorAll(selector).forEach(work);

  const size = (bytes) =>
    bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;

  // Sending twice: the second click does nothing, and the button says what is going on.
  let sent = null;
  const release = () => {
    if (!sent) return;
    sent.form.removeAttribute("aria-busy");
    if (sent.button) {
      sent.button.removeAttribute("aria-disabled");
      if (sent.button.dataset.busy) sent.button.textContent = sent.label;
    }
    sent = null;
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (sent) {
      event.preventDefault();
      return;
    }
    const button = event.submitter;
    sent = { form, button, label: button && button.textContent };
    form.setAttribute("aria-busy", "true");
    changed = false;
    if (button) {
      button.setAttribute("aria-disabled", "true");
      if (button.dataset.busy) button.textContent = button.dataset.busy;
    }
    setTimeout(release, 15000); // a lost line must not lock the page for good
  });
  window.addEventListener("pageshow", (event) => event.persisted && release());
  document.addEventListener("htmx:afterRequest", release);
  // htmx is half of a page's weight, and of use only once somebody fills something in: it comes, with
  // our manners for it, at the first touch of a form. What was changed before is told to it then.
  const later = document.querySelector('meta[name="later"]');
  const touches = ["focusin", "pointerdown"];
  const touched = (event) => {
    if (!event.target.closest("form")) return;
    touches.forEach((name) => document.removeEventListener(name, touched));
    let before = null;
    const note = (change) => (before = change.target);
    document.addEventListener("change", note);
    const scripts = later.content.split(" ").map((address) => {
      const script = document.createElement("script");
      script.src = address;
      script.async = false; // one after the other
      return script;
    });
    scripts[scripts.length - 1].addEventListener("load", () => {
      document.removeEventListener("change", note);
      if (before && before.isConnected) before.dispatchEvent(new Event("change", { bubbles: true }));
    });
    // htmx reads its settings once the page is complete, and never when it comes in between.
    const add = () => document.head.append(...scripts);
    if (document.readyState === "complete") add();
    else window.addEventListener("load", add, { once: true });
  };
  if (later) touches.forEach((name) => document.addEventListener(name, touched));
  // Sending files in pieces comes last of all: what was on its way before is shown by it.
  const uploader = document.querySelector("[data-uploader]");
  if (uploader) {
    const script = document.createElement("script");
    script.src = uploader.dataset.uploader;
    const add = () => document.head.append(script);
    if (document.readyState === "complete") add();
    else window.addEventListener("load", add, { once: true });
  }

  // A map comes when somebody asks for it; until then not even its script.
  const panel = document.getElementById("map-panel");
  const offer = () => each("[data-map]", (place) => (place.hidden = !panel));
  const begin = (event) => {
    const button = event.target.closest("[data-map-button]");
    if (!button) return;
    document.removeEventListener("click", begin);
    const script = document.createElement("script");
    script.src = panel.dataset.script;
    script.addEventListener("load", () => button.click());
    document.head.append(script);
  };
  if (panel) {
    offer();
    document.addEventListener("htmx:afterSettle", offer);
    document.addEventListener("click", begin);
  }

  // "Saved 10:42" becomes "not saved yet" as soon as something is typed.
  let changed = false;
  document.addEventListener("input", (event) => {
    const saved = !changed && event.target.form && event.target.form.querySelector("[data-unsaved]");
    if (!saved) return;
    changed = true;
    saved.textContent = saved.dataset.unsaved;
    saved.classList.remove("saved");
  });
  window.addEventListener("beforeunload", (event) => changed && event.preventDefault());
  // The session has ended: the server keeps what it was just sent, so nobody need be warned.
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    if (event.detail.xhr.getResponseHeader("HX-Redirect")) changed = false;
  });

  // Chosen files: names and sizes, and a word at once when one is too large.
  document.addEventListener("change", (event) => {
    if (event.target.type !== "file") return;
    const box = event.target.closest("[data-upload], .f-file") || event.target.parentElement;
    let list = box.querySelector("output");
    if (!list) {
      list = document.createElement("output");
      event.target.after(list);
    }
    const limit = Number(box.dataset.maxBytes || 0);
    list.replaceChildren(
      ...[...event.target.files].map((file) => {
        const line = document.createElement("p");
        const large = limit && file.size > limit;
        line.textContent = `${file.name} (${size(file.size)})`;
        if (large) {
          line.className = "field__error";
          line.textContent += ` ${box.dataset.tooLarge || ""}`;
        }
        return line;
      }),
    );
  });
  // Buttons that only make sense with a script are hidden until here.
  each("[data-print]", (button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  });
  each("[data-copy]", (button) => {
    if (!navigator.clipboard) return;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      if (button.dataset.done) button.textContent = button.dataset.done;
    });
  });
  each("select[data-submit]", (select) => {
    select.addEventListener("change", () => select.form.requestSubmit());
    each("[data-no-script]", (button) => (button.hidden = true), select.form);
  });

  // Mistakes first: keyboard and screen reader start at the summary, or where a button led to.
  const focus = (root) => {
    const place = root.querySelector(".f-summary, [data-autofocus]");
    const named = root.querySelector("[data-focus]");
    const target = place || (named && document.getElementById(named.dataset.focus));
    if (target) target.focus();
  };
  focus(document);
  document.addEventListener("htmx:afterSettle", () => {
    if (document.querySelector(".f-summary, [data-focus]")) focus(document);
  });
})();
