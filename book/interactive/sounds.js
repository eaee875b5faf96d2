/* A recording of any kind -> notes of four seconds at 16 kHz, cut and levelled as helpers/sounds.py does. */
import { logMel } from "./mfcc.js";

const RATE = 16000;
const SAMPLES = 4 * RATE;
const LONGEST = 60;  // seconds that are read of a recording
const SHORTEST = 0.1;  // seconds
const [FRAME, HOP] = [1024, 256];  // samples
const PEAK = 0.5;
const [SILENCE, SOUND, ABOVE_NOISE, RISE] = [50, 20, 6, 12];  // dB
const REACH = 6;  // frames: a tenth of a second

const most = (values) => values.reduce((a, b) => Math.max(a, b), -Infinity);
const least = (values) => values.reduce((a, b) => Math.min(a, b), Infinity);
const meanOf = (values) => values.reduce((a, b) => a + b, 0) / values.length;
const size = (values) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
const largest = (values) => values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);

/* Samples at another rate, without what lies above half of the lower rate: a windowed sinc for each
   place that a sample can have between two old ones. */
export function resampled(samples, from, to) {
  if (from === to) return samples;
  let divisor = from;
  for (let rest = to; rest; ) [divisor, rest] = [rest, divisor % rest];
  const [up, down] = [to / divisor, from / divisor];
  const cutoff = 0.957 * Math.min(1, to / from);  // passes 0.91 of the band, as soxr does
  const reach = Math.ceil(96 / Math.min(1, to / from));
  const filters = new Map();
  const filter = (phase) => {
    if (!filters.has(phase)) {
      const weights = Float64Array.from({ length: 2 * reach }, (_, i) => {
        const x = i - reach + 1 - phase / up;
        const window = bessel(12.5 * Math.sqrt(Math.max(0, 1 - (x / reach) ** 2))) / bessel(12.5);
        return (x ? Math.sin(Math.PI * cutoff * x) / (Math.PI * x) : cutoff) * window;
      });
      filters.set(phase, weights);
    }
    return filters.get(phase);
  };
  return Float64Array.from({ length: Math.ceil((samples.length * to) / from) }, (_, n) => {
    const weights = filter((n * down) % up);
    const first = Math.floor((n * down) / up) - reach + 1;
    let sum = 0;
    for (let i = Math.max(0, -first); i < Math.min(weights.length, samples.length - first); i++) sum += weights[i] * samples[first + i];
    return sum;
  });
}

function bessel(x) {  // I0, of Kaiser's window
  let [sum, term] = [1, 1];
  for (let k = 1; term > 1e-12 * sum; k++) sum += term *= (x / (2 * k)) ** 2;
  return sum;
}

/* One channel at 16 kHz that swings around 0. `steps` is told what was done. */
export function mono(channels, rate, steps) {
  if (!channels.length || !channels[0].length) throw new Error("The recording is empty.");
  const full = channels.reduce((sum, channel) => sum + channel.filter((value) => Math.abs(value) >= 0.999).length, 0);
  if (full > Math.max(20, Math.floor((channels.length * channels[0].length) / 1000))) {
    steps.push("clipped: the recording was too loud for its microphone");
  }
  const centred = channels.map((channel) => {
    const mean = meanOf(channel);
    return Float64Array.from(channel, (value) => value - mean);
  });
  let one = centred[0].map((_, i) => centred.reduce((sum, channel) => sum + channel[i], 0) / centred.length);
  if (centred.length > 1) {
    const sizes = centred.map(size);
    const cancel = size(one) < 0.1 * most(sizes);
    if (cancel) one = centred[sizes.indexOf(most(sizes))];
    steps.push(cancel ? "channels cancel each other: the loudest taken" : `${centred.length} channels averaged`);
  }
  if (largest(one) < 1 / 32768) throw new Error("The recording is silent.");
  if (rate !== RATE) steps.push(`${rate.toLocaleString("en")} Hz brought to 16,000 Hz`);
  return resampled(one, rate, RATE);
}

/* Decibels of each frame below the loudest. */
export function levels(sound) {
  const rms = Array.from({ length: 1 + Math.floor(sound.length / HOP) }, (_, t) => {
    const begin = t * HOP - FRAME / 2;
    let sum = 0;
    for (let i = Math.max(0, begin); i < Math.min(sound.length, begin + FRAME); i++) sum += sound[i] * sound[i];
    return Math.sqrt(sum / FRAME);
  });
  const top = Math.max(most(rms), 1e-10);
  return rms.map((value) => 20 * Math.log10(Math.max(value, 1e-10) / top));
}

