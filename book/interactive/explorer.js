/* Mel spectrogram and MFCCs of a note under settings of one's own; a band that can be heard. */
import { el, paint, picture, player, REDBLUE, samplesOf, slider, soundsOf, start, svg, VIRIDIS, wav, whenSeen } from "./base.js";
import { dct, idct, logMel, melFilters, throughBand } from "./mfcc.js";

const RANGE = (first, last) => Array.from({ length: last - first + 1 }, (_, i) => first + i);
const SECONDS = 8;

start("explorer", (root) => {
  const sounds = soundsOf(root);
  let name = Object.keys(sounds)[0];
  let samples = null;
  const settings = { nFft: 2048, hop: 512, nMels: 128, nMfcc: 13 };
  let filters = [];

  const note = player();
  const heard = player();
  const said = el("p", { className: "small", "aria-live": "polite", textContent: "The pictures come with the first note." });
  const mel = picture("mel spectrogram: bands over time", 150, { bottom: ["0 s", ""] });
  const cepstrum = picture("MFCCs from coefficient 1 on, over time", 150, { bottom: ["0 s", ""] });
  const rebuilt = picture("mel spectrogram rebuilt from the MFCCs", 150, { bottom: ["0 s", ""] });
  const triangles = svg("svg", { viewBox: "0 0 640 90", preserveAspectRatio: "none", role: "img" });
  triangles.style.height = "90px";
  triangles.style.cursor = "pointer";

  function draw() {
    filters = melFilters(settings);
    drawFilters();
    if (!samples) return;
    const levels = logMel(samples, settings);
    const coefficients = dct(levels, settings.nMfcc);
    const top = levels.reduce((most, row) => Math.max(most, ...row), -Infinity);
    paint(mel.canvas, levels, top - 80, top, VIRIDIS);
    paint(rebuilt.canvas, idct(coefficients, settings.nMels), top - 80, top, VIRIDIS);
    // Coefficient 0 is the level: so large that beside it nothing else would be seen.
    const shape = settings.nMfcc > 1 ? coefficients.map((row) => row.slice(1)) : coefficients;
    const limit = shape.reduce((most, row) => row.reduce((m, c) => Math.max(m, Math.abs(c)), most), 1);
    paint(cepstrum.canvas, shape, -limit, limit, REDBLUE);
    cepstrum.caption.textContent = settings.nMfcc > 1
      ? `MFCCs 1 to ${settings.nMfcc - 1} over time (0 is the level)`
      : "MFCC 0 over time: the level";
    const seconds = `${(samples.length / 16000).toFixed(1)} s`;
    for (const { ends } of [mel, cepstrum, rebuilt]) ends[1].textContent = seconds;
    const empty = filters.filter(({ weights }) => !weights.some((weight) => weight > 0)).length;
    said.textContent =
      `${name}: ${levels.length} frames of ${(settings.nFft / 16).toFixed(0)} ms, ${settings.hop / 16} ms apart; ` +
      `bins ${(16000 / settings.nFft).toFixed(1)} Hz apart; ${levels.length} x ${settings.nMfcc} = ` +
      `${(levels.length * settings.nMfcc).toLocaleString("en")} numbers.` +
      (empty ? ` ${empty} of ${settings.nMels} filters lie between two bins and are empty: dark stripes.` : "") +
      (settings.hop > settings.nFft ? " Frames do not touch: some of the sound is never seen." : "");
  }

  const x = (hz) => ((hz / 8000) * 640).toFixed(1);
  function drawFilters() {
    const every = svg("path", { fill: "none", stroke: "currentColor", opacity: 0.45, "vector-effect": "non-scaling-stroke" });
    const shape = ({ low, middle, high }) => `M${x(low)} 90L${x(middle)} 8L${x(high)} 90`;
    every.setAttribute("d", filters.map(shape).join(""));
    const { low, high } = filters[band.value];
    const text = `Band ${band.value}: ${low.toFixed(0)} to ${high.toFixed(0)} Hz`;
    triangles.setAttribute("aria-label", `Triangles from 0 to 8 kHz, one a band. ${text} is marked.`);
    triangles.replaceChildren(
      every,
      svg("path", { d: shape(filters[band.value]), fill: "#d55e00", stroke: "#d55e00", "stroke-width": 2, "vector-effect": "non-scaling-stroke" }),
    );
    button.textContent = `Hear the note through band ${band.value} (${low.toFixed(0)} to ${high.toFixed(0)} Hz)`;
  }

  function renew(setting, value) {
    settings[setting] = value;
    if (setting === "nMels") {
      const top = Math.min(band.value, value - 1);
      replaceBand(value, top);
      if (settings.nMfcc > value) settings.nMfcc = coefficients.value = value;
    }
    if (setting === "nMfcc" && value > settings.nMels) settings.nMfcc = coefficients.value = settings.nMels;
    heard.hide();
    draw();
  }

  const coefficients = slider("coefficients", [...RANGE(1, 20), 24, 32, 40, 64, 128], 13, (v) => renew("nMfcc", v));
  let band = null;
  const bandPlace = el("div", { className: "strip" });
  function replaceBand(count, chosen) {
    const made = slider("band", RANGE(0, count - 1), chosen, () => {
      heard.hide();
      drawFilters();
    });
    band = made;
    bandPlace.replaceChildren(made.label);
  }
  const button = el("button", {
    type: "button",
    onclick: async () => {
      await ready();
      if (samples) heard.show(wav(throughBand(samples, band.value, settings)), `${name}, through band ${band.value}`);
    },
  });
  replaceBand(128, 18);  // with the second partial of an A3

  triangles.addEventListener("click", (event) => {
    const box = triangles.getBoundingClientRect();
    const hz = ((event.clientX - box.left) / box.width) * 8000;
    const away = filters.map(({ middle }) => Math.abs(middle - hz));
    band.value = away.indexOf(Math.min(...away));
    drawFilters();
    button.click();
  });

  /* A note of the page, or a file of the reader's. */
  let loading = null;
  function load(source, called, play) {
    loading = (async () => {
      try {
        const found = await samplesOf(source);
        samples = found.slice(0, SECONDS * 16000);
        name = called;
        heard.hide();
        note.show(source instanceof Blob ? wav(samples) : source, called, play);
        draw();
      } catch (error) {
        said.textContent = error.message;
      }
    })();
    return loading;
  }
  const ready = () => loading ?? load(sounds[name].src, name, false);

  const notes = el(
    "select",
    { "aria-label": "note", onchange: () => load(sounds[notes.value].src, notes.value, true) },
    ...Object.keys(sounds).map((sound) => el("option", { value: sound, textContent: sound })),
  );
  const file = el("input", {
    type: "file", accept: "audio/*", "aria-label": "a sound of your own",
    onchange: () => file.files[0] && load(file.files[0], file.files[0].name, true),
  });
  root.addEventListener("dragover", (event) => event.preventDefault());
  root.addEventListener("drop", (event) => {
    event.preventDefault();
    const dropped = event.dataTransfer.files[0];
    if (dropped) load(dropped, dropped.name, true);
  });

  root.append(
    el("div", { className: "strip" }, notes, el("span", { className: "small", textContent: "or a sound of your own (chosen, or dropped here; it stays on your machine):" }), file),
    note.figure,
    el(
      "div",
      { className: "strip" },
      slider("frame, n_fft (samples)", [256, 512, 1024, 2048, 4096, 8192], 2048, (v) => renew("nFft", v)).label,
      slider("hop (samples)", [128, 256, 512, 1024, 2048], 512, (v) => renew("hop", v)).label,
      slider("mel bands", [10, 20, 40, 64, 128], 128, (v) => renew("nMels", v)).label,
      coefficients.label,
    ),
    el("div", { className: "pictures" }, mel.figure, cepstrum.figure, rebuilt.figure),
    said,
    el("p", { className: "small", textContent: "The filters, one triangle a band. Click one to hear the note through it." }),
    triangles,
    el("div", { className: "axis" }, el("span", { textContent: "0 Hz" }), el("span", { textContent: "8 kHz" })),
    bandPlace,
    el("div", { className: "strip" }, button),
    heard.figure,
  );
  draw();
  whenSeen(root, ready);
});
