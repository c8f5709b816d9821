// The form builder works without this; it only saves presses of a button.
(() => {
  const form = document.getElementById("fb-form");
  if (!form) return;
  const refresh = document.getElementById("fb-refresh");
  form.addEventListener("change", (event) => {
    if (event.target.matches("[data-refresh]")) form.requestSubmit(refresh);
  });
  const frame = document.querySelector(".fb-preview iframe");
  const address = form.dataset.preview;
  if (!frame || !address) return;
  // The preview shows the question that is worked on. Its own window scrolls, the page stays.
  const toQuestion = () => {
    const here = frame.contentDocument?.getElementById("here");
    if (here) frame.contentWindow.scrollBy(0, here.getBoundingClientRect().top);
  };
  frame.addEventListener("load", toQuestion);
  toQuestion();
  let waiting = 0;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const [action, target] = [form.getAttribute("action"), form.getAttribute("target")];
      form.setAttribute("action", address);
      form.setAttribute("target", "fb-preview");
      form.submit();
      action === null ? form.removeAttribute("action") : form.setAttribute("action", action);
      target === null ? form.removeAttribute("target") : form.setAttribute("target", target);
    }, 700);
  });
})();
