/* Mel spectrogram and MFCC in the browser, equal to helpers/features.py (librosa) within 1e-3; and back to sound.

   Rows are frames: an array of Float64Array. Samples lie in -1 to 1. Frames have a power of two of samples. */

export const SETTINGS = { sr: 16000, nFft: 2048, hop: 512, nMels: 128, nMfcc: 13 };

/* The fast Fourier transform of re + i im, in place; the length is a power of two. */
export function fft(re, im) {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [re[i], re[j]] = [re[j], re[i]];
      [im[i], im[j]] = [im[j], im[i]];
    }
  }
  const { cos, sin } = turns(n);
  for (let size = 2; size <= n; size *= 2) {
    const half = size / 2;
    const step = n / size;
    for (let start = 0; start < n; start += size) {
      for (let k = 0, t = 0; k < half; k++, t += step) {
        const a = start + k;
        const b = a + half;
        const x = re[b] * cos[t] - im[b] * sin[t];
        const y = re[b] * sin[t] + im[b] * cos[t];
        re[b] = re[a] - x;
        im[b] = im[a] - y;
        re[a] += x;
        im[a] += y;
      }
    }
  }
}

const known = new Map();
function turns(n) {
  if (!known.has(n)) {
    const angle = (k) => (-2 * Math.PI * k) / n;
    known.set(n, {
      cos: Float64Array.from({ length: n / 2 }, (_, k) => Math.cos(angle(k))),
      sin: Float64Array.from({ length: n / 2 }, (_, k) => Math.sin(angle(k))),
    });
  }
  return known.get(n);
}

export function hann(n) {
  return Float64Array.from({ length: n }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / n));
}

/* Centred frames, windowed, with zeros beyond both ends: spectra {re, im} of n samples each. */
export function stft(samples, { nFft = 2048, hop = 512 } = {}) {
  const window = hann(nFft);
  return Array.from({ length: 1 + Math.floor(samples.length / hop) }, (_, t) => {
    const re = new Float64Array(nFft);
    const begin = t * hop - nFft / 2;
    for (let i = Math.max(0, -begin); i < nFft && begin + i < samples.length; i++) {
      re[i] = samples[begin + i] * window[i];
    }
    const im = new Float64Array(nFft);
    fft(re, im);
    return { re, im };
  });
}

/* From spectra back to samples: frames are added where they overlap, and the windows divided out. */
export function istft(spectra, length, { nFft = 2048, hop = 512 } = {}) {
  const window = hann(nFft);
  const sum = new Float64Array(length);
  const weight = new Float64Array(length);
  spectra.forEach(({ re, im }, t) => {
    // The inverse transform is the transform with both parts changed over.
    const x = Float64Array.from(im);
    const y = Float64Array.from(re);
    fft(x, y);
    const begin = t * hop - nFft / 2;
    for (let i = Math.max(0, -begin); i < nFft && begin + i < length; i++) {
      sum[begin + i] += (y[i] / nFft) * window[i];
      weight[begin + i] += window[i] * window[i];
    }
  });
  return sum.map((value, i) => value / Math.max(weight[i], 1e-3));
}

/* Slaney's mel scale: straight up to 1,000 Hz, a logarithm above. */
const STEP = Math.log(6.4) / 27;
export const toMel = (hz) => (hz < 1000 ? (3 * hz) / 200 : 15 + Math.log(hz / 1000) / STEP);
export const toHz = (mel) => (mel < 15 ? (200 * mel) / 3 : 1000 * Math.exp(STEP * (mel - 15)));

