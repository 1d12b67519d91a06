import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { day, hour, rotationFacts, second, serverWith, start } from "../../../test/support/rotation-facts.ts";
import {
  emptyRecord,
  judgeFinishPublication,
  judgeFinishVerifiers,
  keyAcross,
  type MoveVerdict,
  oldestPrevious,
  quietMs,
  refusedOf,
  removeSteps,
  type RotationFacts,
} from "./index.ts";

const reason = (verdict: MoveVerdict): string => (verdict.is === "refused" ? verdict.reason : verdict.is);
const skew = 300 * second;

/** Both servers sign with "new" since `start`; `now` is so much later. */
function promoted(later: number, more: Partial<RotationFacts> = {}): RotationFacts {
  const servers = ["a", "b"].map((name) => serverWith(name, ["new", "old"]));
  const keys = [{ kid: "old", retiredAt: start }];
  const quiet = ["a", "b"].map((server) => ({ server, count: 0, startedAt: 0, since: start }));
  return rotationFacts({ servers, record: { ...emptyRecord, keys, quiet }, now: start + later, ...more });
}
const unpublished = { published: [{ where: "over IPv4", kids: ["new"] }] } as const;

describe("finish publication", () => {
  test("is refused while a token of the longest pod may live, and says which pod and until when", () => {
    const verdict = judgeFinishPublication(promoted(day + skew - 1), "old");
    assert.ok(verdict.is === "refused");
    assert.equal(verdict.from, start + day + skew);
    assert.match(verdict.message, /the longest is 1d, of pod shop\/web/u);
    assert.equal(reason(judgeFinishPublication(promoted(day + skew), "old")), "allowed");
  });

  describe("with a pod whose token lives for 136 years", () => {
    const years = 4_294_967_296 * second;
    const bounded = { ms: day + 180 * second, of: "pod tenant/p" };
    const from = day + 180 * second + skew;
    const withPods = (
      later: number,
      pods: readonly string[],
      startedAt: number | undefined = start,
    ): RotationFacts => {
      const { lives } = rotationFacts();
      const lasting = pods.map((pod) => ({ pod, startedAt, ms: years, isOutside: true }));
      return promoted(later, { lives: { ...lives, outside: bounded, lasting } });
    };

    test("waits for the kubelet, then for a person who gives up each pod by its name", () => {
      const early = judgeFinishPublication(withPods(from - 1, ["tenant/p"]), "old", new Set(["tenant/p"]));
      assert.equal(early.is === "refused" && early.from, start + from, "its file may have one until then");
      const facts = withPods(from, ["tenant/p", "tenant/q"]);
      for (const accepted of [[], ["tenant/p"], ["tenant"], ["p", "q"]]) {
        const verdict = judgeFinishPublication(facts, "old", new Set(accepted));
        assert.ok(verdict.is === "refused");
        assert.deepEqual([verdict.reason, verdict.from], ["copies-live", undefined]);
        assert.match(verdict.message, /tenant\/q may have kept one, which lives until 216\d/u);
      }
      const allowed = judgeFinishPublication(facts, "old", new Set(["tenant/p", "tenant/q"]));
      assert.ok(allowed.is === "allowed");
      assert.match(allowed.why, /loss is accepted: .*tenant\/p and tenant\/q/u);
      assert.equal(refusedOf(facts, "old").until, start + years + skew);
    });

    test("names no pod that began after the key's last token, or whose copy is over", () => {
      assert.equal(
        reason(judgeFinishPublication(withPods(from, ["tenant/p"], start + hour), "old")),
        "allowed",
      );
      assert.equal(reason(judgeFinishPublication(withPods(years + skew, ["tenant/p"]), "old")), "allowed");
    });

    test("names twenty of any number of them, each once", () => {
      const many = Array.from({ length: 5000 }, (_, index) => `tenant/p${index}`);
      const facts = withPods(from, many);
      // A pod may have two such tokens.
      const shorter = facts.lives.lasting.map((one) => ({ ...one, ms: one.ms / 2 }));
      const longer = facts.lives.lasting.map((one) => ({ ...one, ms: one.ms * 1.5 }));
      const lasting = [...facts.lives.lasting, ...longer, ...shorter];
      const verdict = judgeFinishPublication({ ...facts, lives: { ...facts.lives, lasting } }, "old");
      assert.ok(verdict.is === "refused");
      assert.ok(verdict.message.length < 800, String(verdict.message.length));
      assert.match(verdict.message, /tenant\/p19 and 4980 more may have kept one, which lives until 223\d/u);
    });
  });

  test("counts from now where it is not known when the key last signed", () => {
    const verdict = judgeFinishPublication(promoted(9 * day, { record: emptyRecord }), "old");
    assert.equal(verdict.is === "refused" && verdict.from, start + 10 * day + skew);
  });

  test("takes no key out that signs, is to sign, or would sign after a restart", () => {
    const facts = promoted(9 * day);
    assert.equal(reason(judgeFinishPublication(facts, "new")), "still-signs");
    const next = { ...facts, record: { ...emptyRecord, next: "old" } };
    assert.equal(reason(judgeFinishPublication(next, "old")), "not-previous");
    const files = { verify: ["old", "new"], signing: "old", privates: [] };
    const servers = [serverWith("a", ["new", "old"], { files })];
    assert.match(
      JSON.stringify(judgeFinishPublication({ ...facts, servers }, "old")),
      /from its next start on/u,
    );
    const silent = { ...facts, unanswered: [{ name: "c", why: "x" }] };
    assert.equal(reason(judgeFinishPublication(silent, "old")), "server-silent");
  });

  test("is done once the key is published nowhere", () => {
    assert.equal(reason(judgeFinishPublication(promoted(0, unpublished), "old")), "done");
  });

  test("is not done while a place cannot be read, and neither do the API servers lose the key", () => {
    const there = { where: "at Google project shop", kids: undefined };
    const facts = promoted(800 * day, { published: [...unpublished.published, there] });
    for (const judge of [judgeFinishPublication, judgeFinishVerifiers]) {
      const verdict = judge(facts, "old");
      assert.ok(verdict.is === "refused");
      assert.equal(verdict.reason, "publication-unread");
      assert.match(verdict.message, /whether old is published at Google project shop/u);
    }
  });
});

