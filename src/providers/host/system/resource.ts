import type { Clock } from "../../../core/base/index.ts";
import type { Resource } from "../../../rules/plan/index.ts";
import type { HostConnection } from "../connection.ts";
import { stepFailure } from "../session.ts";
import { applySystem, inspectSystem } from "./apply.ts";
import { forgetScript } from "./scripts.ts";
import { systemDifference, systemOwner, type SystemState } from "./state.ts";
import type { SystemSpec } from "./spec.ts";

export interface SystemOptions {
  readonly connection: HostConnection;
  readonly clock: Clock;
  readonly spec: SystemSpec;
}

/** The names of the system of a stack's machine, known without reading it. */
export function systemNames(stack: string): Pick<Resource, "id" | "kind" | "names" | "link"> {
  return { id: `host/${stack}/system`, kind: "system", names: [`host/${stack}`, "host"], link: "cluster" };
}

/** The operating system of a machine: who may log in and how, upgrades, and the host key that it shows. */
export function systemResource({ connection, clock, spec }: SystemOptions): Resource<SystemState> {
  return {
    ...systemNames(spec.stack),
    dependsOn: [],
    needs: connection.locator.needs,
    ifTaken: "Use another machine, or run podtrust down with the other stack's config first.",
    async read(signal, inputs) {
      const session = await connection.session(inputs, signal);
      if (session === undefined) return { exists: false };
      const state = await inspectSystem(session, signal);
      if (state.mark === undefined) return { exists: false };
      return { exists: true, state, owner: systemOwner(state, spec) };
    },
    fingerprint({
      clock: _clock,
      boot: _boot,
      firstBoot: _first,
      needsReboot: _needs,
      rooms: _rooms,
      ...state
    }) {
      return state;
    },
    diff: (observed) => systemDifference(observed.exists ? observed.state : undefined, spec),
    apply: (_change, work) => applySystem({ connection, clock, spec, work }),
    async delete(_observed, work) {
      const session = await connection.required(work.inputs, work.signal);
      const result = await session.run(forgetScript, { timeoutMs: 60_000, signal: work.signal });
      if (result.code !== 0) throw stepFailure(session.target, "taking back what podtrust set", result);
    },
  };
}