/* The level below which a recording is silent: above its noise, if it has any. */
export function threshold(level) {
  const sorted = Float64Array.from(level).sort();
  const place = 0.1 * (sorted.length - 1);
  const below = Math.floor(place);
  const tenth = sorted[below] + (place - below) * ((sorted[below + 1] ?? sorted[below]) - sorted[below]);
  return Math.max(-SILENCE, Math.min(-SOUND, tenth + ABOVE_NOISE));
}

/* Frames where a sound begins, as librosa.onset.onset_detect finds them with its defaults. */
export function onsets(sound) {
  const mel = logMel(sound, { hop: HOP });
  // How much louder the bands became since the frame before, set back to the middle of the frames.
  const strength = mel.map((_, t) => {
    const at = t - 4;
    return at < 1 ? 0 : meanOf(mel[at].map((value, m) => Math.max(0, value - mel[at - 1][m])));
  });
  const low = least(strength);
  const height = most(strength) - low;
  if (!height) return [];
  const x = strength.map((value) => (value - low) / height);
  const found = [];
  for (let n = 0; n < x.length; n++) {
    const near = (before, after) => x.slice(Math.max(0, n - before), n + after);
    if (x[n] === most(near(1, 1)) && x[n] >= meanOf(near(6, 7)) + 0.07) {
      found.push(n);
      n++;
    }
  }
  return found;
}

/* Where the notes of a recording begin and end, in samples. */
export function cut(sound) {
  const level = levels(sound);
  const limit = threshold(level);
  const starts = onsets(sound);
  const found = [];
  for (let first = 0, last; first < level.length; first = last + 1) {
    for (last = first; last < level.length && level[last] > limit; last++);
    if (last === first) continue;
    const begins = [first];
    for (const at of starts) {
      if (begins.at(-1) + 2 * REACH > at || at >= last - REACH) continue;
      const before = level.slice(at - REACH, at + 1);
      const lowest = before.indexOf(least(before));
      if (most(level.slice(at, at + REACH)) - before[lowest] >= RISE) begins.push(at - REACH + lowest);
    }
    begins.forEach((begin, i) => {
      const end = begins[i + 1] ?? last;
      if (most(level.slice(begin, end)) >= -SOUND) found.push([begin, end]);
    });
  }
  const begins = found.map(([first]) => begin(sound, first * HOP));
  return found
    .map(([, last], i) => [begins[i], Math.min(last * HOP, begins[i + 1] ?? sound.length)])
    .filter(([a, b]) => b - a >= SHORTEST * RATE);
}

/* The first sample near `at` that stands out: a frame reaches half its length ahead. */
function begin(sound, at) {
  const first = Math.max(0, at - FRAME / 2);
  const near = sound.slice(first, at + FRAME).map(Math.abs);
  const limit = 0.05 * most(near);
  return first + near.findIndex((value) => value >= limit);
}

/* Four seconds that begin with `sound`, its peak at 0.5. */
export function note(sound) {
  const [found, part] = [new Float32Array(SAMPLES), sound.slice(0, SAMPLES)];
  const gain = PEAK / Math.max(largest(part), 1e-10);
  part.forEach((value, i) => { found[i] = gain * value; });
  return found;
}

/* The notes of a recording (an array of samples a channel), where they were, and what was done. */
export function prepare(channels, rate) {
  const steps = [];
  const long = channels[0]?.length > LONGEST * rate;
  const one = mono(channels.map((channel) => channel.subarray(0, LONGEST * rate)), rate, steps);
  if (long) steps.push(`only its first ${LONGEST} s are heard`);
  const places = cut(one);
  if (!places.length) throw new Error(`There is no sound of ${SHORTEST} s or more in it, only clicks or noise.`);
  if (places.length > 1) steps.push(`cut into ${places.length} notes`);
  const before = places[0][0] / RATE;
  if (before > 0.05) steps.push(`${before.toFixed(2)} s of silence before the first note cut`);
  const parts = places.map(([a, b]) => one.subarray(a, b));
  return {
    notes: parts.map(note),
    gains: parts.map((part) => PEAK / Math.max(largest(part.subarray(0, SAMPLES)), 1e-10)),
    times: places.map(([a, b]) => [a / RATE, b / RATE]),
    steps,
  };
}
