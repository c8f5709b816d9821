// Files in pieces (tus 1.0): a line that breaks costs one piece, not the file. Loaded by site.js on
// pages that ask for files; until its words are here, and without it, files go with the form.
(() => {
  "use strict";
  const form = document.querySelector("form[data-uploads]");
  if (!form || !window.crypto || !crypto.subtle) return;
  const MOST = 512 * 1024;
  const LEAST = 64 * 1024;
  let piece = MOST / 2;
  let told = null; // what the server said: words, token, files that wait
  let held = null; // what to send once everything has arrived
  let leaving = false;
  let numbers = 0;
  const jobs = new Set();
  const boxes = new Map();

  const make = (tag, css, text = "") => {
    const made = document.createElement(tag);
    made.className = css;
    made.textContent = text;
    return made;
  };
  const live = make("p", "f-hidden");
  live.setAttribute("role", "status");
  live.setAttribute("aria-live", "polite");
  form.append(live);
  const say = (key, job) => {
    const share = job.size ? Math.floor((100 * job.offset) / job.size) : 0;
    return told.words[key].replace("{name}", job.name).replace("{percent}", share);
  };

  // --- what is seen ---
  // A question is found by its id and the keys of the entries it is asked in: its name on the page
  // changes when entries are removed or moved.
  const whole = (job) => `${job.question} ${job.entry}`;
  const placeOf = (name) =>
    [...form.querySelectorAll(".f-file[data-file]")].find(
      (found) => `${found.dataset.file} ${found.dataset.entry}` === name,
    );
  const fieldOf = (job) => placeOf(whole(job))?.closest(".f-field");
  const hasEntry = (job) =>
    !job.entry || form.querySelector(`input[data-entry="${CSS.escape(job.entry)}"]`);
  // After a part of the page was replaced, the lines are put where they belong; a file whose entry
  // was removed is not wanted any more.
  const place = () => {
    boxes.forEach((box, name) => {
      const around = placeOf(name);
      if (around && box.parentElement !== around) around.append(box);
    });
    [...jobs].forEach((job) => hasEntry(job) || cancel(job));
  };
  const focusOn = (job) => {
    const found = placeOf(whole(job));
    const target = found && (found.id ? found : found.querySelector("input[type=file]"));
    if (target) target.focus({ preventScroll: true });
  };
  const line = (job, key) => {
    if (!job.line) {
      const id = `f-upload-${(numbers += 1)}`;
      job.words = make("span", "f-file__name");
      job.words.id = id;
      job.bar = make("progress", "f-file__bar");
      job.bar.max = 100;
      job.bar.setAttribute("aria-labelledby", id);
      const stop = make("button", "f-button", say("cancel", job));
      stop.type = "button";
      stop.addEventListener("click", () => cancel(job));
      job.line = make("li", "f-file__item f-file__item--sending");
      job.line.append(job.words, job.bar, stop);
      if (!boxes.has(whole(job))) boxes.set(whole(job), make("ul", "f-file__list"));
      boxes.get(whole(job)).append(job.line);
      place();
    }
    const text = say(key, job);
    const share = Math.floor((100 * job.offset) / job.size);
    job.bar.value = share;
    job.words.textContent = text;
    // Heard at every quarter, and whenever something else is to be said.
    const heard = `${key}${Math.floor(share / 25)}`;
    if (heard !== job.heard && key !== "waiting") live.textContent = text;
    job.heard = heard;
  };
  // The way back in: with what was typed, which the server keeps until then.
  const offerSignIn = (job) => {
    if (job.door) return;
    job.door = make("button", "f-button", told.words.sign_in);
    Object.assign(job.door, { type: "submit", name: "_do", value: "refresh", formNoValidate: true });
    job.line.append(job.door);
  };
  const gone = (job) => {
    jobs.delete(job);
    const focused = job.line && job.line.contains(document.activeElement);
    if (job.line) job.line.remove();
    if (focused) focusOn(job);
    if (jobs.size || !held) return;
    const button = held;
    held = null;
    if (!job.refused) form.requestSubmit(button.isConnected ? button : null);
  };
  const end = (job, key) => {
    live.textContent = say(key, job);
    job.refused = key !== "done";
    if (job.refused) held = null;
    gone(job);
  };
  // The question as it now is: with the file in its list, or the reason why not.
  const replace = (job, html) => {
    const old = fieldOf(job);
    const holder = document.createElement("template");
    holder.innerHTML = html;
    const its = holder.content.querySelector(".f-file")?.dataset.name;
    const name = placeOf(whole(job))?.dataset.name;
    // Entries may stand in other places than the server knows: here the field keeps its own name.
    if (its && name && its !== name) holder.innerHTML = html.replaceAll(its, name);
    const fresh = holder.content.firstElementChild;
    if (!old || !fresh) return;
    const focused = old.contains(document.activeElement);
    old.replaceWith(fresh);
    place();
    if (focused) focusOn(job);
    if (!window.htmx) return;
    htmx.process(fresh);
    if (fresh.hasAttribute("hx-post")) htmx.trigger(fresh, "change");
  };

  // --- what is sent ---
  const ask = async (job, address, method, headers = {}, body = undefined) => {
    job.stop = new AbortController();
    const late = setTimeout(() => job.stop.abort(), 90000);
    try {
      const answer = await fetch(address, {
        method,
        body,
        headers: { "X-CSRFToken": told.token, "Tus-Resumable": "1.0.0", ...headers },
        redirect: "error",
        signal: job.stop.signal,
      });
      if (answer.status >= 500 || answer.status === 429) throw new Error("busy");
      return answer;
    } finally {
      clearTimeout(late);
    }
  };
  const pause = (time) =>
    new Promise((go) => {
      const wake = () => {
        clearTimeout(timer);
        ["online", "focus"].forEach((name) => window.removeEventListener(name, wake));
        go();
      };
      const timer = setTimeout(wake, time);
      ["online", "focus"].forEach((name) => window.addEventListener(name, wake));
    });
  const listen = async () => {
    const answer = await fetch(form.dataset.uploads, { redirect: "error" });
    if (!answer.ok) return false;
    told = await answer.json();
    return true;
  };
  const base64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
  const where = (answer) => Number(answer.headers.get("Upload-Offset"));

  // One try. Returns an answer that is no progress, or throws when the line breaks.
  const attempt = async (job) => {
    if (!job.url) {
      const { question, entry, sha256 } = job;
      const facts = { question, entry, filename: job.name, sha256 };
      const made = await ask(job, form.dataset.uploads, "POST", {
        "Upload-Length": String(job.size),
        "Upload-Metadata": Object.entries(facts)
          .map(([key, value]) => `${key} ${base64(value)}`)
          .join(),
      });
      if (made.status !== 201) return made;
      job.url = made.headers.get("Location");
      job.offset = where(made);
      waiting.get(job.url)?.line.remove();
      if (job.cancelled) return cancel(job);
    } else if (job.unsure) {
      const known = await ask(job, job.url, "HEAD");
      if (known.status !== 200) return known;
      job.offset = where(known);
    }
    job.unsure = false;
    line(job, "progress");
    while (job.offset < job.size) {
      const began = Date.now();
      const answer = await ask(
        job,
        job.url,
        "PATCH",
        { "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(job.offset) },
        job.bytes.slice(job.offset, job.offset + piece),
      );
      if (answer.status !== 204 && (answer.status !== 409 || (job.wrong += 1) > 20)) return answer;
      job.offset = where(answer);
      job.tries = 0;
      if (Date.now() - began < 2000) piece = Math.min(MOST, piece * 2);
      line(job, "progress");
    }
    line(job, "checking");
    return ask(job, `${job.url}finish/`, "POST");
  };
  const send = async (job) => {
    try {
      // A file that is far too large is not even read: the server says so by its size.
      job.bytes = job.size > 64e6 ? new ArrayBuffer(0) : await job.file.arrayBuffer();
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", job.bytes));
      job.sha256 = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    } catch {
      return end(job, "failed");
    }
    for (let anew = 0; !job.cancelled; ) {
      let answer = null;
      try {
        answer = await attempt(job);
        if (!answer) return;
        if (answer.status === 200 || answer.status === 422) {
          replace(job, await answer.text());
          return end(job, answer.ok ? "done" : "refused");
        }
      } catch {
        if (job.cancelled) return;
        job.unsure = true;
        job.tries += 1;
        piece = Math.max(LEAST, piece / 2);
        line(job, "broken");
        await pause(Math.min(15000, 400 * 2 ** job.tries));
        continue;
      }
      if (answer.status === 401 || answer.status === 403) {
        // Signed out, perhaps in again in another window: then there is a new token.
        job.out = true;
        if (await listen().catch(() => false)) {
          job.out = false;
          if ((anew += 1) > 4) return end(job, "failed");
        } else {
          held = null;
          line(job, "signed_out");
          offerSignIn(job);
          await pause(20000);
        }
        job.unsure = true;
      } else if (answer.status === 404 && job.url && (anew += 1) < 3) {
        job.url = "";
        job.offset = 0;
      } else if (answer.status === 409) {
        job.unsure = true;
        if ((anew += 1) > 4) return end(job, "failed");
      } else {
        return end(job, "failed");
      }
    }
  };
  const cancel = (job) => {
    job.cancelled = true;
    if (job.stop) job.stop.abort();
    if (job.url) fetch(job.url, { method: "DELETE", headers: { "X-CSRFToken": told.token } });
    end(job, "cancelled");
  };

  // --- what somebody does ---
  const ours = (input) =>
    told && input.type === "file" && "resumable" in input.dataset && input.form === form;
  let queue = Promise.resolve(); // one after the other: the line is bad enough
  const take = (input) => {
    const files = [...input.files];
    input.value = "";
    files.forEach((file) => {
      const { file: question, entry } = input.closest(".f-file").dataset;
      const job = { question, entry, name: file.name, size: file.size, file, offset: 0 };
      Object.assign(job, { tries: 0, wrong: 0, url: "" });
      jobs.add(job);
      line(job, "progress");
      queue = queue.then(() => send(job));
    });
  };
  window.addEventListener(
    "change",
    (event) => {
      if (!ours(event.target) || !event.target.files.length) return;
      event.stopImmediatePropagation();
      take(event.target);
    },
    true,
  );
  // It is saved when it has arrived, so nothing is unsaved now.
  window.addEventListener("input", (e) => ours(e.target) && e.stopImmediatePropagation(), true);
  window.addEventListener(
    "submit",
    (event) => {
      const button = event.submitter;
      if (event.target !== form) return;
      const leaves = button && button.name === "_do";
      if (leaves || ![...jobs].some((job) => !job.out)) {
        leaving = true;
        return;
      }
      event.preventDefault();
      event.stopImmediatePropagation();
      held = button || form.querySelector("button:not([name])");
      live.textContent = told.words.held;
    },
    true,
  );
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && [...jobs].some((job) => !job.out)) event.preventDefault();
  });
  document.addEventListener("htmx:afterSettle", place);

  const waiting = new Map();
  let asking = false;
  const begin = async () => {
    if (told || asking) return;
    asking = true;
    const known = await listen().catch(() => false);
    asking = false;
    if (!known) return;
    told.waiting.forEach((known) => {
      const job = { ...known };
      waiting.set(job.url, job);
      line(job, "waiting");
    });
    form.querySelectorAll("input[type=file]").forEach((input) => {
      if (!ours(input) || !input.files.length) return;
      input.parentElement.querySelector("output")?.remove(); // site.js had listed them
      take(input);
    });
  };
  begin();
  ["online", "focusin"].forEach((name) => window.addEventListener(name, begin));
})();
