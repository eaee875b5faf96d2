/* A confusion matrix whose cells open: the notes behind a number, to hear, and what was said of them. */
import { choice, el, paint, picture, player, REDBLUE, samplesOf, soundsOf, start } from "./base.js";
import { mfcc } from "./mfcc.js";

const MOST = 6;  // notes shown of a cell; a button shows the others

start("confusions", (root, { families, notes, runs, rivals }) => {
  const sounds = soundsOf(root);
  const truth = notes.map((note) => families.indexOf(note.slice(0, note.search(/_(acoustic|electronic|synthetic)_/))));
  const models = Object.keys(runs);
  let [model, test, fold] = [models[0], Object.keys(runs[models[0]])[0], "all folds"];
  let open = null;  // the cell that is open: at first, the most frequent mistake
  let guessing = false;

  /* What a model said in the chosen test and folds: of each note its answers and mean probabilities. */
  function said(of) {
    const found = new Map();
    runs[of][test].forEach((run, i) => {
      if (fold !== "all folds" && fold !== `fold ${i + 1}`) return;
      run.notes.forEach((note, row) => {
        const p = run.percent.slice(families.length * row, families.length * (row + 1));
        const entry = found.get(note) ?? { note, answers: [], percent: families.map(() => 0) };
        entry.answers.push(run.answers[row]);
        entry.percent = entry.percent.map((sum, k) => sum + p[k]);
        found.set(note, entry);
      });
    });
    for (const entry of found.values()) entry.percent = entry.percent.map((sum) => sum / entry.answers.length);
    return found;
  }

  const menu = (name, options, change) =>
    el("select", { "aria-label": name, onchange: (event) => { change(event.target.value); draw(); } },
      ...options.map((text) => el("option", { value: text, textContent: text })));
  const folds = ["all folds", ...runs[model][test].map((_, i) => `fold ${i + 1}`)];
  const menus = el("div", { className: "strip" },
    menu("model", models, (value) => { model = value; }),
    menu("test", Object.keys(runs[model]), (value) => { test = value; }),
    menu("folds", folds, (value) => { fold = value; }));

  const grid = el("table", { className: "matrix", role: "grid", "aria-label": "confusion matrix: true family down, named family across" });
  const list = el("div", { "aria-live": "polite" });
  const heard = player();
  const seen = picture("its MFCCs 1 to 12 over time", 110, { bottom: ["0 s", "4 s"], alt: "MFCCs of the note that plays" });
  seen.figure.hidden = true;
  let cells = [];

  function draw() {
    const counts = families.map(() => families.map(() => 0));
    for (const { note, answers } of said(model).values()) {
      for (const answer of answers) counts[truth[note]][answer] += 1;
    }
    cells = counts.map((row, i) => {
      const all = row.reduce((a, b) => a + b, 0);
      return row.map((count, j) => {
        const share = all ? count / all : 0;
        const percent = Math.round(100 * share);
        const cell = el("td", {
          role: "gridcell", tabIndex: -1, textContent: percent || (count ? "0" : "\u00b7"),
          "aria-label": `${percent} % of ${families[i]} named ${families[j]}`,
          onclick: () => show(i, j),
        });
        cell.style.background = `rgba(${i === j ? "0, 114, 178" : "213, 94, 0"}, ${0.55 * share})`;
        return cell;
      });
    });
    const short = (family) => el("th", { scope: "col", role: "columnheader", "aria-label": family, textContent: family.slice(0, 3) });
    grid.replaceChildren(
      el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, el("td", { role: "gridcell" }), ...families.map(short))),
      el("tbody", { role: "rowgroup" }, ...cells.map((row, i) =>
        el("tr", { role: "row" }, el("th", { scope: "row", role: "rowheader", textContent: families[i] }), ...row))),
    );
    const mistakes = counts.flatMap((row, i) => row.map((count, j) => (i === j ? -1 : count)));
    const worst = mistakes.indexOf(Math.max(...mistakes));
    open ??= [Math.floor(worst / families.length), worst % families.length];
    if (guessing) guess();
    else show(...open, false);
  }

  /* Arrow keys go from cell to cell, Enter or the space bar opens one. */
  grid.addEventListener("keydown", (event) => {
    const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const at = cells.map((row) => row.indexOf(event.target));
    const i = at.findIndex((j) => j >= 0);
    if (i < 0) return;
    if (event.key === "Enter" || event.key === " ") show(i, at[i]);
    else if (steps[event.key]) {
      const clamp = (n) => Math.max(0, Math.min(families.length - 1, n));
      focusOn(clamp(i + steps[event.key][0]), clamp(at[i] + steps[event.key][1]));
    } else return;
    event.preventDefault();
  });
  function mark(i, j) {
    cells.flat().forEach((cell) => { cell.tabIndex = -1; cell.setAttribute("aria-selected", "false"); });
    cells[i][j].tabIndex = 0;
    cells[i][j].setAttribute("aria-selected", "true");
  }
  function focusOn(i, j) {
    cells.flat().forEach((cell) => { cell.tabIndex = -1; });
    cells[i][j].tabIndex = 0;
    cells[i][j].focus();
  }

  const both = () => [model, rivals[model]].filter((name) => name in runs);
  const strongest = (entry) =>
    [...entry.percent.entries()].sort((a, b) => b[1] - a[1]).filter(([, p]) => p >= 0.5).slice(0, 3)
      .map(([k, p]) => `${families[k]} ${p.toFixed(0)} %`).join(", ");
  const opinions = (note) =>
    both().map((name) => el("div", { className: "small", textContent: `${name}: ${strongest(said(name).get(note))}` }));

  /* Player and picture stand below the note that plays, and below the list while one guesses. */
  async function play(note, row = list) {
    const source = sounds[notes[note]].src;
    if (row !== heard.figure.previousSibling) row.after(heard.figure, seen.figure);
    heard.show(source, guessing ? "the note" : notes[note]);
    seen.figure.hidden = true;
    try {
      const rows = mfcc(await samplesOf(source)).map((row) => row.slice(1));
      const limit = rows.reduce((most, row) => row.reduce((m, c) => Math.max(m, Math.abs(c)), most), 1);
      seen.figure.hidden = false;
      paint(seen.canvas, rows, -limit, limit, REDBLUE);
    } catch (error) {
      list.append(el("p", { className: "small", textContent: error.message }));
    }
  }
  const playButton = (note) =>
    notes[note] in sounds
      ? el("button", { type: "button", textContent: "Play", "aria-label": `Play ${notes[note]}`, onclick: (event) => play(note, event.target.parentNode) })
      : el("span", { className: "small", textContent: "(no sound here)" });

  function show(i, j, chosen = true) {
    open = [i, j];
    mark(i, j);
    heard.hide();
    seen.figure.hidden = true;
    if (guessing) {
      if (!chosen) return;
      guessing = false;
      mode.querySelectorAll("button").forEach((b, k) => b.setAttribute("aria-pressed", String(k === 0)));
    }
    const own = said(model);
    const inside = [...own.values()]
      .map((entry) => ({ ...entry, times: entry.answers.filter((answer) => answer === j).length }))
      .filter(({ note, times }) => truth[note] === i && times)
      .sort((a, b) => (notes[b.note] in sounds) - (notes[a.note] in sounds) || b.times - a.times || b.percent[j] - a.percent[j]);
    const rows = inside.map(({ note, answers, times }) =>
      el("div", { className: "note", tabIndex: -1 }, playButton(note),
        el("div", {}, el("div", { textContent: notes[note] + (answers.length > 1 ? `, in ${times} of ${answers.length} folds` : "") }), ...opinions(note))));
    const others = rows.splice(MOST);
    const more = el("button", {
      type: "button", textContent: `and ${others.length} more`,
      onclick: () => { more.replaceWith(...others); others[0].focus(); },
    });
    list.replaceChildren(
      el("p", {}, el("strong", { textContent: `${families[i]} named ${families[j]}` }),
        `: ${inside.length} note${inside.length === 1 ? "" : "s"}${i === j ? ", rightly" : ""}.`),
      ...rows, ...(others.length ? [more] : []),
    );
  }

  /* A note by chance: first the reader's word, then the networks'. */
  function guess() {
    const playable = [...said(model).keys()].filter((note) => notes[note] in sounds);
    const note = playable[Math.floor(Math.random() * playable.length)];
    heard.hide();
    seen.figure.hidden = true;
    const answer = (family) => {
      const right = family === families[truth[note]];
      list.replaceChildren(
        el("p", {}, el("strong", { textContent: `${right ? "\u2713" : "\u2717"} You said ${family}; it is ${families[truth[note]]}.` }), ` (${notes[note]})`),
        ...opinions(note),
        el("button", { type: "button", textContent: "Another note", onclick: guess }),
      );
      mark(truth[note], families.indexOf(family));
    };
    list.replaceChildren(
      el("p", { textContent: "Play the note, then name it." }),
      el("button", { type: "button", textContent: "Play the note", onclick: () => play(note) }),
      el("div", { className: "strip", role: "group", "aria-label": "families" },
        ...families.map((family) => el("button", { type: "button", textContent: family, onclick: () => answer(family) }))),
    );
  }
  const mode = choice("what to do", ["Open cells", "Guess first"], "Open cells", (text) => {
    guessing = text === "Guess first";
    if (guessing) guess();
    else show(...open, false);
  });

  root.append(
    menus,
    el("p", { className: "small", textContent: "Rows: true family. Columns: named family, by its first three letters. Percent of the row; blue is right, orange wrong. A cell opens by click, or arrow keys and Enter." }),
    grid, mode, list,
  );
  draw();
});
