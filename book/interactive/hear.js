/* A sound from the microphone, a file or the book, and what the shipped models make of it. */
import { decoded, el, fetched, paint, picture, player, REDBLUE, soundsOf, start, wav } from "./base.js";
import { mfcc } from "./mfcc.js";
import { model, nearest, npz } from "./networks.js";
import { prepare, resampled } from "./sounds.js";

const MOST = 20;  // seconds of a recording
const LARGEST = 256 * 2 ** 20;  // bytes of a file
const TAP = `registerProcessor("tap", class extends AudioWorkletProcessor {
  process([input]) { if (input[0]) this.port.postMessage(input[0].slice()); return true; } });`;

/* At which rate a file was recorded, so that the browser need not change it; where it hides, 48 kHz. */
function rateOf(bytes) {
  const view = new DataView(bytes);
  const text = (at) => String.fromCharCode(...new Uint8Array(bytes, at, 4));
  let rate = 0;
  if (bytes.byteLength > 44 && text(0) === "RIFF") {
    let at = 12;
    while (at < bytes.byteLength - 16 && text(at) !== "fmt ") at += 8 + view.getUint32(at + 4, true);
    if (at < bytes.byteLength - 16) rate = view.getUint32(at + 12, true);
  } else if (bytes.byteLength > 44 && text(0) === "fLaC") rate = view.getUint32(18) >>> 12;
  return rate >= 8000 && rate <= 96000 ? rate : 48000;
}

/* Samples of the microphone as they come, until `stop` is called: an array, and their rate. */
async function microphone(heard) {
  if (!navigator.mediaDevices) throw new Error("Only a page from https:// or from this machine may record.");
  const raw = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const stream = await navigator.mediaDevices.getUserMedia({ audio: raw }).catch((error) => {
    throw new Error(error.name === "NotAllowedError" ? "The browser did not allow this page to record." : "There is no microphone that the browser can use.");
  });
  const context = new AudioContext();
  const address = URL.createObjectURL(new Blob([TAP], { type: "text/javascript" }));
  await context.audioWorklet.addModule(address);
  const tap = new AudioWorkletNode(context, "tap");
  const parts = [];
  tap.port.onmessage = ({ data }) => {
    parts.push(data);
    heard((parts.length * data.length) / context.sampleRate);
  };
  context.createMediaStreamSource(stream).connect(tap).connect(context.destination);  // which hears nothing
  return function stop() {
    tap.port.onmessage = null;
    stream.getTracks().forEach((track) => track.stop());
    URL.revokeObjectURL(address);
    context.close();
    const samples = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
    parts.reduce((at, part) => (samples.set(part, at), at + part.length), 0);
    return { samples, rate: context.sampleRate };
  };
}

const kilo = (bytes) => (bytes < 1e6 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);
const percent = (share) => `${Math.round(100 * share)} %`;

