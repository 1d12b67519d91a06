import {
  type CaAnswer,
  type CaFault,
  type CaLie,
  type StandInCa,
  type StandInCaOptions,
  startAuthority,
} from "../ca/index.ts";
import {
  type ClusterFault,
  type ForgedToken,
  type IssuerFault,
  type StandInCluster,
  type StandInClusterOptions,
  type StandInIssuer,
  type StandInKeys,
  startStandInCluster,
  type TokenSpec,
} from "../cluster/index.ts";
import type { SandboxClock } from "../clock/index.ts";
import type { SandboxOptions } from "../start.ts";
import type { Ask } from "./calls.ts";

/** The calls of a stand-in CA's process back to the one that started it, which holds the functions. */
export interface CaCallbacks {
  resolveTxt(name: string): Promise<readonly string[]>;
  lie(number: number, answer: CaAnswer): CaAnswer | Promise<CaAnswer>;
}

/** Options of a stand-in CA in a message. */
type CarriedCaOptions = Omit<StandInCaOptions, "clock" | "logger" | "resolveTxt"> & {
  /** Whether TXT records can be resolved. */
  readonly resolves: boolean;
};

/** A fault in a message: a lie by the number of its function. */
export type CarriedFault = Exclude<CaFault, CaLie> | (Omit<CaLie, "lie"> & { readonly lie: number });

function clockCalls(clock: SandboxClock) {
  return {
    "clock.now": () => clock.now(),
    "clock.advance": (ms: number) => clock.advance(ms),
  };
}

async function sandbox(options: SandboxOptions) {
  // All of AWS, which the other two do not need.
  const { startSandbox } = await import("../start.ts");
  const started = await startSandbox(options);
  const { url, account, admin, controlToken } = started;
  // Everything else goes over HTTP.
  const calls = { isThere: () => true };
  return { said: { url, account, admin, controlToken }, calls, close: () => started.close() };
}

/** The issuers that a cluster serves, by number. */
function issuerCalls(serve: () => Promise<StandInIssuer>) {
  const served = new Map<number, Promise<StandInIssuer>>();
  let count = 0;
  const close = async (number: number): Promise<void> => {
    const issuer = served.get(number);
    served.delete(number);
    // The caller of a failed start has its error, and there is nothing to close.
    await (await issuer?.catch(() => undefined))?.close();
  };
  return {
    calls: {
      async serveIssuer() {
        const number = (count += 1);
        const issuer = serve();
        served.set(number, issuer);
        const { url, ca, connectTo } = await issuer;
        return { number, url, ca, connectTo };
      },
      async "issuer.fail"(number: number, fault: IssuerFault | undefined) {
        (await served.get(number))?.fail(fault);
      },
      "issuer.close": close,
    },
    async closeAll() {
      await Promise.all([...served.keys()].map(close));
    },
  };
}

async function cluster(options: StandInClusterOptions) {
  const started = await startStandInCluster(options);
  const { url, ca, issuer, keys, clock } = started;
  const issuers = issuerCalls(() => started.serveIssuer());
  return {
    said: { url, ca, issuer },
    calls: {
      kubeconfig: (...user: Parameters<StandInCluster["kubeconfig"]>) => started.kubeconfig(...user),
      createToken: (spec: TokenSpec) => started.createToken(spec),
      addServiceAccount: (namespace: string, name: string) => started.addServiceAccount(namespace, name),
      forgeToken: (forged: ForgedToken) => started.forgeToken(forged),
      misbehave: (fault: ClusterFault | undefined) => started.misbehave(fault),
      "keys.list": () => keys.list(),
      "keys.create": (...algorithm: Parameters<StandInKeys["create"]>) => keys.create(...algorithm),
      "keys.promote": (kid: string) => keys.promote(kid),
      "keys.drop": (kid: string) => keys.drop(kid),
      ...clockCalls(clock),
      ...issuers.calls,
    },
    async close() {
      await Promise.all([issuers.closeAll(), started.close()]);
    },
  };
}

async function authority({ resolves, ...options }: CarriedCaOptions, ask: Ask<CaCallbacks>) {
  const resolveTxt = (name: string) => ask("resolveTxt", name);
  const started = await startAuthority({ ...options, ...(resolves ? { resolveTxt } : {}) });
  const { directoryUrl, port, tlsCa, root, clock } = started;
  return {
    said: { directoryUrl, port, tlsCa, root },
    calls: {
      accounts: () => started.accounts(),
      issued: () => started.issued(),
      suggestRenewal: (...given: Parameters<StandInCa["suggestRenewal"]>) => started.suggestRenewal(...given),
      misbehave(fault: CarriedFault | undefined) {
        if (fault?.what !== "lie") return started.misbehave(fault);
        const { lie: number, ...rest } = fault;
        return started.misbehave({ ...rest, lie: (answer) => ask("lie", number, answer) });
      },
      ...clockCalls(clock),
    },
    close: () => started.close(),
  };
}

/** What a process serves, each with its initial description, its calls, and its end. */
export const served = { sandbox, cluster, authority };

export type ServedCalls = typeof served;
export type ThingServed = keyof ServedCalls;
type Serving<Thing extends ThingServed> = Awaited<ReturnType<ServedCalls[Thing]>>;
/** What to start in the other process, and with which options. */
export type OptionsOf<Thing extends ThingServed> = Parameters<ServedCalls[Thing]>[0];
export type SaidOf<Thing extends ThingServed> = Serving<Thing>["said"];
export type CallsOf<Thing extends ThingServed> = Serving<Thing>["calls"];
