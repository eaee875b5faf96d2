/* How much of a frame, and of its sound, is in the first n coefficients. */
import { el, path, player, samplesOf, slider, soundsOf, start, svg, wav } from "./base.js";
import { dct, idct, logMel, soundOf } from "./mfcc.js";

const power = (samples) => samples.reduce((sum, value) => sum + value * value, 1e-12);

start("coefficients", (root, { levels, steps, first }) => {
  const [name, sound] = Object.entries(soundsOf(root))[0];
  const all = dct([levels], levels.length)[0];
  const [low, high] = [Math.min(...levels) - 3, Math.max(...levels) + 3];
  const line = svg("path", { fill: "none", stroke: "#d55e00", "stroke-width": 3, "vector-effect": "non-scaling-stroke" });
  const frame = svg("path", {
    d: path(levels, 640, 200, low, high), fill: "none", stroke: "currentColor", opacity: 0.55, "vector-effect": "non-scaling-stroke",
  });
  const plot = svg("svg", { viewBox: "0 0 640 200", preserveAspectRatio: "none", role: "img" }, frame, line);
  plot.style.height = "200px";
  const said = el("p", { className: "small", "aria-live": "polite" });
  const heard = player();
  const kept = new Map();

  function draw(n) {
    const rebuilt = idct([all.slice(0, n)], levels.length)[0];
    line.setAttribute("d", path(rebuilt, 640, 200, low, high));
    const error = Math.sqrt(rebuilt.reduce((sum, value, i) => sum + (value - levels[i]) ** 2, 0) / levels.length);
    const text = `Thick: rebuilt from the first ${n} of ${levels.length} coefficients; root mean square error ${error.toFixed(1)} dB. Thin: the mel spectrum of the frame.`;
    said.textContent = text;
    plot.setAttribute("aria-label", text);
    button.textContent = `Hear the note from ${n} coefficient${n > 1 ? "s" : ""}`;
    heard.hide();
  }

  async function hear() {
    const n = chosen.value;
    button.disabled = true;
    try {
      const samples = await samplesOf(sound.src);
      if (!kept.has(n)) {
        button.textContent = "One moment ...";
        await new Promise((done) => setTimeout(done, 30));  // so that the word is seen
        const rebuilt = soundOf(idct(dct(logMel(samples), n), levels.length), samples.length);
        const louder = Math.sqrt(power(samples) / power(rebuilt));
        kept.set(n, wav(rebuilt.map((value) => louder * value)));
      }
      heard.show(kept.get(n), `${name}, from ${n} of ${levels.length} coefficients, made as loud as the note`);
      button.textContent = `Hear the note from ${n} coefficient${n > 1 ? "s" : ""}`;
    } catch (error) {
      said.textContent = error.message;
    }
    button.disabled = false;
  }

  const chosen = slider("coefficients", steps, first, draw);
  const button = el("button", { type: "button", onclick: hear });
  const original = el("button", {
    type: "button", textContent: "Hear the note itself", onclick: () => heard.show(sound.src, name),
  });
  root.append(
    el("div", { className: "strip" }, chosen.label),
    plot,
    el("div", { className: "axis" }, el("span", { textContent: "lowest mel band" }), el("span", { textContent: "highest" })),
    said,
    el("div", { className: "strip" }, button, original),
    heard.figure,
  );
  draw(first);
});
