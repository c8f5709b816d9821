// Keys for the desk. A button or link with data-key="a" answers to that key and shows it.
// Lists: j / k (or arrows) move over [data-row] links, Enter opens, x ticks, / goes to the search.
(() => {
  "use strict";
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

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape" && typing(event.target)) {
      event.target.blur();
      return;
    }
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
      if (here) here.scrollIntoView({ block: "nearest" });
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
