import type { Clock } from "../../../core/base/index.ts";
import type { Resource } from "../../../rules/plan/index.ts";
import type { HostConnection } from "../connection.ts";
import { stepFailure } from "../session.ts";
import { applyPublisher, inspectPublisher } from "./apply.ts";
import { differenceOf } from "./difference.ts";
import { unitNames } from "./layout.ts";
import { removeScript } from "./scripts.ts";
import { isThere, ownerOf, type PublisherState } from "./state.ts";
import type { HostPublisherSpec } from "./spec.ts";

export interface PublisherResourceOptions {
  readonly connection: HostConnection;
  readonly clock: Clock;
  readonly spec: HostPublisherSpec;
  readonly dependsOn: readonly string[];
}

/** The names of the publisher on a stack's machine, known without reading it. */
export function publisherNames(stack: string): Pick<Resource, "id" | "kind" | "names" | "link"> {
  return {
    id: `host/${stack}/publisher`,
    kind: "publisher",
    names: [`host/${stack}`, "host"],
    link: "discovery",
  };
}

/** The publisher as a service of a machine: program, config, units, and that it runs. */
export function publisherResource(options: PublisherResourceOptions): Resource<PublisherState> {
  const { connection, clock, spec, dependsOn } = options;
  const { layout, stack } = spec;
  const paths = spec.files.map(({ path }) => path);
  return {
    ...publisherNames(stack),
    dependsOn,
    needs: connection.locator.needs,
    ifTaken:
      "A machine has one publisher on ports 80 and 443. Stop that one and take its units away, or use another machine.",
    async read(signal, inputs) {
      const session = await connection.session(inputs, signal);
      if (session === undefined) return { exists: false };
      const state = await inspectPublisher(session, layout, paths, signal);
      if (!isThere(state)) return { exists: false };
      return { exists: true, state, owner: ownerOf(state, spec) };
    },
    // Its health changes by itself, and the token's service comes and goes.
    fingerprint({ health: _health, units, ...state }) {
      const { [unitNames.token]: _token, ...others } = units;
      return { ...state, units: others };
    },
    diff: (observed) => differenceOf(observed.exists ? observed.state : undefined, spec),
    async apply(_change, work) {
      const session = await connection.required(work.inputs, work.signal);
      await applyPublisher({ session, clock, layout, work }, spec);
    },
    async delete(_observed, work) {
      const session = await connection.required(work.inputs, work.signal);
      const timeoutMs = 120_000;
      work.waiting("the publisher is stopped and removed", clock.elapsed() + timeoutMs);
      const result = await session.run(removeScript(layout), { timeoutMs, signal: work.signal });
      if (result.code !== 0) throw stepFailure(session.target, "removing the publisher", result);
    },
  };
}
