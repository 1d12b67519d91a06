const alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
const checksumLength = 6;

function polymod(values: readonly number[]): number {
  let sum = 1;
  for (const value of values) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ value;
    for (const [index, generator] of generators.entries()) if (((top >>> index) & 1) === 1) sum ^= generator;
  }
  return sum >>> 0;
}

function expanded(prefix: string): readonly number[] {
  const codes = Array.from(prefix, (letter) => letter.charCodeAt(0));
  return [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)];
}

/** Groups of `from` bits as groups of `to` bits; undefined where the bits left over are no padding. */
function regrouped(values: Iterable<number>, from: number, to: number, pad: boolean): number[] | undefined {
  let [held, bits] = [0, 0];
  const out: number[] = [];
  for (const value of values) {
    held = ((held << from) | value) & 0xfff;
    bits += from;
    while (bits >= to) {
      bits -= to;
      out.push((held >> bits) & ((1 << to) - 1));
    }
  }
  const left = held & ((1 << bits) - 1);
  if (!pad) return bits >= from || left !== 0 ? undefined : out;
  if (bits > 0) out.push(left << (to - bits));
  return out;
}

/** Bytes in Bech32 (BIP 173), in lower case, after a prefix in lower case. */
export function bech32(prefix: string, bytes: Uint8Array): string {
  const data = regrouped(bytes, 8, 5, true) ?? [];
  const sum = polymod([...expanded(prefix), ...data, 0, 0, 0, 0, 0, 0]) ^ 1;
  const checksum = Array.from({ length: checksumLength }, (_, index) => (sum >>> (5 * (5 - index))) & 31);
  return `${prefix}1${[...data, ...checksum].map((value) => alphabet[value]).join("")}`;
}

/** The bytes behind a prefix, in lower or in upper case; undefined where that is not what the text is. */
export function unBech32(prefix: string, text: string): Buffer | undefined {
  const lower = text.toLowerCase();
  if (text !== lower && text !== text.toUpperCase()) return undefined;
  const start = `${prefix}1`;
  if (!lower.startsWith(start) || lower.length > 200) return undefined;
  const values = Array.from(lower.slice(start.length), (letter) => alphabet.indexOf(letter));
  if (values.includes(-1) || values.length < checksumLength) return undefined;
  if (polymod([...expanded(prefix), ...values]) !== 1) return undefined;
  const bytes = regrouped(values.slice(0, -checksumLength), 5, 8, false);
  return bytes === undefined ? undefined : Buffer.from(bytes);
}
