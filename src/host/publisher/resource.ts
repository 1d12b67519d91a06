import type { Clock } from "../../base/index.ts";
import type { Resource } from "../../plan/index.ts";
import type { HostConnection } from "../connection.ts";
import { stepFailure } from "../session.ts";
import { applyPublisher, inspectPublisher } from "./apply.ts";
import { differenceOf } from "./difference.ts";
import { unitNames } from "./layout.ts";
import { releaseOrderScript, removeScript } from "./scripts.ts";
import { isThere, ownerOf, type PublisherState } from "./state.ts";
import type { PublisherWish } from "./wish.ts";

export interface PublisherResourceOptions {
  readonly connection: HostConnection;
  readonly clock: Clock;
  readonly wish: PublisherWish;
  readonly dependsOn: readonly string[];
}

/** What the publisher on a stack's machine is called, known without a look at it. */
export function publisherNames(stack: string): Pick<Resource, "id" | "kind" | "names" | "link"> {
  return {
    id: `host/${stack}/publisher`,
    kind: "publisher",
    names: [`host/${stack}`, "host"],
    link: "discovery",
  };
}

/** What the first certificate of a stack's publisher is called. */
export function firstOrderNames(stack: string): Pick<Resource, "id" | "kind" | "names" | "link"> {
  return {
    id: `host/${stack}/certificate`,
    kind: "certificate",
    names: [`host/${stack}`, "host", "publisher"],
    link: "tls",
  };
}

/**
 * That the publisher may order its first certificate: after what this depends on, which are CAA records of its accounts.
 * Is there where a publisher is and nothing holds it back, and goes with it.
 */
export function firstOrderResource(options: PublisherResourceOptions): Resource<PublisherState> {
  const { connection, wish, dependsOn } = options;
  const { layout, stack } = wish;
  const after = "once CAA records name the publisher's accounts";
  return {
    ...firstOrderNames(stack),
    dependsOn,
    needs: connection.place.needs,
    async read(signal, inputs) {
      const session = await connection.session(inputs, signal);
      if (session === undefined) return { exists: false };
      const state = await inspectPublisher(session, layout, [], signal);
      if (!isThere(state) || state.isHeld) return { exists: false };
      return { exists: true, state, owner: ownerOf(state, stack) };
    },
    fingerprint: ({ isHeld }) => ({ isHeld }),
    diff: ({ exists }) =>
      exists
        ? { kind: "none", fields: [] }
        : { kind: "create", fields: [{ field: "first order", before: undefined, after }] },
    async apply(_change, { inputs, signal }) {
      const session = await connection.required(inputs, signal);
      const result = await session.run(releaseOrderScript(layout), { timeoutMs: 60_000, signal });
      if (result.code !== 0)
        throw stepFailure(session.target, "having the first certificate ordered", result);
    },
    // The publisher takes it along.
    delete: () => Promise.resolve(),
  };
}

/**
 * The publisher as a service of a machine: program, config, units, and that it runs. Its outputs are `accounts`, a JSON
 * list of the URIs of its accounts at certificate authorities, and `authorities`, the same with each CA's directory and
 * the names that it has in CAA records.
 */
export function publisherResource(options: PublisherResourceOptions): Resource<PublisherState> {
  const { connection, clock, wish, dependsOn } = options;
  const { layout, stack } = wish;
  const paths = wish.files.map(({ path }) => path);
  return {
    ...publisherNames(stack),
    dependsOn,
    needs: connection.place.needs,
    ifTaken:
      "A machine has one publisher on ports 80 and 443. Stop that one and take its units away, or use another machine.",
    async read(signal, inputs) {
      const session = await connection.session(inputs, signal);
      if (session === undefined) return { exists: false };
      const state = await inspectPublisher(session, layout, paths, signal);
      if (!isThere(state)) return { exists: false };
      return { exists: true, state, owner: ownerOf(state, stack) };
    },
    // How it is moves by itself, and the token's service comes and goes.
    // Another resource has the first order made.
    fingerprint({ health: _health, isHeld: _isHeld, units, ...state }) {
      const { [unitNames.token]: _token, ...others } = units;
      return { ...state, units: others };
    },
    outputs: ({ health }): Readonly<Record<string, string>> =>
      health === undefined
        ? {}
        : {
            accounts: JSON.stringify(health.accounts.map(({ uri }) => uri)),
            authorities: JSON.stringify(health.accounts),
          },
    diff: (observed) => differenceOf(observed.exists ? observed.state : undefined, wish),
    async apply(_change, work) {
      const session = await connection.required(work.inputs, work.signal);
      await applyPublisher({ session, clock, layout, work }, wish);
    },
    async delete(_observed, work) {
      const session = await connection.required(work.inputs, work.signal);
      const timeoutMs = 120_000;
      work.waiting("the publisher is stopped and removed", clock.now() + timeoutMs);
      const result = await session.run(removeScript(layout), { timeoutMs, signal: work.signal });
      if (result.code !== 0) throw stepFailure(session.target, "removing the publisher", result);
    },
  };
}