describe("finish verifiers", () => {
  test("is refused while the key is published", () => {
    assert.equal(reason(judgeFinishVerifiers(promoted(800 * day), "old")), "still-published");
  });

  test("is allowed a year later, or once no server has counted a stale token for a day", () => {
    const early = judgeFinishVerifiers(promoted(quietMs - 1, unpublished), "old");
    assert.ok(early.is === "refused");
    assert.equal(early.from, start + quietMs);
    assert.match(
      early.message,
      /live up to 365d, of pod shop\/web; serviceaccount_stale_tokens_total: a 0, b 0/u,
    );
    assert.equal(reason(judgeFinishVerifiers(promoted(quietMs, unpublished), "old")), "allowed");
  });

  test("waits for the year where a server's count cannot be read, and for a count that rose", () => {
    const keys = [{ kid: "old", retiredAt: start }];
    const blind = promoted(2 * day, { ...unpublished, record: { ...emptyRecord, keys } });
    const verdict = judgeFinishVerifiers(blind, "old");
    assert.ok(verdict.is === "refused");
    assert.equal(verdict.from, start + 365 * day + skew);
    assert.match(verdict.message, /a has none, b has none/u);
    const year = { ...blind, now: start + 365 * day + skew };
    assert.equal(reason(judgeFinishVerifiers(year, "old")), "allowed");
    const quiet = ["a", "b"].map((server) => ({ server, count: 1, startedAt: 0, since: start + day }));
    const rose = promoted(2 * day - 1, { ...unpublished, record: { ...emptyRecord, keys, quiet } });
    const refusal = judgeFinishVerifiers(rose, "old");
    assert.equal(refusal.is === "refused" && refusal.from, start + 2 * day);
  });

  test("waits for a token that a pod asked for with a long life, which no count shows", () => {
    const { lives } = rotationFacts();
    const api = { ms: 3 * day, of: "pod shop/batch" };
    const facts = promoted(2 * day, { ...unpublished, lives: { ...lives, api } });
    const verdict = judgeFinishVerifiers(facts, "old");
    assert.equal(verdict.is === "refused" && verdict.from, start + 3 * day + skew);
    for (const extended of [undefined, { ms: hour, of: "pod shop/web" }]) {
      const plain = judgeFinishVerifiers({ ...facts, lives: { ...lives, api, extended } }, "old");
      assert.match(JSON.stringify(plain), /longest token for the API is 3d, of pod shop\/batch/u);
    }
  });

  test("names the Secrets whose token would end, and takes each by its name, and the tokens in use by the ID of their key", () => {
    const token = { namespace: "ci", name: "deployer", serviceAccount: "deployer", lastUsed: start } as const;
    const legacy = [
      { ...token, kid: "old" },
      { ...token, kid: "new" },
    ];
    const facts = promoted(0, { ...unpublished, legacy });
    assert.match(
      JSON.stringify(judgeFinishVerifiers(facts, "old")),
      /legacy-tokens.*ci\/deployer of ServiceAccount deployer"/u,
    );
    const accepted = judgeFinishVerifiers(facts, "old", new Set(["ci/deployer", "old"]));
    assert.match(
      JSON.stringify(accepted),
      /the loss is accepted: the tokens in Secrets ci\/deployer.*API tokens of old/u,
    );
    const later = judgeFinishVerifiers(promoted(800 * day, { ...unpublished, legacy }), "old");
    assert.equal(reason(later), "legacy-tokens");
  });

  test("takes a Secret, a pod and the key by name, each for itself alone", () => {
    const secret = { namespace: "tenant", name: "s", serviceAccount: "web", kid: "old", lastUsed: undefined };
    const { lives } = rotationFacts();
    const lasting = [{ pod: "tenant/p", startedAt: start, ms: 4_294_967_296 * second, isOutside: false }];
    const facts = (later: number): RotationFacts =>
      promoted(later, { ...unpublished, legacy: [secret], lives: { ...lives, lasting } });
    const judged = (later: number, ...names: readonly string[]): string =>
      reason(judgeFinishVerifiers(facts(later), "old", new Set(names)));
    assert.equal(judged(2 * day), "legacy-tokens");
    assert.equal(judged(2 * day, "tenant/s"), "copies-live");
    assert.equal(judged(2 * day, "tenant/p"), "legacy-tokens");
    assert.equal(judged(hour, "tenant/p", "tenant/s"), "tokens-live");
    assert.equal(judged(hour, "old"), "legacy-tokens");
    assert.equal(judged(2 * day, "old", "tenant/s"), "copies-live");
    assert.equal(judged(hour, "tenant/s", "tenant/p", "old"), "allowed");
    assert.equal(judged(2 * day, "tenant/p", "tenant/s"), "allowed");
    const { is, ...allowed } = judgeFinishVerifiers(facts(2 * day), "old", new Set(["tenant/s", "tenant/p"]));
    assert.equal(is, "allowed");
    assert.match(JSON.stringify(allowed), /tenant\/s of ServiceAccount web end; copies .* of tenant\/p/u);
  });

  test("counts from now where it is not known when the key last signed", () => {
    const verdict = judgeFinishVerifiers(promoted(9 * day, { ...unpublished, record: emptyRecord }), "old");
    assert.equal(verdict.is === "refused" && verdict.from, start + 374 * day + skew);
  });

  test("takes the key out of every file, and is done once no server and no file has it", () => {
    const facts = promoted(2 * day, unpublished);
    assert.deepEqual(removeSteps(facts, "old"), [
      { server: "a", target: { verify: ["new"], signing: "new" } },
      { server: "b", target: { verify: ["new"], signing: "new" } },
    ]);
    const files = { verify: ["new"], signing: "new", privates: [] };
    const running = { ...facts, servers: [serverWith("a", ["new", "old"], { files })] };
    assert.equal(removeSteps(running, "old").length, 1);
    const written = {
      ...facts,
      servers: [serverWith("a", ["new"], { files: { ...files, verify: ["new", "old"] } })],
    };
    assert.equal(reason(judgeFinishVerifiers(written, "old")), "allowed");
    const over = { ...facts, servers: [serverWith("a", ["new"])] };
    assert.equal(reason(judgeFinishVerifiers(over, "old")), "done");
    assert.equal(keyAcross(over, "old").state, "out");
    assert.deepEqual(removeSteps(over, "old"), []);
    const silent = { ...facts, unanswered: [{ name: "c", why: "x" }] };
    assert.equal(reason(judgeFinishVerifiers(silent, "old")), "server-silent");
  });
});

