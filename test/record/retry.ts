import { errorText, until } from "../../src/core/base/index.ts";
import type { RecorderWorld, Send } from "./vendor.ts";

/** Milliseconds for one call, with all its repetitions. */
const withinMs = 300_000;
/** So often in a row the same fault of the vendor's is its answer: STS has a measured 500 to a claim of null. */
const faultsThatAnswer = 4;

function answersBy(faults: readonly number[]): boolean {
  const last = faults.slice(-faultsThatAnswer);
  return last.length === faultsThatAnswer && new Set(last).size === 1;
}

/**
 * Sends until there is an answer to what was asked: one that says only that the vendor has no time is none (429), and of a call
 * for a token neither is a fault of the vendor's, or silence. Whatever makes or changes something is sent again after a 429
 * alone, which says that nothing was done. A fault that comes again and again is the answer. Throws where five minutes bring no answer.
 */
export function withRetries(
  send: Send,
  { clock, signal, say }: Pick<RecorderWorld, "clock" | "say" | "signal">,
): Send {
  return (url, sent) => {
    const { host } = new URL(url);
    const faults: number[] = [];
    // After Ctrl-C what was made is taken away: that is no part of what the signal ends.
    const ending = signal.aborted ? new AbortController().signal : signal;
    const mayRepeat = sent.headers?.["content-type"] === "application/x-www-form-urlencoded";
    const once = async () => {
      try {
        return await send(url, sent);
      } catch (error) {
        if (!mayRepeat || ending.aborted) throw error;
        return errorText(error);
      }
    };
    return until({
      clock,
      withinMs,
      delays: [2000, 5000, 15_000, 30_000, 60_000],
      signal: ending,
      look: async () => {
        const reply = await once();
        if (typeof reply === "string") return { waitsFor: `${host} gives no answer: ${reply}` };
        if (reply.status >= 500) faults.push(reply.status);
        const isFault = mayRepeat && reply.status >= 500 && !answersBy(faults);
        return reply.status === 429 || isFault
          ? { waitsFor: `${host} answers ${reply.status}` }
          : { is: reply };
      },
      onWait: (reason) => say(`${reason}; asked again`),
      late: (reason) => new Error(`${reason}, for five minutes`),
    });
  };
}