/* One triangle a band: its corners in Hz, and its weights (area 1 over Hz) from bin `first` on. */
export function melFilters({ sr = 16000, nFft = 2048, nMels = 128 } = {}) {
  const top = toMel(sr / 2);
  const corner = (m) => toHz((top * m) / (nMels + 1));
  return Array.from({ length: nMels }, (_, m) => {
    const [low, middle, high] = [corner(m), corner(m + 1), corner(m + 2)];
    const first = Math.ceil((low * nFft) / sr);
    const weights = [];
    for (let bin = first; bin <= Math.min(nFft / 2, (high * nFft) / sr); bin++) {
      const hz = (bin * sr) / nFft;
      const height = Math.min((hz - low) / (middle - low), (high - hz) / (high - middle));
      weights.push((Math.max(0, height) * 2) / (high - low));
    }
    return { low, middle, high, first, weights };
  });
}

/* Decibels, no lower than 80 below the loudest value of all rows; in place. */
function decibels(rows) {
  let top = -Infinity;
  for (const row of rows) {
    row.forEach((power, m) => {
      row[m] = 10 * Math.log10(Math.max(1e-10, power));
      top = Math.max(top, row[m]);
    });
  }
  for (const row of rows) row.forEach((level, m) => { row[m] = Math.max(level, top - 80); });
  return rows;
}

/* Mel spectrogram in dB: frames x nMels. */
export function logMel(samples, { sr = 16000, nFft = 2048, hop = 512, nMels = 128 } = {}) {
  const filters = melFilters({ sr, nFft, nMels });
  return decibels(
    stft(samples, { nFft, hop }).map(({ re, im }) =>
      Float64Array.from(filters, ({ first, weights }) =>
        weights.reduce((sum, weight, i) => {
          const bin = first + i;
          return sum + weight * (re[bin] * re[bin] + im[bin] * im[bin]);
        }, 0),
      ),
    ),
  );
}

/* The orthonormal DCT-II as rows: n cosines over m bands. */
export function cosines(n, m) {
  return Array.from({ length: n }, (_, k) =>
    Float64Array.from(
      { length: m },
      (_, i) => Math.sqrt((k ? 2 : 1) / m) * Math.cos((Math.PI * k * (2 * i + 1)) / (2 * m)),
    ),
  );
}

/* From rows of levels (dB) to rows of their first n coefficients. */
export function dct(rows, n) {
  const waves = cosines(n, rows[0].length);
  const product = (wave, row) => row.reduce((sum, level, i) => sum + level * wave[i], 0);
  return rows.map((row) => Float64Array.from(waves, (wave) => product(wave, row)));
}

/* From rows of coefficients back to rows of m levels; the coefficients that are not there count as 0. */
export function idct(rows, m) {
  const waves = cosines(rows[0].length, m);
  return rows.map((row) => {
    const levels = new Float64Array(m);
    row.forEach((c, k) => waves[k].forEach((wave, i) => { levels[i] += c * wave; }));
    return levels;
  });
}

/* MFCCs: frames x nMfcc. */
export function mfcc(samples, { nMfcc = 13, ...options } = {}) {
  return dct(logMel(samples, options), nMfcc);
}

/* What is left of the samples behind one mel filter. */
export function throughBand(samples, band, { sr = 16000, nFft = 2048, hop = 512, nMels = 128 } = {}) {
  const { first, weights } = melFilters({ sr, nFft, nMels })[band];
  const top = Math.max(...weights, 1e-12);
  const spectra = stft(samples, { nFft, hop });
  for (const { re, im } of spectra) {
    for (let bin = 0; bin <= nFft / 2; bin++) {
      const gain = Math.sqrt((weights[bin - first] ?? 0) / top);
      for (const i of bin % (nFft / 2) ? [bin, nFft - bin] : [bin]) {
        re[i] *= gain;
        im[i] *= gain;
      }
    }
  }
  return istft(spectra, samples.length, { nFft, hop });
}

/* For each bin of a spectrum, the two bands whose middles it lies between, and how near the second is. */
function between(filters, { sr, nFft }) {
  const middle = filters.map((filter) => toMel(filter.middle));
  return Array.from({ length: nFft / 2 + 1 }, (_, bin) => {
    const mel = toMel((bin * sr) / nFft);
    const after = middle.findIndex((m) => m > mel);
    if (after <= 0) return after ? [middle.length - 1, middle.length - 1, 0] : [0, 0, 0];
    return [after - 1, after, (mel - middle[after - 1]) / (middle[after] - middle[after - 1])];
  });
}

