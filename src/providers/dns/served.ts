import { type Clock, errorText, PodtrustError, until } from "../../core/base/index.ts";
import type { DnsWork } from "../../rules/dns/index.ts";

/** Values of a name's TXT records, as each of its zone's name servers gives them; empty for a server without any. */
export type AskServers = (
  zone: string,
  name: string,
) => Promise<readonly { readonly server: string; readonly values: readonly string[] }[]>;

const maxWaitMs = 120_000;
const pauseMs = 2000;

/** What is known of the name servers so far. */
interface ServedState {
  readonly isServed: boolean;
  /** Servers without the value, or why none could be asked. */
  readonly said: string;
  /** Whether any of them answered at all. */
  readonly isAnswered: boolean;
}

async function look(ask: AskServers, zone: string, name: string, value: string): Promise<ServedState> {
  try {
    const answers = await ask(zone, name);
    const without = answers.filter(({ values }) => !values.includes(value)).map(({ server }) => server);
    return {
      isServed: answers.length > 0 && without.length === 0,
      said: without.join(", "),
      isAnswered: answers.length > 0,
    };
  } catch (error) {
    return { isServed: false, said: errorText(error), isAnswered: false };
  }
}

/**
 * Waits until every name server of a zone answers with a value. Where none of them can be asked (port 53 is closed to
 * this machine), the wait still ends at its deadline, since the validator may reach them: returns whether the value was
 * seen. Throws `dns-not-visible` where they answer, and without it.
 */
export async function untilServed(
  { ask, clock }: { readonly ask: AskServers; readonly clock: Clock },
  { zone, name, value }: { readonly zone: string; readonly name: string; readonly value: string },
  work: DnsWork,
): Promise<boolean> {
  const noServer = new Error(`no name server of ${zone} can be asked`);
  let seen: ServedState | undefined;
  const late = (): Error => {
    if (seen?.isAnswered !== true) return noServer;
    const sentence = `the TXT record of ${name} is not on all name servers after ${maxWaitMs / 60_000} minutes: ${seen.said} lack it`;
    return new PodtrustError("dns-not-visible", sentence, { detail: { name, zone } });
  };
  const waitsFor = `the name servers of ${zone} do not answer with the TXT record of ${name} yet`;
  try {
    return await until<true>({
      clock,
      withinMs: maxWaitMs,
      delays: [pauseMs],
      signal: work.signal,
      look: async () => {
        seen = await look(ask, zone, name, value);
        return seen.isServed ? { is: true } : { waitsFor };
      },
      onWait: (reason, deadline) => work.waiting(reason, deadline),
      late,
    });
  } catch (error) {
    if (error === noServer) return false;
    throw error;
  }
}
