/** UCUM codes as the ledger keeps them, and what people write on a gauge. */
const WRITTEN: Record<string, string> = {
  "1": "",
  Cel: "°C",
  K: "K",
  "m3/h": "m³/h",
  "m3/s": "m³/s",
  m3: "m³",
  m2: "m²",
  "m/s2": "m/s²",
  "kW.h": "kWh",
  "W.h": "Wh",
  "L/min": "L/min",
  "[ppm]": "ppm",
  "[degF]": "°F",
  "{rpm}": "r/min",
  "[pH]": "pH",
  "[NTU]": "NTU",
  MOhm: "MΩ",
  "uS/cm": "µS/cm",
  "dB[SPL]": "dB",
  Ohm: "Ω",
  uS: "µS",
  um: "µm",
};

export function unitText(ucum: string): string {
  return WRITTEN[ucum] ?? ucum.replaceAll(/\{[^}]*\}/g, "").replaceAll(".", "·");
}

/** The ways in which people write a unit: as on the gauge, and as the ledger keeps it. */
export const unitSpellings = (ucum: string): string[] => [unitText(ucum), ucum];

/** The labels of an axis: as many decimals as its step needs, so that no two of them read alike. */
export function tickTexts(values: readonly number[], step: number): string[] {
  let decimals = 0;
  while (decimals < 12 && Math.abs(step * 10 ** decimals - Math.round(step * 10 ** decimals)) > 1e-6) {
    decimals += 1;
  }
  return values.map((value) => (Math.abs(value) < step / 2 ? 0 : value).toFixed(decimals));
}

/** Below this only rounding is left of a value. */
const NOTHING = 1e-12;

/** Below this a value is written with its power of ten. */
const TINY = 1e-6;

/** Enough digits to compare, no more: three or four significant figures, and no more decimals than those take. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) {
    return "–";
  }
  const abs = Math.abs(value);
  if (abs < NOTHING) {
    return "0";
  }
  if (abs < TINY) {
    return value.toExponential(2).replace(/\.?0+e/, "e");
  }
  const small = abs >= 0.1 ? 3 : 2 - Math.floor(Math.log10(abs));
  const decimals = abs >= 1000 ? 0 : abs >= 10 ? 1 : abs >= 1 ? 2 : small;
  const rounded = value.toFixed(decimals);
  return decimals > 0 ? rounded.replace(/\.?0+$/, "") : rounded;
}