/* The samples with some coefficients as silence has them, in the frames from `begin` to before `end`:
   coefficient 0 is that of the floor, all others are 0. What is finer than these stays as it was. */
export function withoutCoefficients(samples, silent, begin = 0, end = Infinity, { sr = 16000, nFft = 2048, hop = 512, nMels = 128 } = {}) {
  const levels = logMel(samples, { sr, nFft, hop, nMels });
  const floor = levels.reduce((least, row) => row.reduce((a, b) => Math.max(a, b), least), -Infinity) - 80;
  const places = between(melFilters({ sr, nFft, nMels }), { sr, nFft });
  const waves = cosines(Math.max(...silent) + 1, nMels);
  const spectra = stft(samples, { nFft, hop });
  spectra.slice(begin, end).forEach(({ re, im }, i) => {
    const row = levels[begin + i];
    const change = new Float64Array(nMels);  // dB a band
    for (const k of silent) {
      const now = row.reduce((sum, level, m) => sum + level * waves[k][m], 0);
      const less = (k ? 0 : floor * Math.sqrt(nMels)) - now;
      waves[k].forEach((wave, m) => { change[m] += less * wave; });
    }
    places.forEach(([a, b, share], bin) => {
      const gain = 10 ** ((change[a] * (1 - share) + change[b] * share) / 20);
      for (const at of bin % (nFft / 2) ? [bin, nFft - bin] : [bin]) {
        re[at] *= gain;
        im[at] *= gain;
      }
    });
  });
  return istft(spectra, samples.length, { nFft, hop });
}

/* Samples whose mel spectrogram is about `levels` (dB): phases begin at random and are made to agree
   (Griffin and Lim 1984). */
export function soundOf(levels, length, { sr = 16000, nFft = 2048, hop = 512, rounds = 8 } = {}) {
  const nMels = levels[0].length;
  const filters = melFilters({ sr, nFft, nMels });
  const area = filters.map(({ weights }) => weights.reduce((a, b) => a + b, 0));
  // The power of a bin lies between those of the two bands whose middles it lies between.
  const places = between(filters, { sr, nFft });
  const sizes = levels.map((row) => {
    const power = row.map((level, m) => (area[m] ? 10 ** (level / 10) / area[m] : 0));
    return places.map(([a, b, share]) => Math.sqrt(power[a] * (1 - share) + power[b] * share));
  });
  const random = generator(1);
  let spectra = sizes.map((row) => {
    const angles = row.map(() => 2 * Math.PI * random());
    return sized(row, { re: angles.map(Math.cos), im: angles.map(Math.sin) });
  });
  for (let round = 0; round < rounds; round++) {
    const agreed = stft(istft(spectra, length, { nFft, hop }), { nFft, hop });
    spectra = sizes.map((row, t) => sized(row, agreed[t]));
  }
  return istft(spectra, length, { nFft, hop });
}

/* A spectrum of these sizes, one a bin, with the phases of another. */
function sized(sizes, phases) {
  const n = 2 * (sizes.length - 1);
  const [re, im] = [new Float64Array(n), new Float64Array(n)];
  sizes.forEach((size, bin) => {
    const scale = size / Math.max(Math.hypot(phases.re[bin], phases.im[bin]), 1e-12);
    re[bin] = scale * phases.re[bin];
    if (bin % (n / 2) === 0) return;
    im[bin] = scale * phases.im[bin];
    [re[n - bin], im[n - bin]] = [re[bin], -im[bin]];
  });
  return { re, im };
}

/* Numbers in 0 to 1 that are the same at each visit (mulberry32). */
export function generator(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
