/* The leak as a switch: who is the nearest training note, and how the score follows from it. */
import { choice, el, player, slider, soundsOf, start, svg } from "./base.js";
import { generator } from "./mfcc.js";

const WIDTH = 640, HEIGHT = 400;

start("leak", (root, { notes, families, instruments, recordings, points, map, held }) => {
  const sounds = soundsOf(root);
  const DESIGNS = { "note by note": notes, "by instrument": instruments, "by recording": recordings };
  let design = "note by note";
  let deal = 1;
  let train = [], test = [], nearest = [];
  let at = 0;

  const span = (axis) => [Math.min(...map.map((p) => p[axis])), Math.max(...map.map((p) => p[axis]))];
  const ends = [span(0), span(1)];
  const place = (i) => [
    12 + ((map[i][0] - ends[0][0]) / (ends[0][1] - ends[0][0])) * (WIDTH - 24),
    12 + ((ends[1][1] - map[i][1]) / (ends[1][1] - ends[1][0])) * (HEIGHT - 24),
  ];

  /* In each family the share `held` of the notes goes to the test, whole groups at a time. */
  function split() {
    const random = generator(deal);
    const groups = DESIGNS[design];
    const out = new Set();
    for (const family of new Set(families)) {
      const own = notes.map((_, i) => i).filter((i) => families[i] === family);
      const names = [...new Set(own.map((i) => groups[i]))].map((name) => [random(), name]).sort((a, b) => a[0] - b[0]);
      let count = 0;
      for (const [, name] of names) {
        if (count >= held * own.length) break;
        for (const i of own.filter((i) => groups[i] === name)) { out.add(i); count += 1; }
      }
    }
    test = notes.map((_, i) => i).filter((i) => out.has(i));
    train = notes.map((_, i) => i).filter((i) => !out.has(i));
    nearest = test.map((i) => {
      let [best, least] = [-1, Infinity];
      for (const j of train) {
        const distance = points[i].reduce((sum, value, k) => sum + (value - points[j][k]) ** 2, 0);
        if (distance < least) [best, least] = [j, distance];
      }
      return best;
    });
  }

  const right = (k) => families[test[k]] === families[nearest[k]];
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
  picture.style.cursor = "pointer";
  const score = el("p", { "aria-live": "polite" });
  const said = el("p", { className: "small", "aria-live": "polite" });
  const heard = player();
  const chooser = el("div", { className: "strip" });
  const hear = (text, which) => el("button", {
    type: "button", textContent: text, onclick: () => play(which()),
  });

  function around(i) {
    const [cx, cy] = place(i);
    return svg("circle", { cx, cy, r: 9, fill: "none", stroke: "currentColor", "stroke-width": 3 });
  }
  function play(i) {
    draw();
    picture.append(around(i));
    heard.show(sounds[notes[i]].src, `${notes[i]}, ${test.includes(i) ? "held out" : "a training note"}`);
  }

  function draw() {
    const dots = [];
    for (const i of train) {
      const [x, y] = place(i);
      dots.push(svg("circle", { cx: x, cy: y, r: 4, fill: "none", stroke: "currentColor", opacity: 0.5 }));
    }
    test.forEach((i, k) => {
      const [x, y] = place(i);
      const mark = right(k) ? `M${x - 5} ${y}a5 5 0 1 0 10 0a5 5 0 1 0 -10 0` : `M${x - 5} ${y - 5}l10 10M${x + 5} ${y - 5}l-10 10`;
      dots.push(svg("path", { d: mark, fill: right(k) ? "#0072b2" : "none", stroke: right(k) ? "#0072b2" : "#d55e00", "stroke-width": 3 }));
    });
    const [from, to] = [place(test[at]), place(nearest[at])];
    dots.push(svg("path", { class: "link", d: `M${from}L${to}`, stroke: "currentColor", "stroke-width": 3, fill: "none" }));
    dots.push(around(test[at]), around(nearest[at]));
    picture.replaceChildren(...dots);
    const i = test[at], j = nearest[at];
    const relation = instruments[i] === instruments[j] ? "of the same instrument"
      : recordings[i] === recordings[j] ? "the same recording under another name" : "of another instrument";
    said.textContent = `${notes[i]}, a ${families[i]}: its nearest training note is ${notes[j]}, ${relation}. So 1-NN says ${families[j]}: ${right(at) ? "\u2713 right" : "\u2717 wrong"}.`;
    picture.setAttribute("aria-label", `A map of ${notes.length} notes, ${test.length} of them held out, and a line from one of these to its nearest training note. ${said.textContent}`);
    heard.hide();
  }

  function renew() {
    split();
    at = Math.min(at, test.length - 1);
    const hits = test.filter((_, k) => right(k)).length;
    const same = test.filter((i, k) => instruments[i] === instruments[nearest[k]]).length;
    score.replaceChildren(
      el("strong", { textContent: `Dealt ${design}: ${hits} of ${test.length} right (${Math.round((100 * hits) / test.length)} %).` }),
      ` For ${same} the nearest training note is of the same instrument.`,
    );
    const which = test.map((_, k) => k);
    chooser.replaceChildren(slider("held-out note", which, at, (k) => { at = k; draw(); }, (k) => `${k + 1} of ${test.length}`).label);
    draw();
  }

  picture.addEventListener("click", (event) => {
    const box = picture.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * WIDTH;
    const y = ((event.clientY - box.top) / box.height) * HEIGHT;
    const away = notes.map((_, i) => Math.hypot(place(i)[0] - x, place(i)[1] - y));
    const i = away.indexOf(Math.min(...away));
    if (test.includes(i)) {
      chooser.querySelector("input").value = test.indexOf(i);
      chooser.querySelector("input").dispatchEvent(new Event("input"));
    }
    play(i);
  });

  root.append(
    choice("how notes are dealt", Object.keys(DESIGNS), design, (text) => { design = text; renew(); }),
    score,
    picture,
    el("p", { className: "small", textContent: "Rings: training notes. Filled: held out and named rightly; crosses: wrongly. Near on the map need not be near in all 13 dimensions. Click a note to hear it." }),
    chooser,
    said,
    el("div", { className: "strip" }, hear("Hear the note", () => test[at]), hear("Hear its nearest", () => nearest[at]),
      el("button", { type: "button", textContent: "Deal again", onclick: () => { deal += 1; renew(); } })),
    heard.figure,
  );
  renew();
});
