import type { TestContext } from "node:test";
import { systemClock } from "../../../src/core/base/index.ts";
import { isAtLength } from "../../support/runs.ts";
import { type ReachableMachine, type ControlPlaneMachine, onOneConnection } from "./machines.ts";

/** What was asked, and what was refused by a server that answered. */
export interface Checked {
  readonly asked: number;
  readonly refused: readonly string[];
  /** Milliseconds of the longest time in which a server did not answer, by its name. */
  readonly longestGaps: ReadonlyMap<string, number>;
}

/** Asks API servers about tokens several times a second until it is ended, at the latest with its test. */
export interface Checker {
  /** How often it has asked by now. */
  asked(): number;
  /** What was refused by now. */
  refused(): readonly string[];
  end(): Promise<Checked>;
}

/** Between two rounds of questions: by night too no less for three servers, which would take both processors. */
export function pauseMs(machines: readonly unknown[]): number {
  return isAtLength && machines.length < 3 ? 50 : 250;
}
const kept = 12;

interface Minted {
  readonly token: string;
  readonly by: string;
}

const tokenPath = (namespace: string, name: string): string =>
  `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;

/** A token of a server for the API itself, as a pod gets it; undefined while the server is away. */
async function mintAt(
  { ask, name: by }: ReachableMachine,
  namespace: string,
  name: string,
): Promise<Minted | undefined> {
  const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { audiences: null } };
  const answer = await ask(tokenPath(namespace, name), { method: "POST", body }).catch(() => undefined);
  if (answer?.status !== 201) return undefined;
  return { token: (JSON.parse(answer.text) as { status: { token: string } }).status.token, by };
}

/** Whether a server takes a token; undefined while it does not answer as one that is ready. */
async function acceptedBy(
  { ask }: ReachableMachine,
  token: string,
): Promise<{ readonly is: boolean; readonly why: string } | undefined> {
  const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec: { token } };
  const path = "/apis/authentication.k8s.io/v1/tokenreviews";
  const answer = await ask(path, { method: "POST", body }).catch(() => undefined);
  if (answer?.status !== 201) return undefined;
  const { status } = JSON.parse(answer.text) as { status: { authenticated?: boolean; error?: string } };
  return { is: status.authenticated === true, why: status.error ?? "" };
}

/**
 * Shows tokens of every server to every server: the first of each, made before anything changed, and the newest of each. A
 * server that is away is not asked, and neither is who it would have been asked for.
 */
export function startChecker(
  t: TestContext,
  machines: readonly ControlPlaneMachine[],
  namespace: string,
  name: string,
): Checker {
  const ending = new AbortController();
  t.after(() => ending.abort());
  const first: Minted[] = [];
  const newest: Minted[] = [];
  const refused: string[] = [];
  const gaps = new Map(machines.map((machine) => [machine.name, 0]));
  let asked = 0;
  const each = async (there: ControlPlaneMachine): Promise<void> => {
    // Most of what a request takes is its connection.
    const machine = onOneConnection(there);
    let lastAnswer = performance.now();
    for (let round = 0; !ending.signal.aborted; round += 1) {
      const minted = round % 4 === 0 ? await mintAt(machine, namespace, name) : undefined;
      if (minted !== undefined) {
        if (first.length < machines.length * 2) first.push(minted);
        newest.push(minted);
        if (newest.length > kept) newest.shift();
      }
      for (const { token, by } of [...first, ...newest.slice(-2)]) {
        const said = await acceptedBy(machine, token);
        if (said === undefined) break;
        asked += 1;
        gaps.set(machine.name, Math.max(gaps.get(machine.name) ?? 0, performance.now() - lastAnswer));
        lastAnswer = performance.now();
        if (!said.is) refused.push(`${machine.name} refuses a token of ${by}: ${said.why}`);
      }
      await systemClock.sleep(pauseMs(machines));
    }
    machine.end();
  };
  const loops = Promise.all(machines.map(each));
  // Whoever ends it is told; nobody else waits.
  loops.catch(() => {});
  return {
    asked: () => asked,
    refused: () => refused,
    async end() {
      ending.abort();
      await loops;
      return { asked, refused, longestGaps: gaps };
    },
  };
}
