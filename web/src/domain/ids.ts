/** UUIDv7 (RFC 9562): 48 bits of Unix time in ms, then random, so that ids sort by when they were made. */
let lastMs = 0;
let lastSeq = 0;

export function uuid7(now: number = Date.now()): string {
  // Within one millisecond the 12 bits after the version count up: ids of one tab never swap places.
  if (now <= lastMs) {
    lastSeq += 1;
  } else {
    lastMs = now;
    lastSeq = crypto.getRandomValues(new Uint8Array(1))[0] ?? 0;
  }
  if (lastSeq > 0xfff) {
    lastMs += 1;
    lastSeq = 0;
  }
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  for (let i = 0; i < 6; i += 1) {
    bytes[i] = Math.floor(lastMs / 2 ** (8 * (5 - i))) & 0xff;
  }
  bytes[6] = 0x70 | (lastSeq >> 8);
  bytes[7] = lastSeq & 0xff;
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
