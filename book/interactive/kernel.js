/* A 3 x 3 kernel under the reader's finger: nine products, their sum, and the sums of all places. */
import { choice, el, paint, picture, REDBLUE, slider, start, VIRIDIS } from "./base.js";

start("kernel", (root, { rows, kernels, axis, first }) => {
  const [frames, bands] = [rows.length, rows[0].length];
  const short = axis.split(" ").at(-1);
  const most = Math.max(...rows.flat().map(Math.abs));
  const signed = rows.flat().some((cell) => cell < 0);
  const value = (t, f) => rows[t]?.[f] ?? 0;  // "same" padding: zeros around
  let weights = Object.values(kernels)[0].map((row) => [...row]);
  let [t, f] = [15, Math.min(10, bands >> 1)];

  const OFFSETS = [1, 0, -1];  // the highest above, as in the picture
  const sum = (at, band) =>
    [-1, 0, 1].reduce((all, i) => all + [-1, 0, 1].reduce((s, j) => s + value(at + i, band + j) * weights[i + 1][j + 1], 0), 0);

  const seen = picture(`the note: time to the right, ${short}s upwards. Drag the window`, 190, { bottom: ["0 s", "4 s"] });
  const answer = picture("the sum at every place: red above 0, blue below", 190, { bottom: ["0 s", "4 s"] });
  const windows = [seen, answer].map(({ canvas }) => {
    const frame = el("div", { className: "kernel-window" });
    const box = el("div", { className: "kernel-box" });
    canvas.replaceWith(box);
    box.append(canvas, frame);
    return frame;
  });
  paint(seen.canvas, rows, signed ? -most : 0, most, signed ? REDBLUE : VIRIDIS);

  const inputs = OFFSETS.map((j) => [-1, 0, 1].map((i) =>
    el("input", {
      type: "number", step: 1, "aria-label": `weight: ${["frame before", "this frame", "frame after"][i + 1]}, ${[`${short} below`, `this ${short}`, `${short} above`][j + 1]}`,
      oninput: (event) => { weights[i + 1][j + 1] = Number(event.target.value) || 0; redraw(); },
    })));
  const products = OFFSETS.map(() => [0, 1, 2].map(() => el("div", { className: "small" })));
  const table = el("table", { className: "kernel-sums" }, el("tbody", {}, ...OFFSETS.map((_, r) =>
    el("tr", {}, ...[0, 1, 2].map((c) => el("td", {}, inputs[r][c], products[r][c]))))));
  const total = el("p", { "aria-live": "polite" });

  function move() {
    OFFSETS.forEach((j, r) => [-1, 0, 1].forEach((i, c) => {
      products[r][c].textContent = `\u00d7 ${value(t + i, f + j).toFixed(2)} = ${(weights[i + 1][j + 1] * value(t + i, f + j)).toFixed(2)}`;
    }));
    total.replaceChildren("Sum of the nine products: ", el("strong", { textContent: sum(t, f).toFixed(2) }));
    for (const frame of windows) {
      frame.style.left = `${(100 * (t - 1)) / frames}%`;
      frame.style.bottom = `${(100 * (f - 1)) / bands}%`;
      frame.style.width = `${300 / frames}%`;
      frame.style.height = `${300 / bands}%`;
    }
  }
  function redraw() {
    const sums = rows.map((row, at) => row.map((_, band) => sum(at, band)));
    const limit = sums.reduce((most, row) => Math.max(most, ...row.map(Math.abs)), 1e-6);
    paint(answer.canvas, sums, -limit, limit, REDBLUE);
    move();
  }
  function set(name) {
    weights = kernels[name].map((row) => [...row]);
    OFFSETS.forEach((j, r) => [-1, 0, 1].forEach((i, c) => { inputs[r][c].value = weights[i + 1][j + 1]; }));
    redraw();
  }

  const numbers = (n) => Array.from({ length: n }, (_, i) => i);
  const time = slider("time (frame)", numbers(frames), t, (chosen) => { t = chosen; move(); });
  const band = slider(axis, numbers(bands), f, (chosen) => { f = chosen; move(); }, (k) => String(k + first));
  for (const { canvas } of [seen, answer]) {
    const drag = (event) => {
      if (event.type === "pointermove" && !event.buttons) return;
      const box = canvas.getBoundingClientRect();
      const within = (share, n) => Math.max(0, Math.min(n - 1, Math.floor(share * n)));
      t = within((event.clientX - box.left) / box.width, frames);
      f = within((box.bottom - event.clientY) / box.height, bands);
      time.value = t;
      band.value = f;
      move();
    };
    canvas.style.touchAction = "none";
    canvas.addEventListener("pointerdown", drag);
    canvas.addEventListener("pointermove", drag);
  }

  root.append(
    el("style", { textContent: `
.kernel-box { position: relative; overflow: hidden; }
.kernel-window { position: absolute; outline: 2px solid #fff; box-shadow: 0 0 0 4px #000; pointer-events: none; }
.interactive .kernel-sums { width: auto; }
.kernel-sums input { width: 4rem; min-height: 2.2rem; }` }),
    choice("kernel", Object.keys(kernels), Object.keys(kernels)[0], set),
    el("div", { className: "pictures" }, seen.figure, answer.figure),
    el("div", { className: "strip" }, time.label, band.label),
    table, total,
  );
  set(Object.keys(kernels)[0]);
});
