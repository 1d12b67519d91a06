import { errorText, until } from "../../src/core/base/index.ts";
import type { RecorderWorld, Send } from "./vendor.ts";

/** Milliseconds for one call, with all its repetitions. */
const withinMs = 300_000;

/**
 * Sends until there is an answer to what was asked: one that says only that the vendor has no time is none (429), and of a call
 * for a token neither is a fault of the vendor's, or silence. Whatever makes or changes something is sent again after a 429
 * alone, which says that nothing was done. Throws where five minutes bring no answer.
 */
export function withRetries(
  send: Send,
  { clock, signal, say }: Pick<RecorderWorld, "clock" | "say" | "signal">,
): Send {
  return (url, sent) => {
    const { host } = new URL(url);
    const mayRepeat = sent.headers?.["content-type"] === "application/x-www-form-urlencoded";
    const once = async () => {
      try {
        return await send(url, sent);
      } catch (error) {
        if (!mayRepeat || signal.aborted) throw error;
        return errorText(error);
      }
    };
    return until({
      clock,
      withinMs,
      delays: [2000, 5000, 15_000, 30_000, 60_000],
      signal,
      look: async () => {
        const reply = await once();
        if (typeof reply === "string") return { waitsFor: `${host} gives no answer: ${reply}` };
        const isBusy = reply.status === 429 || (mayRepeat && reply.status >= 500);
        return isBusy ? { waitsFor: `${host} answers ${reply.status}` } : { is: reply };
      },
      onWait: (reason) => say(`${reason}; asked again`),
      late: (reason) => new Error(`${reason}, for five minutes`),
    });
  };
}
