/* What an LSTM layer does while it reads a note: all hidden states, and the gates of one unit. */
import { choice, el, paint, picture, player, REDBLUE, slider, soundsOf, start } from "./base.js";
import { lanes } from "./lanes.js";

const QUANTITIES = ["input gate", "forget gate", "output gate", "cell state", "hidden state"];

/* `layers` has, by layer and quantity, an array for each note: hundredths, unit by unit of each frame. */
start("states", (root, { notes, layers, units, frames, seconds }) => {
  const sounds = soundsOf(root);
  let note = notes[0], layer = Object.keys(layers)[0];
  const numbers = (n) => Array.from({ length: n }, (_, i) => i);
  const at = (quantity, frame, unit) => layers[layer][quantity][notes.indexOf(note)][frame * units + unit] / 100;

  const map = picture(`hidden states: ${units} units upwards, red above 0, blue below`, 160, { bottom: ["0 s", `${seconds} s`] });
  const head = el("div", { className: "states-line" });
  const row = el("div", { className: "states-row" });
  const box = el("div", { className: "states-box" });
  map.canvas.replaceWith(box);
  box.append(map.canvas, head, row);

  const drawn = lanes(QUANTITIES);
  const said = el("p", { className: "small" });
  const heard = player();
  const time = slider("time", numbers(frames), 0, () => move(), (frame) => `${((seconds * frame) / frames).toFixed(2)} s`);
  const unit = slider("unit", numbers(units), 0, () => draw());

  function move() {
    head.style.left = `${(100 * time.value) / (frames - 1)}%`;
    drawn.mark(time.value / (frames - 1));
    said.textContent = `Unit ${unit.value} at frame ${time.value}: ${QUANTITIES.map((name) => `${name} ${at(name, time.value, unit.value).toFixed(2)}`).join(", ")}.`;
  }
  function draw() {
    row.style.bottom = `${(100 * unit.value) / units}%`;
    row.style.height = `${100 / units}%`;
    QUANTITIES.forEach((name, lane) => {
      const line = numbers(frames).map((frame) => at(name, frame, unit.value));
      const [low, high] = lane < 3 ? [0, 1] : [Math.min(-1, ...line), Math.max(1, ...line)];
      drawn.draw(lane, [line], low, high);
    });
    move();
  }
  function renew() {
    const rows = numbers(frames).map((frame) => numbers(units).map((u) => at("hidden state", frame, u)));
    const limit = Math.max(0.01, ...rows.flat().map(Math.abs));
    paint(map.canvas, rows, -limit, limit, REDBLUE);
    draw();
  }

  const place = (share, n) => Math.max(0, Math.min(n - 1, Math.floor(share * n)));
  map.canvas.addEventListener("pointerdown", (event) => {
    const area = map.canvas.getBoundingClientRect();
    time.value = place((event.clientX - area.left) / area.width, frames);
    unit.value = place((area.bottom - event.clientY) / area.height, units);
    draw();
  });
  drawn.onPoint((share) => { time.value = place(share, frames); move(); });
  /* The line follows the sound; where the sound is moved, so does the line. */
  function follow() {
    time.value = place(heard.audio.currentTime / seconds, frames);
    move();
    if (!heard.audio.paused && root.isConnected) requestAnimationFrame(follow);
  }
  heard.audio.addEventListener("play", follow);
  heard.audio.addEventListener("seeked", follow);

  root.append(
    el("style", { textContent: `
.states-box { position: relative; overflow: hidden; }
.states-line, .states-row { position: absolute; pointer-events: none; outline: 1px solid currentColor; }
.states-line { top: 0; bottom: 0; width: 0; }
.states-row { left: 0; right: 0; }` }),
    choice("note", notes, note, (name) => { note = name; heard.hide(); renew(); }),
    choice("layer", Object.keys(layers), layer, (name) => { layer = name; renew(); }),
    map.figure,
    el("div", { className: "strip" }, unit.label, time.label),
    ...drawn.figures,
    said,
    el("div", { className: "strip" }, el("button", {
      type: "button", textContent: "Play the note", onclick: () => heard.show(sounds[note].src, note),
    })),
    heard.figure,
  );
  renew();
});
