import { type Clock, SharedAnswers } from "../../core/base/index.ts";
import type { DnsProvider, DnsWork, DnsZone } from "../../rules/dns/index.ts";
import { type AskServers, untilServed } from "./served.ts";

/** TXT records that prove a name to a certificate authority (RFC 8555 §8.4). */
export interface ChallengeRecords {
  /** Adds a value, and leaves others of the name as they are. */
  setTxt(name: string, value: string, signal?: AbortSignal): Promise<void>;
  /** Removes that one value; it may be gone already. */
  clearTxt(name: string, value: string): Promise<void>;
  /** Resolves once validators will see it, as far as that can be known. Throws `dns-not-visible`. */
  waitForPropagation(name: string, value: string, signal?: AbortSignal): Promise<void>;
  close(): void;
}

export interface ChallengeRecordsOptions {
  readonly provider: DnsProvider;
  readonly clock: Clock;
  readonly ask: AskServers;
  /** Called with what is waited for, why, and until when (milliseconds of `Clock.elapsed()`). */
  readonly waiting: (reason: string, deadline: number) => void;
}

// Removing a proof is not ended by what ended the proving, and must not hang either.
const clearingMs = 120_000;

/** A provider's zones as a place for such records. Zones are found once. */
export function challengeRecords(options: ChallengeRecordsOptions): ChallengeRecords {
  const { provider, clock, ask, waiting } = options;
  const zones = new SharedAnswers<DnsZone>(clock, Infinity);
  const zoneOf = (name: string, signal: AbortSignal): Promise<DnsZone> =>
    zones.of(name, signal, (own) => provider.zoneOf(name, own));
  const workWith = (signal: AbortSignal = new AbortController().signal): DnsWork => ({ signal, waiting });
  return {
    async setTxt(name, value, signal) {
      const work = workWith(signal);
      await provider.addText(await zoneOf(name, work.signal), { name, value }, work);
    },
    async clearTxt(name, value) {
      const work = workWith(AbortSignal.timeout(clearingMs));
      await provider.removeText(await zoneOf(name, work.signal), { name, value }, work);
    },
    async waitForPropagation(name, value, signal) {
      const work = workWith(signal);
      const key = { name, type: "TXT" } as const;
      if (provider.untilVisible !== undefined) return provider.untilVisible(key, work);
      const zone = await zoneOf(name, work.signal);
      await untilServed({ ask, clock }, { zone: zone.name, name, value }, work);
      return undefined;
    },
    close: () => provider.close(),
  };
}
