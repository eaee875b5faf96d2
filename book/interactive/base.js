/* What the interactive parts of the book share: elements, sliders, sounds, pictures and their style. */

const STYLE = `
.interactive, .interactive * { box-sizing: border-box; }
.interactive { margin: 1rem 0; padding: 0.75rem; border: 1px solid var(--pst-color-border, #8888);
  border-radius: 0.25rem; background: var(--pst-color-surface, transparent);
  color: var(--pst-color-text-base, inherit); }
.interactive .strip { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: center; margin: 0.4rem 0; }
.interactive label { display: grid; grid-template-columns: 1fr auto; column-gap: 0.75rem; flex: 1 1 12rem; min-width: 0; }
.interactive label input[type="range"] { grid-column: 1 / 3; width: 100%; min-height: 2rem; margin: 0; }
.interactive output { font-variant-numeric: tabular-nums; }
.interactive :is(button, select, input[type="file"]) { min-height: 2.5rem; max-width: 100%; padding: 0.3rem 0.8rem;
  border: 1px solid var(--pst-color-text-muted, #777); border-radius: 0.25rem; font: inherit;
  background: var(--pst-color-background, #8881); color: inherit; }
.interactive button { cursor: pointer; }
.interactive button[aria-pressed="true"] { border-color: currentColor; box-shadow: inset 0 0 0 1px currentColor;
  font-weight: 600; }
.interactive button:disabled { opacity: 1; cursor: default; color: var(--pst-color-text-muted, #777); }
.interactive :is(button, select, input, canvas, svg, [tabindex]):focus-visible {
  outline: 2px solid var(--pst-color-primary, #0a7d91); outline-offset: 2px; }
.interactive canvas { display: block; width: 100%; image-rendering: pixelated; background: #000; }
.interactive svg { display: block; width: 100%; overflow: visible; }
.interactive svg text { fill: currentColor; }
.interactive p { margin: 0.4rem 0; }
.interactive .small { font-size: 0.85rem; }
.interactive figure { margin: 0.5rem 0; }
.interactive figcaption { text-align: left; color: inherit; }
.interactive figure audio { display: block; width: 100%; max-width: 30rem; height: 2.25rem; }
.interactive .pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: 0.75rem; }
.interactive .axis { display: flex; justify-content: space-between; font-size: 0.8rem; }
.interactive table { width: 100%; margin: 0.5rem 0; border-collapse: collapse; font-size: 0.85rem; }
.interactive :is(th, td) { padding: 0.2rem 0.3rem; border-bottom: 1px solid var(--pst-color-border, #8888); text-align: left; }
.interactive .matrix { table-layout: fixed; font-size: 0.75rem; }
.interactive .matrix :is(th, td) { padding: 0.35rem 0; text-align: center; overflow: hidden; }
.interactive .matrix :is(th:first-child, thead td) { width: 4.2rem; text-align: left; }
.interactive .matrix td[aria-label] { cursor: pointer; border: 1px solid var(--pst-color-border, #8885); }
.interactive .matrix td[aria-selected="true"] { outline: 3px solid currentColor; outline-offset: -3px; }
.interactive .note button { flex: none; white-space: nowrap; overflow-wrap: normal; }
.interactive .lane, .interactive .lane figcaption { margin: 0; }
.interactive .note { display: flex; gap: 0.75rem; align-items: center; margin: 0.4rem 0; overflow-wrap: anywhere; }
.interactive .answers { overflow-x: auto; }
.interactive label.own { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: center; flex: 0 1 auto; }
.interactive .warning { font-weight: 600; }
.interactive .warning:not(:empty)::before { content: "\\26a0  "; }
.interactive .bars { margin: 0; }
.interactive .bars caption { caption-side: top; text-align: left; color: inherit; }
.interactive .bars :is(th, td) { padding: 0.1rem 0.3rem; border: 0; font-weight: 400; }
.interactive .bars td:last-child { width: 3.2rem; text-align: right; font-variant-numeric: tabular-nums; }
.interactive .bars th { width: 5.2rem; text-align: left; }
.interactive .bars .best :is(th, td) { font-weight: 700; }
.interactive .bar { height: 0.9rem; min-width: 1px; background: var(--pst-color-primary, #0a7d91); }
@media (max-width: 30rem) { .interactive .matrix thead th { font-size: 0.62rem; } .interactive .answers table { font-size: 0.75rem; } }
html[data-theme="dark"] .interactive canvas.diverging { filter: invert(0.9) hue-rotate(180deg); }
html[data-theme="dark"] .interactive audio { color-scheme: dark; }
html[data-theme="dark"] .interactive :is(input, select) { color-scheme: dark; }
`;