start("hear", (root, { groups, sizes }) => {
  const sounds = soundsOf(root);
  const files = Object.fromEntries([...root.querySelectorAll(":scope > source[data-file]")].map((source) => [source.dataset.file, source]));
  const asked = new Set([groups[0][1][0]]);
  let recording = null;  // what `prepare` returns, with a name
  let chosen = 0;  // which of its notes
  let turn = 0;

  const said = el("p", { "aria-live": "polite" });
  const warned = el("p", { className: "warning", "aria-live": "polite" });
  const heard = player();
  const seen = picture("what the models see: 13 MFCCs over four seconds", 91, { bottom: ["0 s", "4 s"] });
  const steps = el("ul", { className: "small" });
  const which = el("select", { "aria-label": "which note", onchange: () => { chosen = Number(which.value); show(true); } });
  const answers = el("div", { className: "pictures" });
  const found = el("div", { hidden: true }, warned, answers, el("div", { className: "strip" }, which), heard.figure,
    seen.figure, el("p", { className: "small", textContent: "What was done to the sound:" }), steps);

  /* A file of the models, fetched once. */
  const kept = {};
  function load(name, read) {
    kept[name] ??= fetched(files[name].src).then(read).catch((error) => {
      delete kept[name];
      throw location.protocol === "file:" ? error : new Error(`The file of ${name} could not be fetched. In a notebook, save your recording and give it to the cells below.`);
    });
    return kept[name];
  }

  async function show(play) {
    const mine = ++turn;
    const { notes, times, gains } = recording;
    const [begins, ends] = times[chosen];
    const rows = mfcc(notes[chosen]);
    found.hidden = false;
    which.hidden = notes.length < 2;
    heard.show(wav(notes[chosen]), "What the models hear", play);
    paint(seen.canvas, rows, -200, 200, REDBLUE);
    const seconds = ends - begins;
    const level = 20 * Math.log10(gains[chosen]);
    steps.replaceChildren(...[
      ...recording.steps,
      seconds < 3.95 ? `${seconds.toFixed(2)} s of sound, then ${(4 - seconds).toFixed(2)} s of silence` : "its first four seconds taken",
      `made ${Math.abs(level).toFixed(0)} dB ${level < 0 ? "quieter" : "louder"}, so that its peak is 0.5`,
    ].map((text) => el("li", { textContent: text })));
    try {
      const near = nearest(rows, seconds, await load("notes", npz));
      const models = await Promise.all([...asked].map(async (name) => [name, await load(name, model)]));
      if (mine !== turn) return;
      const results = models.map(([name, { info, predict }]) => [name, info, predict(rows)]);
      answers.replaceChildren(...results.map(chart));
      const best = results.map(([name, info, p]) => `${name}: ${info.families[p.indexOf(Math.max(...p))]}, ${percent(Math.max(...p))}`);
      said.textContent = `${recording.name}. ${best.join("; ")}. The nearest training note is ${near.note}, at a distance of ${near.distance.toFixed(2)}.`;
      warned.textContent = near.unlike ? "Unlike anything that the models know: trust no answer, however sure it looks." : "";
    } catch (error) {
      if (mine === turn) said.textContent = error.message;
    }
  }

  function chart([name, info, p]) {
    const best = p.indexOf(Math.max(...p));
    const lines = p.map((share, i) => {
      const bar = el("div", { className: "bar" });
      bar.style.width = `${100 * share}%`;
      return el("tr", { className: i === best ? "best" : "" },
        el("th", { scope: "row", textContent: info.families[i] }), el("td", {}, bar), el("td", { textContent: percent(share) }));
    });
    const right = info.scores["mini-test"]["4"];
    return el("table", { className: "bars" },
      el("caption", {}, el("strong", { textContent: name }), `, right on ${percent(right)} of mini-test's new notes`), el("tbody", {}, ...lines));
  }

  /* Hear what a function finds, or say why it cannot be heard. */
  async function hear(name, sound, play) {
    const mine = ++turn;
    said.textContent = `${name}: is read ...`;
    found.hidden = true;
    heard.hide();
    save.hidden = true;
    try {
      const { channels, rate } = await sound();
      if (mine !== turn) return;
      recording = { ...prepare(channels, rate), name };
    } catch (error) {
      if (mine === turn) said.textContent = `${name}: ${error.message}`;
      return;
    }
    chosen = 0;
    which.replaceChildren(...recording.times.map(([begins, ends], i) =>
      el("option", { value: i, textContent: `note ${i + 1} of ${recording.times.length}: ${begins.toFixed(2)} to ${ends.toFixed(2)} s` })));
    await show(play);
  }

  async function file(source) {
    if (source.size > LARGEST) throw new Error("That is no recording: it is larger than 256 MB.");
    const buffer = await decoded(source, rateOf);
    return { channels: Array.from({ length: buffer.numberOfChannels }, (_, c) => buffer.getChannelData(c)), rate: buffer.sampleRate };
  }

  let stop = null;
  const record = el("button", { type: "button", textContent: "Record", onclick: () => (stop ? finish() : begin()) });
  async function begin() {
    try {
      record.disabled = true;
      stop = await microphone((seconds) => {
        record.textContent = `Stop (${(Math.floor(10 * seconds) / 10).toFixed(1)} s)`;  // no more than it has
        if (seconds >= MOST && stop) finish();
      });
      said.textContent = "Play or sing one note, then stop.";
    } catch (error) {
      said.textContent = error.message;
    }
    record.disabled = false;
  }
  async function finish() {
    const { samples, rate } = stop();
    stop = null;
    record.textContent = "Record again";
    await hear("Your recording", async () => ({ channels: [samples], rate }), false);
    if (save.href) URL.revokeObjectURL(save.href);
    save.href = URL.createObjectURL(wav(resampled(samples, rate, 16000)));
    save.hidden = false;
  }
  const save = el("a", { download: "recording.wav", textContent: "Save the recording (WAV)", hidden: true });

  const input = el("input", {
    type: "file", accept: "audio/*", "aria-label": "a sound of your own",
    onchange: () => input.files[0] && hear(input.files[0].name, () => file(input.files[0]), false),
  });
  root.addEventListener("dragover", (event) => event.preventDefault());
  root.addEventListener("drop", (event) => {
    event.preventDefault();
    const dropped = event.dataTransfer.files[0];
    if (dropped) hear(dropped.name, () => file(dropped), false);
  });
  const bundled = el("select", { "aria-label": "a sound of the book", onchange: () => bundled.value && hear(bundled.value, () => file(sounds[bundled.value].src), true) },
    el("option", { value: "", textContent: "a sound of the book" }),
    ...Object.keys(sounds).map((sound) => el("option", { value: sound, textContent: sound })));

  const button = (name) => el("button", {
    type: "button", textContent: `${name} (${kilo(sizes[name])})`, "aria-pressed": String(asked.has(name)),
    onclick: (event) => {
      asked.has(name) ? asked.delete(name) : asked.add(name);
      event.target.setAttribute("aria-pressed", String(asked.has(name)));
      if (recording && !found.hidden) show(false);
    },
  });
  root.append(
    el("p", { className: "small", textContent: "Nothing is sent anywhere: the sound stays on your machine, and the models come to it when you ask them." }),
    el("div", { className: "strip" }, record, el("label", { className: "own" }, "or a file, chosen or dropped here ", input), el("label", { className: "own" }, "or ", bundled)),
    ...groups.map(([text, names]) => el("div", { className: "strip", role: "group", "aria-label": text }, el("span", { className: "small", textContent: text }), ...names.map(button))),
    said,
    save,
    found,
  );
});
