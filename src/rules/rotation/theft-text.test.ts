import assert from "node:assert/strict";
import { test } from "node:test";
import { serverWith } from "../../../test/support/rotation-facts.ts";
import {
  afterTheftText,
  atOnceText,
  ownCredentials,
  secretsText,
  stillTakenText,
  theftProgressText,
} from "./index.ts";

test("before an answer at once it is said why each key ends, what clients wait for, and what stays open", () => {
  const tainted = [
    { kid: "old", why: "stolen" },
    { kid: "new", why: "beside" },
  ] as const;
  const lines = atOnceText(tainted, ["AWS takes its keys from a cache", "legacy tokens in 2 Secrets"]);
  assert.deepEqual(lines.slice(0, 2), [
    "old ends: it was stolen.",
    "new ends: its private half lay on the machines where the stolen one's lay.",
  ]);
  assert.match(lines.join("\n"), /refused until its kubelet has renewed its token: after 48 minutes/u);
  assert.deepEqual(lines.slice(-2), [
    "Open: AWS takes its keys from a cache.",
    "Open: legacy tokens in 2 Secrets.",
  ]);
  assert.doesNotMatch(atOnceText(tainted, []).join("\n"), /^Open:/mu);
});

test("after it a person is told what is not shown, and what is left to do", () => {
  const text = afterTheftText.join("\n");
  assert.match(text, /not shown that the thief has nothing else/u);
  assert.match(text, /systemctl restart kubelet, k3s-agent.*\n.*publisher.*\n.*runbooks\/stolen-key\.md/u);
});

test("a theft is remembered in one sentence: on whose word the answer rests, or how far it has come", () => {
  const begun = { stolen: "old", way: "at-once", tainted: [], servers: {} } as const;
  assert.match(theftProgressText({ ...begun, way: "thief-reaches-no-api" }), /rests on one word/u);
  assert.match(theftProgressText(begun), /only begun: run podtrust rotate stolen old --at-once again/u);
  const made = { ...begun, fresh: "new" };
  assert.match(theftProgressText(made), /not seen to be published alone; alone at no API server\./u);
  const proved = { ...made, publishedAt: 1, servers: { a: "tokens", b: "files" } } as const;
  assert.match(theftProgressText(proved), /new takes its place: published alone; alone at a, b\./u);
});

test("before anything is done it is said which credentials end with the key, and what takes their place", () => {
  assert.match(ownCredentials(undefined, undefined).join("\n"), /^This run's credential does not end/u);
  const said = ownCredentials(
    "a token of system:serviceaccount:ci:deployer",
    "/etc/kubernetes/admin.conf of cp-1",
  );
  assert.match(
    said.join("\n"),
    /ci:deployer, which ends with the key: .*admin\.conf of cp-1 takes its place/u,
  );
  assert.match(said.join("\n"), /operator, and a publisher in pods, .*made anew/u);
});

test("each server that has a key of a remembered theft is named, with what ends that; none is where none has", () => {
  const begun = { stolen: "old", tainted: [{ kid: "new", why: "beside" }], servers: {} } as const;
  const servers = [serverWith("a", ["fresh", "new"]), serverWith("b", ["old"]), serverWith("c", ["fresh"])];
  assert.deepEqual(stillTakenText([{ ...begun, way: "at-once" }], { servers }), [
    "a has new, which is distrusted: podtrust rotate stolen old --at-once ends that.",
    "b has old, which is distrusted: podtrust rotate stolen old --at-once ends that.",
  ]);
  const word = stillTakenText([{ ...begun, tainted: [], way: "thief-reaches-no-api" }], { servers });
  assert.deepEqual(word.length, 1);
  assert.match(word.join(), /^b has old.*finish verifiers old --accept-loss/u);
  assert.deepEqual(stillTakenText([{ ...begun, way: "at-once" }], { servers: servers.slice(2) }), []);
});

test("each Secret whose token the fresh key did not sign is named, with how it is made anew", () => {
  const secret = (name: string, kid: string) => ({
    namespace: "ci",
    name,
    serviceAccount: "deployer",
    kid,
    lastUsed: undefined,
  });
  const said = secretsText([secret("old-token", "old"), secret("new-token", "fresh")], "fresh");
  assert.equal(said.length, 1);
  assert.match(
    said.join(),
    /^The token in Secret ci\/old-token of ServiceAccount deployer.*patch secret -n ci old-token/u,
  );
});
