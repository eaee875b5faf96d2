/* What every page does: choices that answer, figures to open, all of it to print. */
(() => {
  "use strict";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // The theme's script runs late; until then lines and boxes would lack their borders, and things move.
  const { dataset } = document.documentElement;
  if (dataset.theme === "auto") {
    dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }

  // Of the choices of a question one is open; it says in its line whether it was right.
  function choices() {
    let number = 0;
    for (const choice of all("details.choice")) {
      const before = choice.previousElementSibling;
      if (!before || !before.matches("details.choice")) number += 1;
      choice.name = `question-${number}`;
      const right = choice.querySelector("strong")?.textContent.startsWith("Right");
      choice.classList.add(right ? "right" : "wrong");
      if (choice.nextElementSibling?.matches("details.choice")) continue;
      const again = document.createElement("button");
      again.type = "button";
      again.className = "again";
      again.textContent = "Try again";
      again.addEventListener("click", () => {
        all(`details.choice[name="${choice.name}"]`).forEach((one) => { one.open = false; });
        again.parentElement.querySelector(`details[name="${choice.name}"] > summary`).focus();
      });
      choice.after(again);
    }
  }

  // A figure opens as large as it is, by tap, click or Enter; Escape, or another tap, shuts it.
  function figures() {
    const dialog = document.createElement("dialog");
    dialog.className = "large";
    dialog.setAttribute("aria-label", "The figure, large");
    dialog.addEventListener("click", () => dialog.close());
    document.body.append(dialog);
    for (const picture of all(".bd-article :is(.cell_output, figure, p, picture) > img, .bd-article .cell_output img")) {
      if (picture.closest("a, button, summary")) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "enlarge";
      button.setAttribute("aria-label", `Open large: ${picture.alt}`);
      const whole = picture.closest("picture") ?? picture;
      whole.replaceWith(button);
      button.append(whole);
      button.addEventListener("click", () => {
        const large = picture.cloneNode();
        large.src = picture.currentSrc;
        large.removeAttribute("style");
        large.loading = "eager";
        const shut = document.createElement("button");
        shut.type = "button";
        shut.textContent = "Close";
        dialog.replaceChildren(shut, large);
        dialog.showModal();
      });
    }
  }

  let onScreen = "";  // the theme of before a print, which is by day

  // A picture that cannot be turned over has another for the night, which the reader may choose.
  function night() {
    for (const source of all("picture > source")) {
      source.media = (onScreen || dataset.theme) === "dark" ? "all" : "not all";
    }
  }

  // On a phone each row of a table of sentences is a card: its cells say which column they are of.
  function cards() {
    for (const table of all(".bd-article :is(.pst-scrollable-table-container, .cell_output) table")) {
      const frame = table.matches(".dataframe");  // a second row of its head names the first column
      const head = [...table.rows[0].cells];
      const rows = [...table.rows].slice(table.tHead?.rows.length).map((row) => [...row.cells]);
      const words = frame ? rows.flatMap(([, ...cells]) => cells) : rows.flat();
      if (!table.tHead || table.tHead.rows.length > 1 + frame || !words.some((cell) => cell.textContent.length > 40)) continue;
      table.classList.add("cards");
      table.classList.toggle("plain", !(head[0].textContent + rows[0][0].textContent.replace(/\d/g, "")).trim());
      for (const row of rows) row.forEach((cell, k) => { cell.dataset.column = head[k].textContent; });
    }
  }

  // Long names break after an underscore; code within a text after a point or a bracket, too.
  function names() {
    for (const one of all(".bd-article :is(th, td, td p, figcaption, .pre)")) {
      const where = one.matches(".pre") ? /[_(]|\.(?=[a-z])/gi : /_/g;
      if (!one.firstElementChild) one.innerHTML = one.innerHTML.replace(where, "$&<wbr>");
    }
  }

  // What is wider than the page can be scrolled by keyboard, and shows that it goes on.
  function wide() {
    for (const box of all(".bd-article :is(.pst-scrollable-table-container, .cell_output .output, pre, button.enlarge, div.math > .katex-display)")) {
      const more = box.scrollWidth > box.clientWidth + 1;
      box.classList.toggle("goes-on", more);
      if (more && !box.hasAttribute("tabindex")) box.tabIndex = 0;
    }
  }

  // On paper nothing can be opened, and pale words cannot be read.
  function printing() {
    let shut = [];
    addEventListener("beforeprint", () => {
      onScreen = dataset.theme;
      dataset.theme = "light";
      shut = all("details:not([open])").map((one) => [one, one.name]);
      shut.forEach(([one]) => { one.name = ""; one.open = true; });
    });
    addEventListener("afterprint", () => {
      dataset.theme = onScreen;
      onScreen = "";
      shut.forEach(([one, name]) => { one.open = false; one.name = name || ""; });
    });
  }

  document.addEventListener("DOMContentLoaded", () => {
    night();
    new MutationObserver(night)
      .observe(document.documentElement, { attributeFilter: ["data-theme"] });
    choices();
    figures();
    cards();
    names();
    printing();
    wide();
    addEventListener("resize", wide);
    document.addEventListener("toggle", wide, true);
  });
})();
