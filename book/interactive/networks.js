/* The shipped models in the browser: book/models/*.npz as they are, and what they make of a note's MFCCs.

   A tensor is {data, shape}, its last axis running fastest, as in NumPy. Probabilities equal those of
   helpers/runs/shipped.py within 1e-3, distances those of helpers/hearing.py. By hand, in 5 kB
   gzipped. onnxruntime-web's smallest WebAssembly (1.30: 3.7 MB) is more than a first sound may fetch, and
   TensorFlow.js with WebAssembly (4.22: 0.5 MB), at 2 cores, takes 10 ms for the CNN once it is warm (0.4 s
   at first) where this takes 60, and 190 ms for the LSTM where this takes 10. */

const half = (bits) => {  // a float of 16 bits
  const [size, rest] = [(bits >> 10) & 31, bits & 1023];
  return (bits >> 15 ? -1 : 1) * (size ? 2 ** (size - 25) * (1024 + rest) : 2 ** -24 * rest);
};
const KINDS = {
  "<f4": (bytes) => new Float32Array(bytes),
  "<i4": (bytes) => new Int32Array(bytes),
  "<f2": (bytes) => Float32Array.from(new Uint16Array(bytes), half),
  "|i1": (bytes) => new Int8Array(bytes),
  "|u1": (bytes) => new Uint8Array(bytes),
};

/* An array as NumPy writes it to a .npy file; text as a list of strings. */
function npy(bytes) {
  const length = new DataView(bytes).getUint16(8, true);
  const header = new TextDecoder().decode(new Uint8Array(bytes, 10, length));
  const kind = header.match(/'descr': '([^']+)'/)[1];
  const shape = header.match(/'shape': [(]([^)]*)[)]/)[1].split(",").filter((n) => n.trim()).map(Number);
  const body = bytes.slice(10 + length);
  if (kind.startsWith("<U")) {
    const width = Number(kind.slice(2));
    const codes = new Uint32Array(body);
    return Array.from({ length: shape[0] }, (_, i) =>
      String.fromCodePoint(...codes.subarray(i * width, (i + 1) * width).filter((code) => code)));
  }
  if (!KINDS[kind] || header.includes("'fortran_order': True")) throw new Error(`an array of ${kind} that this page cannot read`);
  return { data: KINDS[kind](body), shape };
}

/* The arrays of a .npz file, by name: a ZIP of .npy files, whose directory stands at its end. */
export async function npz(bytes) {
  const view = new DataView(bytes);
  const end = bytes.byteLength - 22;
  if (end < 0 || view.getUint32(end, true) !== 0x06054b50) throw new Error("The model's file is not whole.");
  const arrays = {};
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left; left--) {
    const [packed, name, extra, comment] = [[20, 32], [28, 16], [30, 16], [32, 16]].map(([place, bits]) => view[`getUint${bits}`](at + place, true));
    const file = new TextDecoder().decode(new Uint8Array(bytes, at + 46, name));
    const local = view.getUint32(at + 42, true);
    const first = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    const body = new Blob([bytes.slice(first, first + packed)]).stream();
    const plain = view.getUint16(at + 10, true) ? body.pipeThrough(new DecompressionStream("deflate-raw")) : body;
    arrays[file.replace(".npy", "")] = npy(await new Response(plain).arrayBuffer());
    at += 46 + name + extra + comment;
  }
  return arrays;
}

/* A shipped model: what is said of it, and a function from MFCCs (rows of frames) to ten probabilities. */
export async function model(bytes) {
  const { info: text, ...stored } = await npz(bytes);
  const info = JSON.parse(new TextDecoder().decode(text.data));
  const arrays = [];
  for (const [key, part] of Object.entries(stored)) {
    const [number, kind] = key.split("_");
    (arrays[number] ??= {})[kind] = part;
  }
  const weights = arrays.map(({ plain, q, scale }) => {
    if (plain) return plain;
    const data = new Float32Array(q.data);
    for (let i = 0; i < data.length; ) for (const step of scale.data) data[i++] *= step;
    return { data, shape: q.shape };
  });
  return {
    info,
    predict(rows) {
      const left = [...weights];
      const logs = SYSTEMS[info.system](rows, () => left.shift());
      return softmax(logs.map((log) => log / info.temperature));
    },
  };
}

/* ---- layers: each takes the next of the model's arrays in Keras's order */

