/* What two networks say of a note of which a part is silent: a map of all parts, and the rest to hear. */
import { el, paint, picture, player, REDBLUE, samplesOf, slider, soundsOf, start, wav } from "./base.js";
import { withoutCoefficients } from "./mfcc.js";

/* `networks` has for each note and network: whole, an answer and a percentage of the true family;
   and the same for every part, by block of time (the last is the whole note) and coefficient (the last is all). */
start("occlusion", (root, { families, notes, truth, block, blocks, coefficients, seconds, networks }) => {
  const sounds = soundsOf(root);
  const numbers = (n) => Array.from({ length: n }, (_, i) => i);
  const names = Object.keys(networks);
  let note = 0;
  const of = (name) => networks[name][note];
  const cell = () => time.value * (coefficients + 1) + coefficient.value;
  const second = (k) => ((seconds * k) / blocks).toFixed(2);
  const when = (k) => (k === blocks ? "all the time" : `${second(k)} to ${second(k + 1)} s`);
  const which = (k) => (k === coefficients ? "all coefficients" : `coefficient ${k}`);

  const time = slider("silent when", numbers(blocks + 1), 0, () => move(), when);
  const coefficient = slider("silent what", numbers(coefficients + 1), coefficients, () => move(), which);
  const said = el("div", { "aria-live": "polite" });
  const heard = player();

  const maps = names.map((name) => {
    const { figure, canvas, caption } = picture(name, 210, { bottom: ["0 s", "whole note"] });
    const box = el("div", { className: "occlusion-box" });
    const frame = el("div", { className: "occlusion-part" });
    canvas.replaceWith(box);
    box.append(canvas, frame);
    canvas.addEventListener("pointerdown", (event) => {
      const area = canvas.getBoundingClientRect();
      const place = (share, n) => Math.max(0, Math.min(n - 1, Math.floor(share * n)));
      time.value = place((event.clientX - area.left) / area.width, blocks + 1);
      coefficient.value = place((area.bottom - event.clientY) / area.height, coefficients + 1);
      move();
    });
    return { name, figure, canvas, caption, frame };
  });

  function move() {
    for (const { frame } of maps) {
      frame.style.left = `${(100 * time.value) / (blocks + 1)}%`;
      frame.style.bottom = `${(100 * coefficient.value) / (coefficients + 1)}%`;
      frame.style.width = `${100 / (blocks + 1)}%`;
      frame.style.height = `${100 / (coefficients + 1)}%`;
    }
    said.replaceChildren(...names.map((name) => {
      const { whole, percent, answers } = of(name);
      return el("p", { textContent: `${name}: ${families[truth[note]]} ${whole} % before, ${percent[cell()]} % with this part silent; it says ${families[answers[cell()]]}.` });
    }));
    heard.hide();
  }
  function renew() {
    const most = Math.max(1, ...names.flatMap((name) => of(name).percent.map((p) => Math.abs(of(name).whole - p))));
    for (const { name, canvas, caption } of maps) {
      const { whole, percent } = of(name);
      paint(canvas, numbers(blocks + 1).map((t) => percent.slice(t * (coefficients + 1), (t + 1) * (coefficients + 1)).map((p) => whole - p)), -most, most, REDBLUE);
      caption.textContent = `${name}, ${whole} % sure of ${families[truth[note]]}`;
      canvas.setAttribute("aria-label", `${caption.textContent}: points lost where a part is silent`);
    }
    move();
  }

  async function hear() {
    try {
      const samples = await samplesOf(sounds[notes[note]].src);
      const [t, k] = [time.value, coefficient.value];
      const frames = t === blocks ? [0, Infinity] : [t * block, (t + 1) * block];
      const silent = k === coefficients ? numbers(coefficients) : [k];
      heard.show(wav(withoutCoefficients(samples, silent, ...frames)), `${notes[note]}, silent: ${which(k)}, ${when(t)}`);
    } catch (error) {
      said.append(el("p", { className: "small", textContent: error.message }));
    }
  }

  root.append(
    el("style", { textContent: `
.occlusion-box { position: relative; overflow: hidden; }
.occlusion-part { position: absolute; outline: 2px solid #fff; box-shadow: 0 0 0 4px #000; pointer-events: none; }` }),
    el("div", { className: "strip" }, el("select", {
      "aria-label": "note", onchange: (event) => { note = Number(event.target.value); renew(); },
    }, ...notes.map((name, i) => el("option", { value: i, textContent: name })))),
    el("div", { className: "pictures" }, ...maps.map(({ figure }) => figure)),
    el("p", { className: "small", textContent: `Time to the right, coefficient 0 at the bottom; the last column is the whole note, the top row all coefficients. Red: the true family loses by the silence; blue: it gains.` }),
    el("div", { className: "strip" }, time.label, coefficient.label),
    said,
    el("div", { className: "strip" },
      el("button", { type: "button", textContent: "Hear the note", onclick: () => heard.show(sounds[notes[note]].src, notes[note]) }),
      el("button", { type: "button", textContent: "Hear what is left", onclick: hear })),
    heard.figure,
  );
  renew();
});
