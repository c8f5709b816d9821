// Keys for the desk. A button or link with data-key="a" answers to that key and shows it.
// Lists: j / k (or arrows) move over [data-row] links, Enter opens, x ticks, c takes the case onto
// one's own desk, / goes to the search. ? shows them all, with the switch that turns them off.
(() => {
  "use strict";
  const KEPT = "desk-keys";
  const root = document.documentElement;
  try {
    root.dataset.keys = localStorage.getItem(KEPT) || "on";
  } catch {
    root.dataset.keys = "on"; // a browser that keeps nothing
  }
  const typing = (target) =>
    target.closest("input:not([type=checkbox],[type=radio]), textarea, select, [contenteditable]");

  const rows = () => [...document.querySelectorAll("[data-row]")];
  const move = (step) => {
    const all = rows();
    if (!all.length) return false;
    const at = all.indexOf(document.activeElement);
    const start = all.findIndex((row) => row.getAttribute("aria-current"));
    const next = at < 0 ? (start < 0 ? 0 : start + step) : at + step;
    const row = all[Math.min(Math.max(next, 0), all.length - 1)];
    row.focus();
    row.scrollIntoView({ block: "nearest" });
    return true;
  };

  // The same form as on the case's own page, which it leads to.
  const claim = (row) => {
    const form = document.getElementById("claim");
    form.action = `${row.pathname}claim/${row.search}`;
    form.elements.lock.value = row.dataset.claim;
    form.submit();
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape" && typing(event.target)) {
      event.target.blur();
      return;
    }
    if (root.dataset.keys === "off") return;
    if (typing(event.target) || event.target.closest("dialog[open]")) return;
    const arrows = document.activeElement && document.activeElement.matches("[data-row]");
    let done = false;
    if (event.key === "j" || (arrows && event.key === "ArrowDown")) done = move(1);
    else if (event.key === "k" || (arrows && event.key === "ArrowUp")) done = move(-1);
    else if (event.key === "x" && arrows) {
      // The box of the line that one is on.
      const box = document.activeElement.closest("tr")?.querySelector("input[type=checkbox]");
      if (box) box.checked = !box.checked;
      done = Boolean(box);
    } else if (event.key === "c" && arrows && document.activeElement.dataset.claim) {
      claim(document.activeElement);
      done = true;
    } else {
      const wanted = [...document.querySelectorAll("[data-key]")].find(
        (element) => element.dataset.key === event.key && element.offsetParent !== null,
      );
      if (wanted) {
        if (wanted.matches("input, textarea, select, summary")) wanted.focus();
        if (!wanted.matches("input, textarea, select")) wanted.click();
        done = true;
      }
    }
    if (done) event.preventDefault();
  });

  // A part that says where it comes from is fetched when it can be seen. What stands in it stays
  // when that fails.
  document.querySelectorAll("[data-load]").forEach((part) => {
    const load = async () => {
      const answer = await fetch(part.dataset.load).catch(() => null);
      if (!answer || !answer.ok || answer.redirected) return;
      part.innerHTML = await answer.text();
      const here = part.querySelector("[aria-current]");
      if (!here) return;
      // Only the part itself: the page stays where it is.
      const below = here.getBoundingClientRect().bottom - part.getBoundingClientRect().bottom;
      if (below > 0) part.scrollTop += below;
    };
    new IntersectionObserver((seen, observer) => {
      if (!seen.some((one) => one.isIntersecting)) return;
      observer.disconnect();
      load();
      // Asked for again as long as somebody looks at the page, but not while they are in it.
      const again = () => document.hidden || part.contains(document.activeElement) || load();
      if (part.dataset.every) setInterval(again, Number(part.dataset.every) * 1000);
    }).observe(part);
  });

  // Something goes on in the background: look again, unless somebody is in the middle of something.
  const again = document.querySelector("[data-reload]");
  if (again) setTimeout(() => location.reload(), Number(again.dataset.reload) * 1000);

  // What the keys do is a page of its own; here it opens over this one.
  const help = document.querySelector("[data-keys-help]");
  const named = (button) => {
    button.hidden = false;
    button.textContent = root.dataset.keys === "off" ? button.dataset.on : button.dataset.off;
  };
  document.querySelectorAll("[data-keys-switch]").forEach(named);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-keys-switch]");
    if (!button) return;
    root.dataset.keys = root.dataset.keys === "off" ? "on" : "off";
    try {
      localStorage.setItem(KEPT, root.dataset.keys);
    } catch {
      // then for this page only
    }
    named(button);
  });
  if (help && !document.querySelector("[data-keys-page]")) {
    help.addEventListener("click", async (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      const answer = await fetch(help.href).catch(() => null);
      const page = answer && answer.ok && !answer.redirected ? await answer.text() : "";
      const found = new DOMParser().parseFromString(page, "text/html");
      const part = found.querySelector("[data-keys-page]");
      if (!part) {
        location.href = help.href;
        return;
      }
      const dialog = document.createElement("dialog");
      dialog.setAttribute("aria-labelledby", "keys-title");
      dialog.append(document.adoptNode(part));
      dialog.querySelectorAll("[data-keys-switch]").forEach(named);
      dialog.addEventListener("close", () => dialog.remove());
      document.body.append(dialog);
      dialog.showModal();
    });
  }

  // A dialog is an ordinary page section without a script; with it, it opens over the page.
  document.querySelectorAll("[data-dialog]").forEach((link) => {
    const dialog = document.getElementById(link.dataset.dialog);
    if (!dialog || !dialog.showModal) return;
    link.addEventListener("click", (event) => {
      event.preventDefault();
      dialog.showModal();
    });
  });
})();
