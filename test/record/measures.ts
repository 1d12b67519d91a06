import { type Clock, defined, type Readiness, until } from "../../src/core/base/index.ts";
import type { Measured, VendorAnswer } from "./recording.ts";
import type { TokenOf } from "./tokens.ts";
import type { TokenLadder } from "./vendor.ts";

/** What was measured, with the refusal as it came. */
export type Finding = Omit<Measured, "answer"> & { readonly answer?: VendorAnswer };

export const isGranted = ({ status }: VendorAnswer): boolean => status >= 200 && status < 300;

/** Asks with one token after another until one is refused: the last value that was granted, and the first that was not. */
export async function climb(
  { unit, values, token }: TokenLadder,
  ask: (token: TokenOf) => Promise<VendorAnswer>,
): Promise<Finding> {
  let granted: number | undefined;
  for (const value of values) {
    const answer = await ask(token(value));
    const found = defined({ granted });
    if (!isGranted(answer)) return { unit, ...found, refused: value, answer };
    granted = value;
  }
  return granted === undefined ? { unit } : { unit, granted };
}

/** Every few seconds at first, for what takes about a minute; every minute for what takes half an hour or a day. */
const pauses: readonly number[] = [
  1000,
  2000,
  ...Array.from({ length: 22 }, () => 5000),
  ...Array.from({ length: 32 }, () => 15_000),
  60_000,
];

export interface Turning {
  readonly clock: Clock;
  readonly withinMs: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  /** What is waited for. */
  readonly what: string;
}

class NotTurned extends Error {}

/**
 * Asks again and again until the answer turns: after how many seconds it was granted for the first time (`to` granted), or
 * refused. Where the wait ends before, the other number alone is there: so long it had not turned.
 */
export async function turning(
  to: "granted" | "refused",
  ask: () => Promise<VendorAnswer>,
  { clock, withinMs, signal, say, what }: Turning,
): Promise<Finding> {
  const from = to === "granted" ? "refused" : "granted";
  const start = clock.elapsed();
  const seconds = (): number => Math.round((clock.elapsed() - start) / 1000);
  const seen: { [key in "granted" | "refused"]?: number } = {};
  let last: VendorAnswer | undefined;
  let isSaid = false;
  const look = async (): Promise<Readiness<true>> => {
    const answer = await ask();
    const outcome = isGranted(answer) ? "granted" : "refused";
    seen[outcome] = seconds();
    if (outcome === "refused") last = answer;
    return outcome === to ? { is: true } : { waitsFor: `it is ${from}` };
  };
  const onWait = (reason: string): void => {
    if (!isSaid)
      say(`${what}: ${reason}; looked at again for up to ${Math.round(withinMs / 60_000)} minutes`);
    isSaid = true;
  };
  try {
    await until({ clock, withinMs, delays: pauses, signal, look, onWait, late: () => new NotTurned() });
  } catch (error) {
    // Not having turned is a finding as well.
    if (!(error instanceof NotTurned)) throw error;
  }
  return { unit: "seconds", ...seen, ...defined({ answer: last }) };
}
