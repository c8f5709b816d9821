// The Japanese year beside a date, while somebody types it. The page brings it with what was there
// before (forms/rendering/fields.py); of what is no date yet, the place says how years can be written.
(() => {
  "use strict";
  const eras = [
    ["令和", "R", "Reiwa", 2019, 5, 1],
    ["平成", "H", "Heisei", 1989, 1, 8],
    ["昭和", "S", "Showa", 1926, 12, 25],
    ["大正", "T", "Taisho", 1912, 7, 30],
    ["明治", "M", "Meiji", 1868, 1, 25],
  ];
  const start = (era) => Date.UTC(era[3], era[4] - 1, era[5]);
  const whole =
    /^(?:(\D*)(\d{1,4}|元)(?:年|[-/.])(\d{1,2})(?:月|[-/.])(\d{1,2})日?|()(\d{4})(\d\d)(\d\d))$/;

  // Era (or nothing), year in it, month and day: the date, or nothing when there is no such day.
  const dayOf = (name, number, month, day) => {
    const era = eras.find((one) => name && (one[0] === name || one[1] === name.toUpperCase()));
    if (Boolean(name) !== Boolean(era) || (number === "元" && !era)) return null;
    const year = (number === "元" ? 1 : Number(number)) + (era ? era[3] - 1 : 0);
    const found = new Date(Date.UTC(year, month - 1, day));
    const exists =
      year >= 1868 && found.getUTCFullYear() === year && found.getUTCMonth() === month - 1;
    return exists && (!era || (number !== "0" && found >= start(era))) ? found : null;
  };

  const words = (typed) => {
    const parts = typed.map((part) => part.normalize("NFKC").replace(/[\s‐-―−ー]/g, (c) => (c.trim() ? "-" : "")));
    const [year, month, day] = parts;
    let found = whole.exec(year);
    if (found && !month && !day) found = found[2] ? found.slice(1, 5) : found.slice(5);
    else {
      found = /^(\D*)(\d{1,4}|元)年?$/.exec(year);
      const rest = /^(\d{1,2})月?-(\d{1,2})日?$/.exec(`${month}-${day}`);
      if (!found || !rest) return "";
      found = [found[1], found[2], rest[1], rest[2]];
    }
    const date = dayOf(found[0].replace(/\.$/, ""), found[1], Number(found[2]), Number(found[3]));
    const era = date && eras.find((one) => date >= start(one));
    if (!era) return "";
    const number = date.getUTCFullYear() - era[3] + 1;
    return document.documentElement.lang === "ja"
      ? `${era[0]}${number === 1 ? "元" : number}年（${date.getUTCFullYear()}年）`
      : `${era[2]} ${number} (${date.getUTCFullYear()})`;
  };

  // After a pause, so that a screen reader is told of the date and not of each digit.
  let pause = 0;
  document.addEventListener("input", (event) => {
    const name = event.target.name || "";
    const base = name.replace(/-(?:year|month|day)$/, "");
    if (!document.getElementById(`f-${base}-era`)) return;
    clearTimeout(pause);
    pause = setTimeout(() => {
      const place = document.getElementById(`f-${base}-era`);
      if (!place) return; // the part of the page was replaced meanwhile
      const box = (part) => (document.getElementById(`f-${base}${part}`) || {}).value || "";
      // Of a month a late day: the month in which an era began is called by the new one.
      const day = document.getElementById(`f-${base}-day`) ? box("-day") : "28";
      const typed = base === name ? [box(""), "", ""] : [box("-year"), box("-month"), day];
      const said = words(typed) || place.dataset.era;
      if (place.textContent !== said) place.textContent = said;
    }, 500);
  });
})();
