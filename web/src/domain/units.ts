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

/** Enough digits to compare, no more: four significant figures, at most three decimals. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) {
    return "–";
  }
  const abs = Math.abs(value);
  const decimals = abs >= 1000 ? 0 : abs >= 100 ? 1 : abs >= 10 ? 1 : abs >= 1 ? 2 : 3;
  const rounded = value.toFixed(decimals);
  return decimals > 0 ? rounded.replace(/\.?0+$/, "") : rounded;
}
