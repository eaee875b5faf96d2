/* Notes to hear and name; then what the networks said of them, and the score of all. */
import { el, soundsOf, start } from "./base.js";

start("guess", (root, { families, notes, players }) => {
  const sounds = soundsOf(root);
  const said = [];
  const stage = el("div");
  const status = el("p", { "aria-live": "polite", className: "small" });
  root.append(stage, status);

  const audio = (i) =>
    el("audio", { controls: true, preload: "none", src: sounds[i].src, "aria-label": `note ${i + 1}` });

  function ask(i) {
    const heading = el("p", { tabIndex: -1 }, el("strong", { textContent: `Note ${i + 1} of ${notes.length}. ` }), "Play it: what is it?");
    const buttons = families.map((family) =>
      el("button", { type: "button", textContent: family, onclick: () => answer(i, family) }),
    );
    stage.replaceChildren(
      heading,
      el("figure", { className: "player" }, audio(i)),
      el("div", { className: "strip", role: "group", "aria-label": "families" }, ...buttons),
    );
    if (i) heading.focus({ preventScroll: true });
  }

  function answer(i, family) {
    said[i] = family;
    status.textContent = `You said ${family}.`;
    if (i + 1 < notes.length) ask(i + 1);
    else result();
  }

  function result() {
    status.textContent = "";
    const all = [["you", said], ...Object.entries(players)];
    const right = (answers) => answers.filter((family, i) => family === notes[i]).length;
    const row = (tag, cells) => el("tr", {}, ...cells.map((cell, i) => el(i ? tag : "th", { scope: i ? "" : "row" }, cell)));
    const head = el("tr", {}, ...["", "it was", ...all.map(([who]) => who)].map((text) => el(text ? "th" : "td", { textContent: text, scope: "col" })));
    const body = notes.map((family, i) =>
      row("td", [
        el("button", { type: "button", textContent: `${i + 1}`, "aria-label": `Play note ${i + 1} again`, onclick: () => again(i) }),
        family,
        ...all.map(([, answers]) => `${answers[i] === family ? "\u2713" : "\u2717"} ${answers[i]}`),
      ]),
    );
    const scores = el("p", { tabIndex: -1 }, el("strong", {
      textContent: `${all.map(([who, answers]) => `${who === "you" ? "You" : who}: ${right(answers)} of ${notes.length}`).join(" · ")}.`,
    }));
    const place = el("figure", { className: "player" });
    const again = (i) => {
      const player = audio(i);
      place.replaceChildren(player);
      player.play().catch(() => {});
    };
    stage.replaceChildren(
      scores,
      el("div", { className: "answers" }, el("table", {}, el("thead", {}, head), el("tbody", {}, ...body))),
      place,
      el("div", { className: "strip" }, el("button", { type: "button", textContent: "Again", onclick: () => { said.length = 0; ask(0); } })),
    );
    scores.focus({ preventScroll: true });
  }

  ask(0);
});
