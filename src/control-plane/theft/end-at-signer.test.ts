import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MemoryRecord } from "../../../test/support/memory-record.ts";
import { SwiftClock } from "../../../test/support/swift-clock.ts";
import { compactJws, makeKey, type SigningKey } from "../../../test/support/memory-server.ts";
import { PodtrustError } from "../../core/base/index.ts";
import type { TheftProgress } from "../../rules/rotation/index.ts";
import { TheftsRecord } from "../record/index.ts";
import type { ApiServer, ServerFiles } from "../servers/index.ts";
import { beginAtSigner, endAtSigner, lookAtSigner } from "./end-at-signer.ts";

const { signal } = new AbortController();

/**
 * An API server of podtrust's signer: it keeps the keys that it fetched until it starts anew, and signs only while its signer runs
 * (kubernetes, pkg/serviceaccount/externaljwt; test/cluster/signer/stolen-key.test.ts holds both on real API servers).
 */
class SignedNode {
  readonly name: string;
  readonly record: MemoryRecord;
  /** The signer's folder: the first key signs. */
  folder: SigningKey[];
  cached: SigningKey[];
  isRunning = true;

  constructor(name: string, clock: SwiftClock, keys: SigningKey[]) {
    this.name = name;
    this.record = new MemoryRecord(
      () => clock.now(),
      () => {},
    );
    this.folder = [...keys];
    this.cached = [...keys];
  }

  get api(): Pick<ApiServer, "name" | "keys" | "mint"> {
    return {
      name: this.name,
      keys: () => Promise.resolve(this.cached.map(({ jwk }) => jwk)),
      mint: () => {
        const [key] = this.folder;
        if (!this.isRunning || key === undefined)
          return Promise.reject(new PodtrustError("cluster-unreachable", "it answered 500"));
        return Promise.resolve(compactJws({ alg: "ES256", kid: key.jwk.kid }, {}, key.privateKey));
      },
    };
  }

  files(): Pick<ServerFiles, "whatRuns"> {
    const starts = { issuers: [], keyFiles: [], signingEndpoint: "/run/podtrust-signer/signer.sock" };
    return { whatRuns: () => Promise.resolve({ starts, runs: { kind: "not-looked-at", why: "" } }) } as never;
  }

  /** What the commands of a step do. */
  stop(): void {
    this.isRunning = false;
    this.folder = [];
  }

  start(): void {
    this.isRunning = true;
    this.cached = [...this.folder];
  }
}

class SignerNight {
  readonly clock = new SwiftClock();
  readonly old: SigningKey = makeKey("ES256");
  readonly spare: SigningKey = makeKey("ES256");
  readonly nodes: readonly SignedNode[];
  published: readonly string[];
  readonly said: string[] = [];
  closed = 0;
  withdrawn = 0;
  byFiles: readonly string[] = [];
  unseen: readonly string[] = [];

  constructor() {
    this.nodes = ["a", "b"].map((name) => new SignedNode(name, this.clock, [this.old, this.spare]));
    this.published = [this.old.jwk.kid, this.spare.jwk.kid];
  }

  get stolen(): string {
    return this.old.jwk.kid;
  }

  async sights() {
    const servers = [];
    for (const node of this.nodes) {
      const seen = await lookAtSigner({ api: node.api, files: node.files() } as never, signal);
      if (seen !== undefined) servers.push(seen);
    }
    return { servers, published: [{ where: "over IPv4", kids: this.published }] };
  }

  /** The command as a person types it, on whatever machine. */
  async command(): Promise<TheftProgress> {
    this.said.splice(0);
    const sights = await this.sights();
    const thefts = new TheftsRecord(this.nodes);
    const [known] = (await thefts.read(signal)).thefts;
    return endAtSigner(
      {
        sights,
        byFiles: this.byFiles,
        unseen: this.unseen,
        file: "prod.yaml",
        clock: this.clock,
        close: async () => Promise.resolve(void (this.closed += 1)),
        onWithdrawn: async () => Promise.resolve(void (this.withdrawn += 1)),
        keep: (progress) => thefts.keep(progress, signal),
        onStep: (text) => this.said.push(text),
      },
      known ?? beginAtSigner(sights, this.stolen),
    );
  }

  async left(): Promise<string> {
    return this.command().then(
      () => assert.fail("the theft was said to be over"),
      (error: unknown) => {
        assert.ok(error instanceof PodtrustError && error.code === "theft-unproven", String(error));
        return error.message;
      },
    );
  }
}

