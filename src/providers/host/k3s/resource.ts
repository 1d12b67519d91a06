import type { Clock } from "../../../core/base/index.ts";
import type { Resource } from "../../../rules/plan/index.ts";
import type { HostConnection } from "../connection.ts";
import { stepFailure } from "../session.ts";
import { applyK3s, inspectK3s } from "./apply.ts";
import { differenceOf } from "./difference.ts";
import { removeScript } from "./scripts.ts";
import { isThere, type K3sState, otherIssuers, ownerOf } from "./state.ts";
import type { LookAtRunning } from "./running-flags.ts";
import type { K3sSpec } from "./spec.ts";

export interface K3sOptions {
  readonly connection: HostConnection;
  readonly clock: Clock;
  readonly spec: K3sSpec;
  readonly runs: LookAtRunning;
  readonly dependsOn: readonly string[];
}

/** The names of k3s on a stack's machine, known without reading it. */
export function k3sNames(stack: string): Pick<Resource, "id" | "kind" | "names" | "link"> {
  return {
    id: `host/${stack}/k3s`,
    kind: "k3s",
    names: [`host/${stack}`, "host"],
    link: "cluster",
  };
}

/**
 * k3s on a machine: binary, config, unit, network, and the flags with which its API server really runs. Its owner is
 * named in the first line of our config file.
 */
export function k3sResource({ connection, clock, spec, runs, dependsOn }: K3sOptions): Resource<K3sState> {
  const { locator } = connection;
  return {
    ...k3sNames(spec.stack),
    dependsOn,
    needs: locator.needs,
    ifTaken:
      "Run podtrust import to take it over: it keeps its data, gets the issuer beside its own, and podtrust down would remove it.",
    async read(signal, inputs) {
      const session = await connection.session(inputs, signal);
      if (session === undefined) return { exists: false };
      const state = await inspectK3s(session, runs, signal);
      if (!isThere(state)) return { exists: false };
      return { exists: true, state, owner: ownerOf(state, spec) };
    },
    fingerprint: ({ architecture: _architecture, machine: _machine, rooms: _rooms, ...state }) => state,
    outputs: ({ version = "" }) => ({ version }),
    issuers: (state) => otherIssuers(state, spec),
    diff: (observed) => differenceOf(observed.exists ? observed.state : undefined, spec),
    async apply(_change, work) {
      const session = await connection.required(work.inputs, work.signal);
      await applyK3s({ session, clock, spec, runs, work });
    },
    async delete(_observed, work) {
      const session = await connection.required(work.inputs, work.signal);
      const timeoutMs = 300_000;
      work.waiting("k3s is stopped and removed", clock.elapsed() + timeoutMs);
      const result = await session.run(removeScript, { timeoutMs, signal: work.signal });
      if (result.code !== 0) throw stepFailure(session.target, "removing k3s", result);
    },
  };
}