test("the previous key that signed longest ago is meant where none is named", () => {
  const servers = [serverWith("a", ["new", "old", "older", "unknown"])];
  const keys = [
    { kid: "old", retiredAt: start - 1 },
    { kid: "older", retiredAt: start - 2 },
  ];
  assert.equal(oldestPrevious(rotationFacts({ servers, record: { ...emptyRecord, keys } })), "older");
  assert.equal(oldestPrevious(rotationFacts()), undefined);
});

describe("the tokens that are refused once a key is no longer published", () => {
  const until = (last: number): object => ({ last, until: last + day + skew });

  test("are those that it signed, as far as it is known when that was", () => {
    assert.deepEqual(refusedOf(promoted(hour), "old"), { signs: "no", ...until(start) });
    const unknown = promoted(hour, { record: emptyRecord });
    assert.deepEqual(refusedOf(unknown, "old"), { signs: "no", ...until(start + hour) });
    assert.deepEqual(refusedOf(promoted(hour), "new"), { signs: "yes", ...until(start + hour) });
  });

  test("are none of a next key", () => {
    const servers = [serverWith("a", ["old", "new"])];
    const facts = rotationFacts({ servers, record: { ...emptyRecord, next: "new" } });
    assert.deepEqual(refusedOf(facts, "new"), { signs: "no" });
  });
});

describe("the controller manager that still uses the old key", () => {
  const servers = ["a", "b"].map((name) =>
    serverWith(name, ["new", "old"], name === "a" ? { controllerManager: ["old"] } : {}),
  );

  test("keeps that key in the API servers until it has another, or its tokens are given up by the name of each server", () => {
    const facts = promoted(365 * day + hour, { ...unpublished, servers });
    const verdict = judgeFinishVerifiers(facts, "old");
    assert.ok(verdict.is === "refused");
    assert.equal(verdict.reason, "controller-manager-signs");
    assert.match(verdict.message, /^the controller manager of a signs tokens in Secrets with old/u);
    assert.match(verdict.next, /--service-account-private-key-file/u);
    assert.match(verdict.next, /--accept-loss SERVER/u);
    assert.equal(
      reason(judgeFinishVerifiers(facts, "old", new Set(["b", "old"]))),
      "controller-manager-signs",
    );
    const accepted = judgeFinishVerifiers(facts, "old", new Set(["a"]));
    assert.match(accepted.is === "allowed" ? accepted.why : "", /the loss is accepted: the controller/u);
  });
});
