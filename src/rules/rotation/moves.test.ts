import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  hour,
  minute,
  preparedFacts,
  rotationFacts,
  second,
  serverWith,
  start,
} from "../../../test/support/rotation-facts.ts";
import {
  emptyRecord,
  judgeAbort,
  judgeFinishVerifiers,
  judgePrepare,
  judgePromote,
  keysInDatastore,
  keysAcross,
  type MoveVerdict,
  prepareSteps,
  recordPromotion,
  type RotationFacts,
  signSteps,
  toCopyFirst,
} from "./index.ts";

const reason = (verdict: MoveVerdict): string => (verdict.is === "refused" ? verdict.reason : verdict.is);
const wait = hour + minute + 10 * second;
/** `next` is prepared for long enough. */
const ripe = (more: Partial<RotationFacts> = {}) => preparedFacts(start - wait, more);
const halfway = (): RotationFacts => {
  const facts = ripe();
  const servers = [serverWith("a", ["new", "old"]), serverWith("b", ["old", "new"])];
  return { ...facts, servers, record: recordPromotion(facts.record, { next: "new", before: "old" }, start) };
};

describe("no move is made", () => {
  const judges = { prepare: judgePrepare, promote: judgePromote, abort: judgeAbort };
  for (const [move, judge] of Object.entries(judges)) {
    test(`${move}: while an API server does not answer`, () => {
      const verdict = judge(ripe({ unanswered: [{ name: "c", why: "connection refused" }] }));
      assert.equal(reason(verdict), "server-silent");
      assert.match(JSON.stringify(verdict), /API server c does not answer: connection refused/u);
    });

    test(`${move}: while it is not known what signs`, () => {
      const servers = [serverWith("a", ["old"], { signs: undefined })];
      assert.equal(reason(judge(ripe({ servers }))), "signer-unknown");
      assert.match(JSON.stringify(judge(ripe({ servers: [] }))), /of the cluster made no token/u);
    });

    test(`${move}: while a server signs what another does not verify`, () => {
      const servers = [serverWith("a", ["new", "old"]), serverWith("b", ["old"]), serverWith("c", ["old"])];
      const verdict = judge(ripe({ servers }));
      assert.equal(reason(verdict), "signer-not-verified");
      assert.match(JSON.stringify(verdict), /a signs with new, which b and c does not verify/u);
    });
  }

  test("when a server's next start would have it sign with another key, as in k3s's documented order", () => {
    const files = { verify: ["new", "old"], signing: "new", privates: ["new", "old"] };
    const servers = [serverWith("a", ["old"], { files })];
    for (const judge of [judgePrepare, judgePromote]) {
      const verdict = judge(rotationFacts({ servers }));
      assert.equal(reason(verdict), "restart-signs-other");
      assert.match(JSON.stringify(verdict), /sign with new from its next start on/u);
    }
  });

  test("when a server runs with something else than it will be started with; an answer to a theft and the way back go on", () => {
    const differs = "--api-audiences is x where it runs, and not set where it will be started";
    const one = ripe({});
    const facts = { ...one, servers: one.servers.map((server) => ({ ...server, differs })) };
    for (const judge of [judgePrepare, judgePromote]) {
      assert.equal(reason(judge(facts)), "start-differs");
      assert.match(
        JSON.stringify(judge(facts)),
        /does not run with what it will be started with: --api-audiences/u,
      );
    }
    assert.equal(reason(judgePromote(facts, true)), "allowed");
    assert.equal(reason(judgeAbort(facts)), "allowed");
  });

  test("when servers sign with different keys and nothing is under way", () => {
    const servers = [serverWith("a", ["new", "old"]), serverWith("b", ["old", "new"])];
    for (const judge of [judgePrepare, judgePromote])
      assert.equal(reason(judge(rotationFacts({ servers }))), "signers-differ");
  });
});

