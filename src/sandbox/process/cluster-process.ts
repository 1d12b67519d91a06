import { PodtrustError } from "../../core/base/index.ts";
import {
  clusterForm,
  type StandInCluster,
  type StandInClusterOptions,
  type StandInIssuer,
  type StandInKeys,
} from "../cluster/index.ts";
import type { ConnectedClock } from "../control/index.ts";
import type { Promised } from "./calls.ts";
import { checkCarried, type NotCarried } from "./carried.ts";
import { atDoor } from "../errors/index.ts";
import { OwnProcess } from "./own-process.ts";

/** Options of a stand-in cluster in a process of its own: those of `startStandInCluster` that have no functions. */
export type ClusterProcessOptions = Omit<StandInClusterOptions, "clock" | "logger">;

const notCarried: NotCarried<StandInClusterOptions, ClusterProcessOptions> = { clock: true, logger: true };

/** A stand-in cluster in a process of its own, which ends with `await using`, `close()`, or the program that started it. */
export interface ClusterProcess extends Promised<Omit<StandInCluster, "clock" | "keys" | "serveIssuer">> {
  readonly keys: Promised<StandInKeys>;
  /** The clock by which tokens begin and end; `advance` moves it. */
  readonly clock: ConnectedClock;
  /** The process's number. */
  readonly pid: number;
  /**
   * Serves the two documents to any client, over TLS, under the issuer's own name and a root of its own. It ends with
   * the process.
   */
  serveIssuer(): Promise<Promised<StandInIssuer>>;
}

async function serveIssuer(own: OwnProcess<"cluster">): Promise<Promised<StandInIssuer>> {
  const { number, ...said } = await own.ask("serveIssuer");
  // The end of the process closes it, too.
  const close = async (): Promise<void> => {
    try {
      await own.ask("issuer.close", number);
    } catch (error) {
      if (!(error instanceof PodtrustError && error.code === "sandbox-process-ended")) throw error;
    }
  };
  return {
    ...said,
    fail: (fault) => own.ask("issuer.fail", number, fault),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/**
 * Starts a stand-in cluster in a process of its own. It has the calls that `startStandInCluster` returns, each of which
 * returns a promise. The process ends with the program that started it, and does not keep that running. Rejects with
 * what `startStandInCluster` rejects with, with `sandbox-process-ended`, or with `usage` for an option that has
 * functions.
 *
 * @example
 * ```ts
 * await using cluster = await startStandInClusterProcess({ issuer: "https://oidc.example.test" });
 * ```
 */
export function startStandInClusterProcess(options: ClusterProcessOptions): Promise<ClusterProcess> {
  return atDoor(() => open(options));
}

async function open(options: ClusterProcessOptions): Promise<ClusterProcess> {
  checkCarried(options, notCarried, "startStandInCluster");
  clusterForm(options, "startStandInClusterProcess");
  const { own, said } = await OwnProcess.start("cluster", options);
  const { ask, pid, close } = own;
  return {
    ...said,
    pid,
    keys: {
      list: () => ask("keys.list"),
      create: (...algorithm) => ask("keys.create", ...algorithm),
      promote: (kid) => ask("keys.promote", kid),
      drop: (kid) => ask("keys.drop", kid),
    },
    clock: { now: () => ask("clock.now"), advance: (ms) => ask("clock.advance", ms) },
    kubeconfig: (...user) => ask("kubeconfig", ...user),
    addServiceAccount: (namespace, name) => ask("addServiceAccount", namespace, name),
    createToken: (spec) => ask("createToken", spec),
    forgeToken: (forged) => ask("forgeToken", forged),
    misbehave: (fault) => ask("misbehave", fault),
    serveIssuer: () => serveIssuer(own),
    close,
    [Symbol.asyncDispose]: close,
  };
}
