import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { runs } from "../../../test/support/runs.ts";
import { defined } from "../../core/base/index.ts";
import { accepts, audiencesOf, refusals, type TokenClaims, tokenOf, union } from "./acceptance.ts";
import type { AdoptionFacts, ServerFacts } from "./facts.ts";
import { adoptionSteps, type AdoptionStep, finishSteps, nextStep, undoSteps } from "./steps.ts";

const ours = "https://oidc.example.com";
const jwksUri = `${ours}/openid/v1/jwks`;
const olds = ["https://kubernetes.default.svc.cluster.local", "https://older.example.com"];

/** Servers that agree, as a cluster's do before any change. */
const clusters = fc
  .record({
    names: fc.integer({ min: 1, max: 4 }),
    issuers: fc.constantFrom(olds.slice(0, 1), olds, olds.toReversed()),
    audiences: fc.constantFrom(undefined, ["https://api.example.com"], [...olds, "vault"]),
  })
  .map(({ names, issuers, audiences }) =>
    Array.from({ length: names }, (_, index): ServerFacts => ({
      name: `cp-${index + 1}`,
      issuers,
      ...defined({ audiences }),
      authentication: { kind: "none" },
    })),
  );

/** The next move, and whether every token that was made has expired by then. */
const moves = fc.array(
  fc.record({
    command: fc.constantFrom("adopt", "adopt", "adopt", "undo", "finish"),
    hasExpired: fc.boolean(),
    isPublished: fc.integer({ max: 4, min: 0 }).map((one) => one > 0),
  }),
  { maxLength: 40 },
);

type Move = { readonly command: string; readonly hasExpired: boolean; readonly isPublished: boolean };

/** A cluster whose pods keep every token that they were ever given, until it expires. */
class Model {
  readonly #before: readonly ServerFacts[];
  /** Audiences that pods have always asked for by name. */
  readonly #named: readonly string[];
  servers: readonly ServerFacts[];
  alive: readonly TokenClaims[] = [];

  constructor(servers: readonly ServerFacts[]) {
    this.#before = servers;
    this.servers = servers;
    this.#named = union(servers.map(audiencesOf));
    this.mint();
  }

  mint(): void {
    const made = this.servers.flatMap((server) => {
      const token = tokenOf(server);
      return [token, ...this.#named.map((one) => ({ ...token, aud: [one] }))];
    });
    this.alive = [...this.alive, ...made];
  }

  /** A token lives on at least until its file is renewed: those that are made now never expire at once. */
  expire(): void {
    this.alive = [];
    this.mint();
  }

  facts(isPublished: boolean): AdoptionFacts {
    return {
      wanted: { issuer: ours, jwksUri },
      distribution: "kubeadm",
      servers: this.servers,
      listed: this.servers.map(({ name }) => name),
      formerIssuers: this.#before[0]?.issuers ?? [],
      documents: {
        families: [{ family: "IPv4", outcome: isPublished ? "seen" : "failed" }],
        kids: [],
      },
      accounts: [],
    };
  }

  steps({ command, isPublished }: Move): readonly AdoptionStep[] {
    const facts = this.facts(isPublished);
    const gone = (isMeant: (iss: string) => boolean) => ({
      done: !this.alive.some(({ iss }) => isMeant(iss)),
      why: "tokens live",
    });
    if (command === "adopt") return adoptionSteps(facts);
    if (command === "undo")
      return undoSteps(
        facts,
        gone((iss) => iss === ours),
      );
    return finishSteps(
      facts,
      gone((iss) => iss !== ours),
    );
  }

  take(step: AdoptionStep | undefined): void {
    if (step === undefined || !("server" in step)) return;
    const { server, flags } = step;
    this.servers = this.servers.map((one) => {
      if (one.name !== server) return one;
      const before = this.#before.find(({ name }) => name === server);
      if (flags === undefined) return before ?? one;
      const { audiences: _, ...rest } = one;
      return { ...rest, ...flags };
    });
  }
}

function move(model: Model, next: Move): void {
  if (next.hasExpired) model.expire();
  model.take(nextStep(model.steps(next)));
  assert.deepEqual(refusals(model.servers), [], "a server signs with an issuer that another does not accept");
  model.mint();
  for (const token of model.alive)
    for (const server of model.servers) assert.ok(accepts(server, token), JSON.stringify({ token, server }));
}

describe("whatever is run, cut off and turned back in whatever order", () => {
  test("no server signs with an issuer that another refuses, and no token that lives is refused", () => {
    fc.assert(
      fc.property(clusters, moves, (servers, list) => {
        const model = new Model(servers);
        for (const next of list) move(model, next);
      }),
      { numRuns: runs(300) },
    );
  });

  test("adoption and its undo both come to an end: two restarts of each server, and every file as before after the undo", () => {
    fc.assert(
      fc.property(clusters, moves, (servers, list) => {
        const model = new Model(servers);
        for (const next of list) move(model, next);
        const walk = (command: string): number => {
          const going = { command, hasExpired: true, isPublished: true };
          for (let count = 0; ; count += 1) {
            if (nextStep(model.steps(going)) === undefined) return count;
            assert.ok(count < 50, "it never ends");
            move(model, going);
          }
        };
        walk("adopt");
        assert.ok(model.servers.every(({ issuers }) => issuers[0] === ours));
        walk("undo");
        assert.deepEqual(
          model.servers.map(({ issuers, audiences }) => ({ issuers, audiences })),
          servers.map(({ issuers, audiences }) => ({ issuers, audiences })),
        );
        assert.ok(walk("adopt") <= 2 * servers.length);
        assert.ok(walk("finish") <= servers.length + 1);
      }),
      { numRuns: runs(100) },
    );
  });

  test("a single pass is what the model refuses: it would find a fault", () => {
    const [first, second] = [0, 1].map((index): ServerFacts => ({
      name: `cp-${index}`,
      issuers: index === 0 ? [ours, ...olds] : olds,
      authentication: { kind: "none" },
    }));
    assert.ok(first !== undefined && second !== undefined);
    assert.deepEqual(refusals([first, second]), [{ signer: first, by: second }]);
  });
});