describe("prepare", () => {
  test("makes a key where there is none, and continues with one that is prepared in part", () => {
    const fresh = judgePrepare(rotationFacts());
    assert.deepEqual([fresh.is, "kid" in fresh && fresh.kid], ["allowed", ""]);
    const servers = [serverWith("a", ["old", "new"]), serverWith("b", ["old"])];
    const facts = rotationFacts({ servers, record: { ...emptyRecord, next: "new" } });
    const verdict = judgePrepare(facts);
    assert.match(JSON.stringify(verdict), /"allowed","kid":"new","why":"new is still to come to b"/u);
    assert.deepEqual(prepareSteps(facts, "new"), [
      { server: "b", target: { verify: ["old", "new"], signing: "old" } },
    ]);
  });

  test("continues where a file lacks the key, or the machine its private half, though the server runs with it", () => {
    const files = { verify: ["old", "new"], signing: "old", privates: ["old"] };
    const lacking = { ...files, verify: ["old"], privates: ["old", "new"] };
    const servers = [
      serverWith("a", ["old", "new"], { files }),
      serverWith("b", ["old", "new"], { files: lacking }),
      serverWith("c", ["old", "new"]),
    ];
    const facts = ripe({ servers });
    assert.match(JSON.stringify(judgePrepare(facts)), /come to a and b/u);
    assert.deepEqual(
      prepareSteps(facts, "new").map(({ server }) => server),
      ["a", "b"],
    );
  });

  test("is done once the key is everywhere, and refused while it is being promoted", () => {
    assert.equal(reason(judgePrepare(ripe())), "done");
    assert.equal(reason(judgePrepare(halfway())), "signers-differ");
    // A key whose algorithm no API server shows may come to sign.
    const parties = ["azure"] as const;
    assert.equal(reason(judgePrepare(rotationFacts({ parties }), "ES256")), "algorithm-refused");
    assert.equal(reason(judgePrepare(rotationFacts({ parties }), "RS256")), "allowed");
    assert.equal(reason(judgePromote(ripe({ parties }))), "allowed");
    assert.equal(reason(judgePromote(halfway())), reason(judgePromote({ ...halfway(), parties })));
  });
});

describe("promote", () => {
  test("waits for publishers, caches and relying parties, and says until when and why", () => {
    const young = judgePromote(preparedFacts(start - wait + 1));
    assert.ok(young.is === "refused");
    assert.equal(young.reason, "too-young");
    assert.equal(young.from, start + 1);
    assert.match(young.message, /10s until every publisher has it, 1m of Cache-Control, 1h of/u);
    assert.equal(reason(judgePromote(ripe())), "allowed");
    assert.equal(reason(judgePromote(ripe({ record: { ...emptyRecord, next: "new" } }))), "too-young");
  });

  test("is refused where one API server, one family of addresses or one machine lacks the key", () => {
    const [a] = ripe().servers as [RotationFacts["servers"][number]];
    assert.equal(reason(judgePromote(ripe({ servers: [a, serverWith("b", ["old"])] }))), "not-in-verifiers");
    const published = [{ where: "over IPv6", kids: ["old"] }] as const;
    const verdict = judgePromote(ripe({ published }));
    assert.match(JSON.stringify(verdict), /not published as seen from outside over IPv6/u);
    assert.equal(reason(judgePromote(ripe({ published: [] }))), "not-published");
    const where = "at Google project shop, provider prod/prod";
    for (const kids of [["old"], undefined]) {
      const uploaded = { published: [...ripe().published, { where, kids }] };
      assert.match(JSON.stringify(judgePromote(ripe(uploaded))), /from outside at Google project shop/u);
    }
    const files = { verify: ["old", "new"], signing: "old", privates: ["old"] };
    const servers = [a, serverWith("b", ["old", "new"], { files })];
    assert.match(JSON.stringify(judgePromote(ripe({ servers }))), /private half of new is not on b/u);
    // Encrypted to a recipient it is on no machine before it is promoted.
    const record = { ...ripe().record, sealed: { publicKey: "pem", file: "age" } };
    assert.doesNotMatch(JSON.stringify(judgePromote(ripe({ servers, record }))), /private half/u);
  });

  test("is refused without a next key, and done once every server signs with it", () => {
    assert.equal(reason(judgePromote(rotationFacts())), "nothing-prepared");
    const servers = [serverWith("a", ["new", "old"])];
    assert.equal(
      reason(judgePromote(rotationFacts({ servers, record: { ...emptyRecord, before: "old" } }))),
      "done",
    );
  });

  test("continues server by server where it was cut off, also between a file and its server's restart", () => {
    const facts = halfway();
    assert.equal(reason(judgePromote(facts)), "allowed");
    assert.deepEqual(signSteps(facts, "new"), [
      { server: "b", target: { verify: ["new", "old"], signing: "new" } },
    ]);
    const files = { verify: ["new", "old"], signing: "new", privates: ["new", "old"] };
    const written = { ...facts, servers: [serverWith("b", ["old", "new"], { files })] };
    assert.equal(reason(judgePromote(written)), "allowed");
    assert.equal(signSteps(written, "new").length, 1);
  });
});

