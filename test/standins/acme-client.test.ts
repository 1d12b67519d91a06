import { startAuthority } from "../../src/sandbox/ca/index.ts";
import { acmeContract } from "../support/acme-contract.ts";
import { startChallengeListeners } from "../support/challenge-listeners.ts";
import { SwiftClock } from "../support/swift-clock.ts";

const kid = "kid-1";
const hmacKey = Buffer.alloc(32, 7).toString("base64url");

acmeContract("the stand-in CA", {
  skip: false,
  async start() {
    const listeners = await startChallengeListeners();
    const records = new Map<string, Set<string>>();
    const ca = await startAuthority({
      connectTo: listeners.connectTo,
      rejectNonceEvery: 3,
      issuesLater: true,
      resolveTxt: (name) => Promise.resolve([...(records.get(name) ?? [])]),
    });
    return {
      ...ca,
      listeners,
      shortProfile: "shortlived",
      clock: new SwiftClock(),
      dns: {
        setTxt: (name, value) =>
          Promise.resolve(void records.set(name, (records.get(name) ?? new Set()).add(value))),
        clearTxt: (name, value) => Promise.resolve(void records.get(name)?.delete(value)),
      },
      close: async () => {
        await Promise.all([ca.close(), listeners.close()]);
      },
    };
  },
  async startExternal() {
    const ca = await startAuthority({ externalAccounts: { [kid]: hmacKey } });
    return { ...ca, kid, hmacKey };
  },
});
