import { startAuthority, startAuthorityProcess } from "../../src/sandbox/index.ts";
import { acmeContract } from "../support/acme-contract.ts";
import { startChallengeListeners } from "../support/challenge-listeners.ts";
import { SwiftClock } from "../support/swift-clock.ts";

const kid = "kid-1";
const hmacKey = Buffer.alloc(32, 7).toString("base64url");

const ways = [
  ["the stand-in CA", startAuthority],
  ["the stand-in CA in a process of its own", startAuthorityProcess],
] as const;
for (const [name, startCa] of ways) {
  acmeContract(name, {
    skip: false,
    async start() {
      const listeners = await startChallengeListeners();
      const records = new Map<string, Set<string>>();
      const ca = await startCa({
        connectTo: listeners.connectTo,
        rejectNonceEvery: 3,
        issuesLater: true,
        resolveTxt: (record) => Promise.resolve([...(records.get(record) ?? [])]),
      });
      return {
        ...ca,
        listeners,
        shortProfile: "shortlived",
        clock: new SwiftClock(),
        dns: {
          setTxt: (record, value) =>
            Promise.resolve(void records.set(record, (records.get(record) ?? new Set()).add(value))),
          clearTxt: (record, value) => Promise.resolve(void records.get(record)?.delete(value)),
        },
        close: async () => {
          await Promise.all([ca.close(), listeners.close()]);
        },
      };
    },
    async startExternal() {
      const ca = await startCa({ externalAccounts: { [kid]: hmacKey } });
      return { ...ca, kid, hmacKey };
    },
  });
}