describe("abort", () => {
  test("gives up a next key that has signed nothing, and has nothing to do without one", () => {
    const verdict = judgeAbort(ripe());
    assert.match(JSON.stringify(verdict), /"allowed","kid":"new"/u);
    assert.equal(reason(judgeAbort(rotationFacts())), "done");
  });

  test("goes back to the key that signed before, during a promotion and after it", () => {
    assert.match(JSON.stringify(judgeAbort(halfway())), /"allowed","kid":"old"/u);
    const servers = ["a", "b"].map((name) => serverWith(name, ["new", "old"]));
    const after = rotationFacts({ servers, record: { ...emptyRecord, before: "old" } });
    assert.match(JSON.stringify(judgeAbort(after)), /"allowed","kid":"old"/u);
  });

  test("says when there is no way back: the old key is published or held no more", () => {
    const published = [{ where: "over IPv4", kids: ["new"] }] as const;
    assert.match(
      JSON.stringify(judgeAbort({ ...halfway(), published })),
      /no-way-back.*old is not published/u,
    );
    const files = { verify: ["new", "old"], signing: "new", privates: ["new"] };
    const servers = [serverWith("a", ["new", "old"], { files })];
    assert.match(JSON.stringify(judgeAbort({ ...halfway(), servers })), /its private half is not on a/u);
  });
});

describe("API servers that sign with different keys, where nothing remembers a rotation,", () => {
  const differing = (privates: readonly string[]): RotationFacts => {
    const both = ["old", "new"];
    const of = (name: string, signing: string) =>
      serverWith(name, both, { signs: signing, files: { verify: both, signing, privates } });
    return rotationFacts({ servers: [of("a", "new"), of("b", "old"), of("c", "old")] });
  };

  test("are neither prepared nor promoted, which leads to abort, and abort has all of them sign with one key", () => {
    const facts = differing(["old", "new"]);
    for (const judge of [judgePrepare, judgePromote])
      assert.match(JSON.stringify(judge(facts)), /signers-differ.*podtrust rotate abort/u);
    const verdict = judgeAbort(facts);
    assert.deepEqual([verdict.is, "kid" in verdict && verdict.kid], ["allowed", "old"]);
    assert.deepEqual(
      signSteps(facts, "old").map(({ server }) => server),
      ["a"],
    );
    const servers = facts.servers.map((server) => ({ ...server, signs: "old" }));
    assert.equal(reason(judgeAbort({ ...facts, servers })), "done");
  });

  test("are told what each key lacks where none can sign everywhere", () => {
    const verdict = judgeAbort(differing([]));
    assert.equal(reason(verdict), "no-way-back");
    assert.match(
      JSON.stringify(verdict),
      /new: its private half is not on a, b and c; old: .*Choose one of them.*rotate abort again/u,
    );
  });
});

test("each key has one state across all servers: current, next, previous or out", () => {
  const facts = ripe({ published: [{ where: "over IPv4", kids: ["older"] }] });
  const states = keysAcross(facts).map(({ kid, state }) => [kid, state]);
  assert.deepEqual(states, [
    ["old", "current"],
    ["new", "next"],
    ["older", "previous"],
  ]);
  const servers = [serverWith("a", ["new"], { signs: undefined })];
  const unknown = rotationFacts({ servers, published: [], record: { ...emptyRecord, next: "spare" } });
  assert.deepEqual(
    keysAcross(unknown).map(({ kid, state }) => [kid, state]),
    [
      ["spare", "next"],
      ["new", "previous"],
    ],
  );
});