const tensor = (rows) => ({ data: Float32Array.from(rows.flatMap((row) => [...row])), shape: [rows.length, rows[0].length] });
const relu = (x) => ({ ...x, data: x.data.map((value) => Math.max(0, value)) });
const sigmoid = (value) => 1 / (1 + Math.exp(-value));

function softmax(values) {
  const top = Math.max(...values);
  const powers = Array.from(values, (value) => Math.exp(value - top));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

function standardised({ data, shape }, next) {
  const [mean, variance] = [next().data, next().data];
  next();  // how many numbers they come from
  const n = mean.length;
  return { data: data.map((value, i) => (value - mean[i % n]) / Math.max(Math.sqrt(variance[i % n]), 1e-7)), shape };
}

/* Add the product of a row and a kernel (inputs x outputs) to `sum`, from places `at` and `from` on. */
function addProduct(sum, at, row, from, inputs, kernel, first, outputs) {
  for (let i = 0; i < inputs; i++) {
    const value = row[from + i];
    if (!value) continue;
    const line = first + i * outputs;
    for (let j = 0; j < outputs; j++) sum[at + j] += value * kernel[line + j];
  }
}

function dense({ data }, next) {
  const [kernel, bias] = [next(), next()];
  const sum = Float64Array.from(bias.data);
  addProduct(sum, 0, data, 0, data.length, kernel.data, 0, sum.length);
  return { data: Float32Array.from(sum), shape: [sum.length] };
}

/* A convolution that pads with zeros, over height and width, or over time (width 1). */
function convolved({ data, shape: [height, width, channels] }, next) {
  const [kernel, bias] = [next(), next()];
  const [tall, wide] = kernel.shape.length === 4 ? kernel.shape : [kernel.shape[0], 1];
  const filters = bias.data.length;
  const sums = new Float64Array(filters);
  const found = new Float32Array(height * width * filters);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      sums.set(bias.data);
      for (let a = 0; a < tall; a++) {
        const row = y + a - (tall - 1) / 2;
        if (row < 0 || row >= height) continue;
        for (let b = 0; b < wide; b++) {
          const column = x + b - (wide - 1) / 2;
          if (column < 0 || column >= width) continue;
          addProduct(sums, 0, data, (row * width + column) * channels, channels, kernel.data, (a * wide + b) * channels * filters, filters);
        }
      }
      found.set(sums, (y * width + x) * filters);
    }
  }
  return { data: found, shape: [height, width, filters] };
}

/* The largest of every two rows, and of every two columns where there are several. */
function pooled({ data, shape: [height, width, channels] }) {
  const step = width > 1 ? 2 : 1;
  const shape = [height >> 1, Math.floor(width / step), channels];
  const found = new Float32Array(shape[0] * shape[1] * channels).fill(-Infinity);
  for (let y = 0; y < 2 * shape[0]; y++) {
    for (let x = 0; x < step * shape[1]; x++) {
      for (let c = 0; c < channels; c++) {
        const at = ((y >> 1) * shape[1] + Math.floor(x / step)) * channels + c;
        found[at] = Math.max(found[at], data[(y * width + x) * channels + c]);
      }
    }
  }
  return { data: found, shape };
}

function batchNormalised({ data, shape }, next) {
  const [gamma, beta, mean, variance] = [next(), next(), next(), next()].map((array) => array.data);
  const n = gamma.length;
  return { data: data.map((value, i) => ((value - mean[i % n]) / Math.sqrt(variance[i % n] + 1e-3)) * gamma[i % n] + beta[i % n]), shape };
}

/* All states of an LSTM, steps x units; its gates stand in the order input, forget, cell, output. */
function recurrent({ data, shape }, next) {
  const [kernel, again, bias] = [next().data, next().data, next().data];
  const [steps, units] = [shape[0], bias.length / 4];
  const inputs = data.length / steps;
  const cell = new Float64Array(units);
  const states = new Float32Array(steps * units);
  for (let t = 0; t < steps; t++) {
    const gates = Float64Array.from(bias);
    addProduct(gates, 0, data, t * inputs, inputs, kernel, 0, 4 * units);
    if (t) addProduct(gates, 0, states, (t - 1) * units, units, again, 0, 4 * units);
    for (let u = 0; u < units; u++) {
      cell[u] = sigmoid(gates[units + u]) * cell[u] + sigmoid(gates[u]) * Math.tanh(gates[2 * units + u]);
      states[t * units + u] = sigmoid(gates[3 * units + u]) * Math.tanh(cell[u]);
    }
  }
  return { data: states, shape: [steps, units] };
}

/* ---- models: logarithms of ten probabilities */