/* Run `run(root, data)` on each element of this kind that has not begun yet. */
export function start(kind, run) {
  if (!document.getElementById("interactive-style")) {
    document.head.append(el("style", { id: "interactive-style", textContent: STYLE }));
    // Two players never sound together: those of helpers/listening.py say so themselves.
    document.addEventListener("play", ({ target }) => {
      for (const other of document.querySelectorAll("audio")) if (other !== target) other.pause();
    }, true);
  }
  for (const root of document.querySelectorAll(`.interactive[data-kind="${kind}"]:not([data-begun])`)) {
    root.dataset.begun = "";
    run(root, JSON.parse(root.querySelector('script[type="application/json"]').textContent));
  }
}

/* An element with properties, attributes (of names with a hyphen, and role) and children. */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role" || name === "for") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/* A slider over a list of values, with its name and its value above it. */
export function slider(name, values, value, change, show = String) {
  const shown = el("output", { textContent: show(value) });
  const input = el("input", {
    type: "range", min: 0, max: values.length - 1, step: 1, value: values.indexOf(value),
  });
  const say = () => {
    const text = show(values[input.value]);
    shown.textContent = text;
    input.setAttribute("aria-valuetext", text);
  };
  input.setAttribute("aria-label", name);
  say();
  input.addEventListener("input", () => {
    say();
    change(values[input.value]);
  });
  const label = el("label", {}, el("span", { textContent: name }), shown, input);
  return {
    label,
    input,
    get value() { return values[input.value]; },
    set value(chosen) {
      input.value = values.indexOf(chosen);
      say();
    },
  };
}

/* A button, as many of them as there are names, of which one is pressed. */
export function choice(name, names, chosen, change) {
  const buttons = names.map((text) => el("button", { type: "button", textContent: text }));
  const press = (text) => buttons.forEach((b) => b.setAttribute("aria-pressed", b.textContent === text));
  buttons.forEach((button) =>
    button.addEventListener("click", () => {
      press(button.textContent);
      change(button.textContent);
    }),
  );
  press(chosen);
  return el("div", { className: "strip", role: "group", "aria-label": name }, ...buttons);
}

/* The sounds that came with a widget, by name: elements of which `src` is the address. */
export function soundsOf(root) {
  return Object.fromEntries(
    [...root.querySelectorAll(":scope > source[data-sound]")].map((source) => [source.dataset.sound, source]),
  );
}

/* The bytes of a file, or of what an address leads to. */
export async function fetched(source) {
  try {
    const got = source instanceof Blob ? source : await fetch(source);
    if (got.ok === false) throw new Error(got.status);
    return await got.arrayBuffer();
  } catch {
    throw new Error(
      location.protocol === "file:"
        ? "This page was opened as a file, and a browser hands scripts no files then. In the folder of the pages, run: python -m http.server"
        : "The sound could not be fetched.",
    );
  }
}

/* The sound of a file, or of what an address leads to, at the rate that a function of its bytes says. */
export async function decoded(source, rateOf) {
  const bytes = await fetched(source);
  return new OfflineAudioContext(1, 1, rateOf(bytes)).decodeAudioData(bytes).catch(() => {
    throw new Error("That is no sound that this browser can read: try a WAV, FLAC, MP3 or OGG file.");
  });
}

/* Its samples at 16 kHz, the mean of all channels. */
export async function samplesOf(source) {
  const sound = await decoded(source, () => 16000);
  const samples = new Float32Array(sound.length);
  for (let channel = 0; channel < sound.numberOfChannels; channel++) {
    sound.getChannelData(channel).forEach((value, i) => {
      samples[i] += value / sound.numberOfChannels;
    });
  }
  return samples;
}

