/* Values over time in lanes, one under another, with a line that stands at the same step in all. */
import { el, path, svg } from "./base.js";

const WIDTH = 640, HEIGHT = 60;

/* Of every lane its title, and the names of its lines: the first is drawn through, the second dashed. */
export function lanes(titles) {
  const made = titles.map((title) => {
    const zero = svg("path", { stroke: "currentColor", opacity: 0.25, "vector-effect": "non-scaling-stroke" });
    const lines = ["currentColor", "#d55e00"].map((stroke, i) =>
      svg("path", { stroke, fill: "none", "stroke-width": 2, "stroke-dasharray": i ? "5 3" : "none", "vector-effect": "non-scaling-stroke" }));
    const mark = svg("path", { class: "playhead", style: "stroke: var(--pst-color-primary, #0072b2)", "stroke-width": 2, "vector-effect": "non-scaling-stroke" });
    const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": title }, zero, ...lines, mark);
    picture.style.height = "2.8rem";
    return { figure: el("figure", { className: "lane" }, el("figcaption", { className: "small", textContent: title }), picture), picture, zero, lines, mark };
  });
  return {
    figures: made.map(({ figure }) => figure),
    draw(lane, values, low, high) {
      const { zero, lines } = made[lane];
      const y = (HEIGHT * high) / (high - low);
      zero.setAttribute("d", `M0 ${y}H${WIDTH}`);
      values.forEach((line, i) => lines[i].setAttribute("d", path(line, WIDTH, HEIGHT, low, high)));
    },
    mark(share) {
      for (const { mark } of made) mark.setAttribute("d", `M${WIDTH * share} 0V${HEIGHT}`);
    },
    /* Call `run` with the share of the width at which a finger or the mouse is. */
    onPoint(run) {
      for (const { picture } of made) {
        picture.addEventListener("pointerdown", (event) => {
          const box = picture.getBoundingClientRect();
          run(Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)));
        });
      }
    },
  };
}