describe("a theft where podtrust's signer has the keys", () => {
  test("is over once the commands were done that it says, in that order, and no sooner", async () => {
    const night = new SignerNight();
    const [a, b] = night.nodes;
    assert.ok(a !== undefined && b !== undefined);
    assert.match(await night.left(), /a signs with .*b signs with .* is published over IPv4/u);
    assert.equal(night.closed, 1, "relying parties are closed by the first run");
    const commands = night.said
      .filter((line) => line.startsWith("  "))
      .map((line) => line.trim().split(" -f")[0]);
    assert.deepEqual(
      commands.map((line = "") =>
        line.replaceAll(night.stolen, "OLD").replaceAll(night.spare.jwk.kid, "NEXT"),
      ),
      [
        "systemctl stop podtrust-signer",
        "mv /var/lib/podtrust-signer /root/podtrust-signer.stolen",
        "podtrust signer create",
        "podtrust rotate restore FRESH --public-key FRESH.pub",
        "podtrust rotate distrust OLD --force",
        "podtrust rotate distrust NEXT --force",
        "podtrust signer import FRESH.pem",
        "systemctl start podtrust-signer",
        "crictl stop $(crictl ps --quiet --name kube-apiserver)",
      ],
    );
    for (const node of night.nodes) node.stop();
    assert.match(await night.left(), /a takes tokens of .*a signs nothing/u);
    assert.doesNotMatch(night.said.join("\n"), /mv /u, "a fresh key that lies there by now is not put away");
    const fresh = makeKey("ES256");
    a.folder = [fresh];
    night.published = [fresh.jwk.kid];
    a.start();
    const left = await night.left();
    assert.match(left, /b takes tokens of/u);
    assert.doesNotMatch(left, /\ba (?:takes|signs)/u);
    assert.ok(night.said.some((line) => line.includes(`podtrust signer import ${fresh.jwk.kid}.pem`)));
    b.folder = [fresh];
    // Its signer runs, and the API server has not been started anew.
    b.isRunning = true;
    assert.match(await night.left(), new RegExp(`b takes tokens of ${night.stolen}`, "u"));
    assert.equal(night.withdrawn, 0);
    b.start();
    const done = await night.command();
    assert.deepEqual([done.fresh, Object.keys(done.servers)], [fresh.jwk.kid, ["a", "b"]]);
    assert.notEqual(done.endedAt, undefined);
    assert.deepEqual([night.said, night.withdrawn], [[], 1]);
    const [kept] = (await new TheftsRecord(night.nodes).read(signal)).thefts;
    assert.notEqual(kept?.endedAt, undefined, "and remembered so, on the servers");
  });

  test("is not over while the key is published, nor while a server could not be looked at", async () => {
    const night = new SignerNight();
    await night.left();
    const fresh = makeKey("ES256");
    for (const node of night.nodes) {
      node.folder = [fresh];
      node.start();
    }
    night.published = [fresh.jwk.kid, night.spare.jwk.kid];
    assert.match(await night.left(), new RegExp(`${night.spare.jwk.kid} is published`, "u"));
    night.published = [fresh.jwk.kid];
    night.unseen = ["c"];
    assert.match(await night.left(), /c could not be looked at/u);
    night.unseen = [];
    await night.command();
  });

  test("is closed and refused where other servers sign by key files, and not begun for a key that nothing shows", async () => {
    const night = new SignerNight();
    night.byFiles = ["c"];
    await assert.rejects(night.command(), {
      code: "rotation-refused",
      message: /a, b: a signer has the keys, and c: key files/u,
    });
    assert.equal(night.closed, 1);
    const sights = await night.sights();
    assert.throws(() => beginAtSigner(sights, "unheard-of"), { code: "rotation-key-unknown" });
  });

  test("is known by the API server's own flag: without it no signer is looked for", async () => {
    const night = new SignerNight();
    const [node] = night.nodes;
    assert.ok(node !== undefined);
    const seen = await lookAtSigner({ api: node.api, files: node.files() } as never, signal);
    assert.deepEqual(seen, { name: "a", verifies: [night.stolen, night.spare.jwk.kid], signs: night.stolen });
    const files = { whatRuns: () => Promise.resolve({ starts: { issuers: [], keyFiles: ["sa.pub"] } }) };
    assert.equal(await lookAtSigner({ api: node.api, files } as never, signal), undefined);
  });
});
