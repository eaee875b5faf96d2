/* A classifier of three weights that trains in the page: its border and its loss, epoch by epoch. */
import { el, path, slider, start, svg } from "./base.js";
import { generator } from "./mfcc.js";

const EPOCHS = 30, BATCH = 32, SIZE = 300, REACH = 3;

start("border", (root, { points, labels, names, axes, rates, first }) => {
  const probability = ([x, y], { w, b }) => 1 / (1 + Math.exp(-(w[0] * x + w[1] * y + b)));
  function train(rate) {
    const random = generator(1);
    let model = { w: [0, 0], b: 0 };
    const models = [model];
    for (let epoch = 0; epoch < EPOCHS; epoch++) {
      const order = points.map((_, i) => [random(), i]).sort((a, b) => a[0] - b[0]).map(([, i]) => i);
      for (let begin = 0; begin < order.length; begin += BATCH) {
        const batch = order.slice(begin, begin + BATCH);
        const step = [0, 0, 0];
        for (const i of batch) {
          const error = (probability(points[i], model) - labels[i]) / batch.length;
          step[0] += error * points[i][0];
          step[1] += error * points[i][1];
          step[2] += error;
        }
        model = {
          w: [model.w[0] - rate * step[0], model.w[1] - rate * step[1]],
          b: model.b - rate * step[2],
        };
      }
      models.push(model);
    }
    return models;
  }
  const loss = (model) =>
    points.reduce((sum, point, i) => {
      const p = Math.max(1e-7, Math.min(1 - 1e-7, probability(point, model)));
      return sum - Math.log(labels[i] ? p : 1 - p);
    }, 0) / points.length;

  let models = train(first);
  const place = ([x, y]) => [(SIZE * (x + REACH)) / (2 * REACH), (SIZE * (REACH - y)) / (2 * REACH)];
  const map = svg("svg", { viewBox: `0 0 ${SIZE} ${SIZE}`, role: "img" });
  const line = svg("path", { class: "border", stroke: "currentColor", "stroke-width": 2.5, fill: "none" });
  const dots = points.map((point, i) => {
    const [x, y] = place(point);
    return labels[i]
      ? svg("circle", { cx: x, cy: y, r: 4, fill: "#0072b2" })
      : svg("path", { d: `M${x - 4} ${y + 4}h8l-4 -8z`, fill: "#d55e00" });
  });
  map.append(svg("rect", { width: SIZE, height: SIZE, fill: "none", stroke: "currentColor", opacity: 0.4 }), ...dots, line);
  map.style.overflow = "hidden";
  const curve = svg("path", { fill: "none", stroke: "currentColor", "stroke-width": 2, "vector-effect": "non-scaling-stroke" });
  const now = svg("circle", { r: 5, fill: "#d55e00" });
  const losses = svg("svg", { viewBox: `0 0 ${SIZE} ${SIZE}`, role: "img" }, svg("rect", { width: SIZE, height: SIZE, fill: "none", stroke: "currentColor", opacity: 0.4 }), curve, now);
  const said = el("p", { "aria-live": "polite" });
  const lossTitle = el("figcaption", { className: "small" });

  function draw() {
    const { w, b } = models[epoch.value];
    // Two points of the line on which p is 0.5, far outside on either side.
    const size = Math.hypot(...w);
    if (size) {
      const foot = [(-b * w[0]) / size ** 2, (-b * w[1]) / size ** 2];
      const ends = [-9, 9].map((far) => place([foot[0] - (far * w[1]) / size, foot[1] + (far * w[0]) / size]));
      line.setAttribute("d", `M${ends[0]}L${ends[1]}`);
    } else line.removeAttribute("d");
    const all = models.map(loss);
    const top = Math.max(0.75, ...all);
    curve.setAttribute("d", path(all, SIZE, SIZE, 0, top));
    now.setAttribute("cx", (SIZE * epoch.value) / EPOCHS);
    now.setAttribute("cy", SIZE * (1 - all[epoch.value] / top));
    const right = points.filter((point, i) => (probability(point, models[epoch.value]) > 0.5) === Boolean(labels[i])).length;
    said.textContent = `Epoch ${epoch.value}: training loss ${all[epoch.value].toFixed(3)} nats, ${right} of ${points.length} notes on the right side.`;
    lossTitle.textContent = `training loss over ${EPOCHS} epochs, from 0 to ${top.toFixed(2)} nats`;
    map.setAttribute("aria-label", `Two clouds of notes and the border between them. ${said.textContent}`);
    losses.setAttribute("aria-label", `${lossTitle.textContent}. ${said.textContent}`);
  }

  const epoch = slider("epoch", Array.from({ length: EPOCHS + 1 }, (_, i) => i), EPOCHS, draw);
  const rate = slider("learning rate", rates, first, (chosen) => { models = train(chosen); draw(); });
  let timer = 0;
  const play = el("button", {
    type: "button", textContent: "Train from epoch 0",
    onclick: () => {
      clearInterval(timer);
      epoch.value = 0;
      draw();
      timer = setInterval(() => {
        if (epoch.value >= EPOCHS || !root.isConnected) return clearInterval(timer);
        epoch.value += 1;
        draw();
      }, 120);
    },
  });
  const figure = (title, picture) => el("figure", {}, title, picture);
  root.append(
    el("div", { className: "strip" }, rate.label, epoch.label),
    el("div", { className: "pictures" },
      figure(el("figcaption", { className: "small", textContent: `circles: ${names[1]}, triangles: ${names[0]}; ${axes[0]} to the right, ${axes[1]} upwards` }), map),
      figure(lossTitle, losses)),
    said,
    el("div", { className: "strip" }, play),
  );
  draw();
});