/* A WAV file of samples at 16 kHz, in 16 bits. */
export function wav(samples) {
  const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const word = (at, text) => [...text].forEach((c, i) => view.setUint8(at + i, c.charCodeAt(0)));
  word(0, "RIFF");
  view.setUint32(4, 36 + 2 * samples.length, true);
  word(8, "WAVEfmt ");
  [16, 1 | (1 << 16), 16000, 32000, 2 | (16 << 16)].forEach((n, i) => view.setUint32(16 + 4 * i, n, true));
  word(36, "data");
  view.setUint32(40, 2 * samples.length, true);
  samples.forEach((value, i) => {
    view.setInt16(44 + 2 * i, Math.round(32767 * Math.max(-1, Math.min(1, value))), true);
  });
  return new Blob([view], { type: "audio/wav" });
}

/* A player that shows once there is something to hear. */
export function player() {
  const caption = el("figcaption");
  const audio = el("audio", { controls: true });
  const figure = el("figure", { className: "player", hidden: true }, caption, audio);
  return {
    figure,
    audio,
    hide() { audio.pause(); figure.hidden = true; },
    show(source, text, play = true) {
      if (audio.src.startsWith("blob:")) URL.revokeObjectURL(audio.src);
      audio.src = source instanceof Blob ? URL.createObjectURL(source) : source;
      caption.textContent = text;
      audio.setAttribute("aria-label", text);
      figure.hidden = false;
      if (play) audio.play().catch(() => {});  // a browser may wait for a tap on the player itself
    },
  };
}

/* Colours from 0 to 1 between stops. */
const ramp = (stops) => (share) => {
  const place = Math.max(0, Math.min(1, share)) * (stops.length - 1);
  const before = Math.min(Math.floor(place), stops.length - 2);
  return [0, 1, 2].map((i) => stops[before][i] + (place - before) * (stops[before + 1][i] - stops[before][i]));
};
export const VIRIDIS = ramp([[68, 1, 84], [65, 68, 135], [42, 120, 142], [34, 168, 132], [122, 209, 81], [253, 231, 37]]);
export const REDBLUE = ramp([[5, 48, 97], [67, 147, 195], [247, 247, 247], [214, 96, 77], [103, 0, 31]]);

/* Rows (frames) as a picture: time to the right, the first value of a row at the bottom. */
export function paint(canvas, rows, low, high, colours) {
  canvas.width = rows.length;
  canvas.height = rows[0].length;
  canvas.classList.toggle("diverging", colours === REDBLUE);  // its white turns dark at night, its hues stay
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  rows.forEach((row, x) =>
    row.forEach((value, i) => {
      const at = 4 * ((row.length - 1 - i) * rows.length + x);
      image.data.set([...colours((value - low) / (high - low)), 255], at);
    }),
  );
  context.putImageData(image, 0, 0);
}

/* A picture with a title, and what its sides mean. */
export function picture(title, height, { bottom = ["", ""], alt = title } = {}) {
  const canvas = el("canvas", { role: "img", "aria-label": alt });
  canvas.style.height = `${height}px`;
  const caption = el("figcaption", { className: "small", textContent: title });
  const ends = bottom.map((text) => el("span", { textContent: text }));
  const figure = el("figure", {}, caption, canvas, el("div", { className: "axis" }, ...ends));
  return { figure, canvas, caption, ends };
}

/* The points of a line for an SVG of this width and height. */
export function path(values, width, height, low, high) {
  return Array.from(values, (value, i) => {
    const x = (width * i) / Math.max(1, values.length - 1);
    const y = height * (1 - (Math.max(low, Math.min(high, value)) - low) / (high - low));
    return `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
  }).join("");
}

/* Call `run` once the element comes near what the reader sees. */
export function whenSeen(element, run) {
  const watch = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    watch.disconnect();
    run();
  }, { rootMargin: "200px" });
  watch.observe(element);
}