describe("an API server of k3s or RKE2", () => {
  type Distributed = Partial<RotationFacts["servers"][number]>;
  const on = (more: Distributed, facts = ripe(), count = 1): RotationFacts => ({
    ...facts,
    servers: facts.servers.slice(0, count).map((server) => ({ ...server, version: "v1.36.4+k3s1", ...more })),
  });
  const judges = [judgePrepare, judgePromote, (facts: RotationFacts) => judgeFinishVerifiers(facts, "old")];
  const reasons = (facts: RotationFacts): readonly string[] => [
    ...new Set(judges.map((judge) => reason(judge(facts)))),
  ];

  test("is given other keys where its release has the command for it, and refused where it is older or not known", () => {
    for (const version of ["v1.24.11+k3s1", "v1.25.7+k3s1", "v1.26.2+k3s1", "v1.27.0+k3s1", "v1.36.4+k3s1"])
      assert.ok(!reasons(on({ distribution: "k3s", version })).includes("no-rotate-ca"), version);
    for (const version of ["v1.23.17+k3s1", "v1.24.10+k3s1", "v1.25.6+k3s1", "v1.26.1+k3s1", ""])
      assert.deepEqual(reasons(on({ distribution: "k3s", version })), ["no-rotate-ca"], version);
  });

  test("is left alone where nobody has tried it, RKE2, several servers, embedded etcd, until a person accepts that", () => {
    const untried: readonly RotationFacts[] = [
      on({ distribution: "rke2" }),
      on({ distribution: "k3s" }, ripe(), 2),
      on({ distribution: "k3s", datastore: "embedded-etcd" }),
    ];
    for (const facts of untried) {
      assert.deepEqual(reasons(facts), ["untried"]);
      assert.match(JSON.stringify(judgePrepare(facts)), /was read.*--untried/u);
      assert.ok(!reasons({ ...facts, untried: true }).includes("untried"));
    }
    assert.ok(!reasons(on({ distribution: "k3s", datastore: "other" })).includes("untried"));
    assert.ok(!reasons(on({ distribution: "kubeadm" }, ripe(), 2)).includes("untried"));
  });

  test("is copied first, by name, and asked whether a CA's rotation waits for a restart", () => {
    assert.equal(toCopyFirst(on({ distribution: "kubeadm" })), undefined);
    assert.match(
      toCopyFirst(on({ distribution: "k3s" })) ?? "",
      /copy \/var\/lib\/rancher\/k3s\/server\/token, .* from a\. A rotation of a CA .* restart the servers first$/u,
    );
  });

  test("has a next key given up only where none of its files has that key", () => {
    assert.equal(reason(judgeAbort(on({ distribution: "rke2" }))), "untried");
    const unwritten = rotationFacts({
      servers: [serverWith("a", ["old"])],
      record: { ...emptyRecord, next: "new" },
    });
    assert.equal(reason(judgeAbort(on({ distribution: "rke2" }, unwritten))), "allowed");
  });

  test("that signs with another key than its like goes back only where its keys may be changed", () => {
    const facts = { ...on({ distribution: "rke2" }, halfway(), 2), record: emptyRecord };
    assert.equal(reason(judgeAbort(facts)), "untried");
  });

  test("of no known version is given no other key, and says that", () => {
    const [server = assert.fail()] = on({ distribution: "k3s" }).servers;
    const { version: _unknown, ...rest } = server;
    const said = JSON.stringify(judgePrepare({ ...ripe(), servers: [rest] }));
    assert.match(said, /no-rotate-ca.*a runs an unknown version/u);
  });

  test("is named where a theft is answered by hand, alone or with its like", () => {
    const said = (count: number): string =>
      keysInDatastore(on({ distribution: "k3s" }, ripe(), count))?.message ?? "";
    assert.match(said(1), /^a runs k3s/u);
    assert.match(said(2), /^a and b run k3s/u);
    assert.equal(keysInDatastore(on({ distribution: "kubeadm" })), undefined);
  });
});