/* Means and deviations over time of coefficients and of their changes: 52 numbers, as simple.summary. */
export function summary(rows) {
  const changes = rows.slice(1).map((row, t) => row.map((value, k) => value - rows[t][k]));
  return [rows, changes].flatMap((values) => {
    const mean = values[0].map((_, k) => values.reduce((sum, row) => sum + row[k], 0) / values.length);
    const deviation = mean.map((m, k) => Math.sqrt(values.reduce((sum, row) => sum + (row[k] - m) ** 2, 0) / values.length));
    return [...mean, ...deviation];
  });
}

const image = (rows, next) => {
  const { data, shape } = standardised(tensor(rows), next);
  return { data, shape: [...shape, 1] };
};
const twice = (x, next) => relu(convolved(relu(convolved(x, next)), next));
const named = (x, next) => softmax(dense(x, next).data).map((p) => Math.log(Math.max(p, 1e-12)));

const SYSTEMS = {
  dense: (rows, next) => named(relu(dense(standardised(tensor([summary(rows)]), next), next)), next),

  small(rows, next) {
    const { data, shape } = standardised(tensor(rows), next);
    let x = { data, shape: [shape[0], 1, shape[1]] };
    for (const number of [0, 1, 2]) {
      x = relu(batchNormalised(convolved(number ? pooled(x) : x, next), next));
    }
    const [steps, , filters] = x.shape;
    const over = (f, begin) => Array.from({ length: filters }, (_, k) => {
      let value = begin;
      for (let t = 0; t < steps; t++) value = f(value, x.data[t * filters + k]);
      return value;
    });
    const mean = over((a, b) => a + b / steps, 0);
    return named(tensor([[...mean, ...over(Math.max, -Infinity)]]), next);
  },

  cnn(rows, next) {
    const x = pooled(twice(pooled(twice(image(rows, next), next)), next));
    return named(relu(dense(relu(convolved(x, next)), next)), next);
  },

  lstm(rows, next) {
    let x = standardised(tensor(rows), next);
    for (let layer = 0; layer < 5; layer++) x = recurrent(x, next);
    return named(relu(dense(x, next)), next);
  },

  hybrid(rows, next) {
    const states = recurrent(pooled(twice(pooled(twice(image(rows, next), next)), next)), next);
    return named({ data: states.data.slice(-states.shape[1]) }, next);
  },

  /* As shipped.trees: where a number is above a node's threshold, some nodes are skipped. */
  extra_trees(rows, next) {
    const [feature, threshold, right, roots, leaves] = [next(), next(), next(), next(), next()].map((array) => array.data);
    const numbers = summary(rows).map(Math.fround);
    let leaf = 0;
    const leafOf = feature.length ? Int32Array.from(feature, (f) => (f < 0 ? leaf++ : -1)) : [];
    const shares = new Array(10).fill(0);
    for (const root of roots) {
      let at = root;
      while (feature[at] >= 0) at += numbers[feature[at]] <= threshold[at] ? 1 : right[at];
      const found = leaves.subarray(10 * leafOf[at], 10 * leafOf[at] + 10);
      const sum = found.reduce((a, b) => a + b, 0);
      found.forEach((share, family) => { shares[family] += share / sum / roots.length; });
    }
    return shares.map((share) => Math.log(share + 1e-3));
  },
};

/* ---- how near the training notes are, as hearing.hear says it */

const LENGTHS = [0.75, 1.5, 2.5];  // seconds

/* The nearest training note, its distance, and whether even that is too far, of a sound of so many seconds. */
export function nearest(rows, seconds, { notes, summaries, thresholds, centre, axes }) {
  const n = centre.data.length;
  const place = (numbers, from) => {
    const found = new Float64Array(n);
    addProduct(found, 0, numbers.map((value, i) => value - centre.data[i]), from, n, axes.data, 0, n);
    return found;
  };
  const own = place(Float64Array.from(summary(rows)), 0);
  let [best, least] = [0, Infinity];
  notes.forEach((_, i) => {
    const other = place(summaries.data.subarray(i * n, (i + 1) * n), 0);
    const square = own.reduce((sum, value, k) => sum + (value - other[k]) ** 2, 0);
    if (square < least) [best, least] = [i, square];
  });
  const distance = Math.sqrt(least / n);
  const group = LENGTHS.filter((length) => seconds >= length).length;
  return { note: notes[best], family: notes[best].split("_").slice(0, -2).join("_"), distance, unlike: distance > thresholds.data[group] };
}
