/* One LSTM unit whose weights and inputs are moved by hand: its gates and its memory, step by step. */
import { el, slider, start } from "./base.js";
import { lanes } from "./lanes.js";

start("memory", (root, { W, bias, sequence }) => {
  const whole = (low, high) => Array.from({ length: high - low + 1 }, (_, i) => low + i);
  const given = { weights: W.map((row) => [...row]), bias: [...bias], inputs: sequence.map((x) => [...x]) };
  let { weights, bias: b, inputs } = structuredClone(given);

  /* The columns i, f, g, o of the weights, as Keras has them; nothing comes from the last output. */
  const sigmoid = (z) => 1 / (1 + Math.exp(-z));
  function run() {
    let c = 0;
    return inputs.map((x) => {
      const z = b.map((value, gate) => value + x[0] * weights[0][gate] + x[1] * weights[1][gate]);
      const [i, f, g, o] = [sigmoid(z[0]), sigmoid(z[1]), Math.tanh(z[2]), sigmoid(z[3])];
      c = f * c + i * g;
      return { i, f, o, c, h: o * Math.tanh(c) };
    });
  }

  const drawn = lanes(["input: event (line) and clear (dashed)", "input gate", "forget gate", "output gate", "cell state (line) and output (dashed)"]);
  const said = el("p", { "aria-live": "polite" });
  const step = slider("step", whole(0, inputs.length - 1), Math.min(40, inputs.length - 1), () => draw());
  const toggle = (text, channel) => el("button", {
    type: "button", textContent: text,
    onclick: () => { inputs[step.value][channel] = 1 - inputs[step.value][channel]; draw(); },
  });
  const toggles = [toggle("Event here", 0), toggle("Clear here", 1)];

  function draw() {
    const states = run();
    const of = (name) => states.map((state) => state[name]);
    drawn.draw(0, [inputs.map((x) => x[0]), inputs.map((x) => x[1])], 0, 1);
    ["i", "f", "o"].forEach((gate, lane) => drawn.draw(lane + 1, [of(gate)], 0, 1));
    const all = [...of("c"), ...of("h")];
    drawn.draw(4, [of("c"), of("h")], Math.min(0, ...all), Math.max(1, ...all));
    drawn.mark(step.value / (inputs.length - 1));
    toggles.forEach((button, channel) => button.setAttribute("aria-pressed", Boolean(inputs[step.value][channel])));
    const { i, f, o, c, h } = states[step.value];
    said.textContent = `Step ${step.value}: input gate ${i.toFixed(3)}, forget gate ${f.toFixed(3)}, output gate ${o.toFixed(3)}; cell state ${c.toFixed(3)}, output ${h.toFixed(3)}.`;
  }

  const knobs = [
    ["bias of the input gate", whole(-10, 10), () => b[0], (value) => { b[0] = value; }],
    ["bias of the forget gate", whole(-10, 10), () => b[1], (value) => { b[1] = value; }],
    ["bias of the output gate", whole(-10, 10), () => b[3], (value) => { b[3] = value; }],
    ["weight: event to input gate", whole(-15, 15), () => weights[0][0], (value) => { weights[0][0] = value; }],
    ["weight: event to candidate", whole(-5, 5), () => weights[0][2], (value) => { weights[0][2] = value; }],
    ["weight: clear to forget gate", whole(-15, 15), () => weights[1][1], (value) => { weights[1][1] = value; }],
  ].map(([name, values, get, set]) => ({ get, made: slider(name, values, get(), (value) => { set(value); draw(); }) }));

  drawn.onPoint((share) => { step.value = Math.round(share * (inputs.length - 1)); draw(); });
  root.append(
    el("div", { className: "strip" }, ...knobs.map(({ made }) => made.label)),
    ...drawn.figures,
    el("div", { className: "strip" }, step.label, ...toggles,
      el("button", {
        type: "button", textContent: "As it was",
        onclick: () => {
          ({ weights, bias: b, inputs } = structuredClone(given));
          for (const { get, made } of knobs) made.value = get();
          draw();
        },
      })),
    said,
  );
  draw();
});
