// A map below the boxes of a place, or beside one at the desk. Loaded by site.js when somebody asks
// for it; only then are the library, its styles and the map's pictures. What is chosen goes into the
// box, and the box is what is sent.
(() => {
  "use strict";
  const panel = document.getElementById("map-panel");
  const words = panel.dataset;
  const JAPAN = [[20, 122], [46, 154]];
  const NEAR = 17;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

  const add = (tag, properties) =>
    new Promise((done, failed) => {
      const element = Object.assign(document.createElement(tag), properties);
      element.onload = done;
      element.onerror = () => {
        element.remove();
        failed(new Error("not loaded"));
      };
      document.head.append(element);
    });
  let loading = null;
  const load = () => {
    loading ||= Promise.all([
      add("script", { src: words.leaflet }),
      ...words.styles.split(" ").map((href) => add("link", { rel: "stylesheet", href })),
    ]).catch((error) => {
      loading = null; // the line may be back at the next try
      throw error;
    });
    return loading;
  };

  const read = (text) => {
    const found = /^\s*([0-9.]+)\s*,\s*([0-9.]+)\s*$/.exec(text || "");
    const at = found && L.latLng(Number(found[1]), Number(found[2]));
    return at && L.latLngBounds(JAPAN).contains(at) ? at : null;
  };
  const written = (at) => `${at.lat.toFixed(6)}, ${at.lng.toFixed(6)}`;

  // The page around a map may be made anew while the map stays: the box is looked up each time.
  // `known`: the place, where none is asked for.
  const draw = (holder, name, known) => {
    const box = () => document.getElementById(`f-${name}-coordinates`);
    const part = holder.querySelector(".map");
    const view = part.querySelector(".map__view");
    const status = part.querySelector("[role=status]");
    const say = (text) => (status.textContent = text);
    const start = read(known === undefined ? box().value : known);
    const centre = start || read(words.centre);
    const map = L.map(view, {
      attributionControl: false, // named below the map
      zoomControl: false, // buttons below the map
      maxBounds: JAPAN,
      maxBoundsViscosity: 1,
      minZoom: 4,
      maxZoom: 18,
      scrollWheelZoom: false,
      zoomAnimation: !still,
      fadeAnimation: !still,
      inertia: !still,
    });
    if (still) {
      const move = map.panBy.bind(map);
      map.panBy = (by) => move(by, { animate: false });
    }
    // The wheel moves the page, unless somebody is in the map.
    map.on("focus", () => map.scrollWheelZoom.enable());
    map.on("blur", () => map.scrollWheelZoom.disable());
    const pictures = L.tileLayer(words.tiles, { minZoom: 4, maxZoom: 18 });
    // Over the sea there are none: only when not one comes is something wrong.
    let came = 0;
    pictures.on("loading", () => (came = 0));
    pictures.on("tileload", () => {
      came += 1;
      if (status.textContent === words.blank) say("");
    });
    pictures.on("load", () => came || say(words.blank));
    pictures.addTo(map);

    const icon = L.divIcon({ className: "map__pin", iconSize: [28, 28], iconAnchor: [14, 34] });
    let marker = null;
    const mark = (at) => {
      if (marker) marker.setLatLng(at);
      else marker = L.marker(at, { icon, keyboard: false, interactive: false }).addTo(map);
    };
    if (centre) map.setView(centre, start ? NEAR : 14, { animate: false });
    else map.fitBounds([[30, 129], [45.6, 146]], { animate: false });
    if (start) mark(start);
    if (known !== undefined) return map;

    const choose = (at, text = words.marked) => {
      const input = box();
      input.value = written(at);
      mark(read(input.value)); // as it is written, no closer
      for (const kind of ["input", "change"]) {
        input.dispatchEvent(new Event(kind, { bubbles: true }));
      }
      say(text.replace("{place}", written(at)));
    };
    const found = ({ coords }) => {
      const at = L.latLng(coords.latitude, coords.longitude);
      if (!L.latLngBounds(JAPAN).contains(at)) {
        say(words.abroad);
        return;
      }
      map.setView(at, NEAR, { animate: !still });
      choose(at, words.found.replace("{metres}", Math.round(coords.accuracy)));
    };
    const lost = (error) => say(error.code === 1 ? words.denied : words.unknown);
    const seek = () =>
      navigator.geolocation.getCurrentPosition(found, lost, {
        enableHighAccuracy: true,
        timeout: 20000,
      });
    map.on("click", (event) => choose(event.latlng));
    const acts = { here: () => choose(map.getCenter()), me: seek };
    part.addEventListener("click", (event) => {
      const button = event.target.closest("[data-do]");
      if (button && acts[button.dataset.do]) acts[button.dataset.do]();
    });
    if (!navigator.geolocation) part.querySelector("[data-do=me]").remove();
    // The marker is where the box says: also when that was typed, or came from the server.
    const follow = () => {
      const at = box() && read(box().value);
      if (marker && !at) {
        marker.remove();
        marker = null;
      }
      if (!at || (marker && marker.getLatLng().equals(at))) return;
      mark(at);
      map.setView(at, Math.max(map.getZoom(), 15), { animate: !still });
    };
    document.addEventListener("change", (event) => event.target === box() && follow());
    document.addEventListener("htmx:afterSettle", follow);
    return map;
  };

  const maps = new WeakMap();
  const fill = (holder, place) => {
    holder.append(panel.content.cloneNode(true));
    const { map: name, place: known } = place.dataset;
    const unwanted = known === undefined ? "[data-look]" : "[data-edit]";
    holder.querySelectorAll(unwanted).forEach((element) => element.remove());
    const keys = holder.querySelector(".f-hint");
    keys.id = `f-${name}-keys`;
    holder.querySelector(".map__view").setAttribute("aria-describedby", keys.id);
    const map = draw(holder, name, known);
    maps.set(holder, map);
    holder.addEventListener("click", (event) => {
      const way = event.target.closest("[data-do]")?.dataset.do;
      if (way === "in") map.zoomIn();
      if (way === "out") map.zoomOut();
    });
  };

  // The button, as its map is: also after the server has made the button anew.
  const name = (place) => {
    const button = place.querySelector("[data-map-button]");
    const holder = place.querySelector("[data-map-holder]");
    const open = Boolean(holder.firstElementChild) && !holder.hidden;
    button.setAttribute("aria-expanded", String(open));
    button.textContent = open ? button.dataset.hide : button.dataset.show;
  };
  document.addEventListener("htmx:afterSettle", () =>
    document.querySelectorAll("[data-map]").forEach(name),
  );
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-map-button]");
    if (!button || button.hasAttribute("aria-busy")) return;
    const place = button.closest("[data-map]");
    const holder = place.querySelector("[data-map-holder]");
    if (holder.firstElementChild) {
      holder.hidden = !holder.hidden;
      if (!holder.hidden) maps.get(holder).invalidateSize();
    } else {
      button.setAttribute("aria-busy", "true");
      const came = await load().then(
        () => true,
        () => false,
      );
      button.removeAttribute("aria-busy");
      place.querySelector("[data-map-problem]").textContent = came ? "" : words.blank;
      if (came) fill(holder, place);
    }
    name(place);
  });
})();
