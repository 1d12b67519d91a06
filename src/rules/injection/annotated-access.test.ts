import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonRecord } from "../../core/base/index.ts";
import { defined, mapped } from "../../core/base/index.ts";
import { inject, type Injection, type RoleAccess, type Surroundings } from "./index.ts";

const roleArn = "arn:aws:iam::111122223333:role/web";
const otherRole = "arn:aws:iam::444455556666:role/other";

type Annotations = Readonly<Record<string, unknown>>;
interface Objects {
  readonly account?: Annotations;
  readonly namespace?: Annotations;
  readonly pod?: Annotations;
}

const object = (annotations: Annotations = {}): JsonRecord => ({ metadata: { annotations } });

function injected({
  account,
  namespace,
  pod,
}: Objects): Injection & { readonly outcome: "injected"; readonly access: RoleAccess } {
  const around: Surroundings = {
    serviceAccount: object({ "eks.amazonaws.com/role-arn": roleArn, ...account }),
    namespace: object(namespace),
  };
  const result = inject({ ...object(pod), spec: { containers: [{ name: "app" }] } }, around);
  assert.ok(result.outcome === "injected" && result.access !== undefined);
  return { ...result, access: result.access };
}

const accessOf = (objects: Objects): RoleAccess => injected(objects).access;
const notesOf = (objects: Objects): readonly string[] => injected(objects).notes.map(({ text }) => text);

describe("what annotations ask for", () => {
  test("of a value that is no text is said as it stands", () => {
    const [note = ""] = notesOf({ account: { "profile.podtrust.dev/default": { odd: true } } });
    assert.match(note, /odd/u);
  });

  test("a role alone comes with the audience of STS and a token for a day", () => {
    assert.deepEqual(accessOf({}), { roleArn, audience: "sts.amazonaws.com", expirationSeconds: 86_400 });
    assert.equal(accessOf({ account: { "eks.amazonaws.com/audience": "" } }).audience, "sts.amazonaws.com");
    assert.equal(accessOf({ account: { "eks.amazonaws.com/audience": "other" } }).audience, "other");
  });

  test("the pod's expiration comes before the ServiceAccount's, and each within the API server's bounds", () => {
    const key = "eks.amazonaws.com/token-expiration";
    const seconds = (pod?: string, account?: string): number =>
      accessOf({
        ...defined({
          pod: mapped(pod, (value) => ({ [key]: value })),
          account: mapped(account, (value) => ({ [key]: value })),
        }),
      }).expirationSeconds;
    assert.deepEqual(
      [
        seconds("900", "1200"),
        seconds(undefined, "+1200"),
        seconds("x", "1200"),
        seconds("x", "1e3"),
        seconds(""),
      ],
      [900, 1200, 1200, 86_400, 86_400],
    );
    assert.deepEqual([seconds("599"), seconds("-1"), seconds("0")], [600, 600, 600]);
    assert.deepEqual([seconds("4294967297"), seconds("9".repeat(19))], [2 ** 32, 86_400]);
    assert.match(
      notesOf({ pod: { [key]: "15m" } }).join(),
      /token-expiration of the pod is "15m": it is no number/u,
    );
  });

  test("region and session name of the namespace hold where the ServiceAccount has none, and it can have none", () => {
    const namespace = { "podtrust.dev/region": "eu-west-1", "podtrust.dev/session-name": "pod" };
    const named = accessOf({ namespace });
    assert.deepEqual([named.region, named.sessionFromPod, named.sessionName], ["eu-west-1", true, undefined]);
    const account = { "podtrust.dev/region": "us-east-1", "podtrust.dev/session-name": "web" };
    const own = accessOf({ namespace, account });
    assert.deepEqual([own.region, own.sessionFromPod, own.sessionName], ["us-east-1", undefined, "web"]);
    const none = { "podtrust.dev/region": "", "podtrust.dev/session-name": "" };
    const bare = accessOf({ namespace, account: none });
    assert.deepEqual([bare.region, bare.sessionFromPod, bare.sessionName], [undefined, undefined, undefined]);
  });

  test("each value that cannot be used is named, and used for nothing", () => {
    const account = {
      "eks.amazonaws.com/sts-regional-endpoints": "yes",
      "podtrust.dev/region": "$(id)",
      "podtrust.dev/session-name": "a session",
      "podtrust.dev/fs-group": "-1",
      "podtrust.dev/token-mode": "0888",
      "profile.podtrust.dev/default": otherRole,
      "profile.podtrust.dev/evil": `${otherRole}\ncredential_process = id`,
      "chain.podtrust.dev/evil": otherRole,
      "chain.podtrust.dev/service-account": otherRole,
    };
    const { access, notes } = injected({ account });
    assert.deepEqual(access, accessOf({}));
    assert.deepEqual(new Set(notes.map(({ reason }) => reason)), new Set(["InjectionAnnotationInvalid"]));
    const named = notes.map(({ text }) => /^annotation (\S+) of the ServiceAccount is /u.exec(text)?.[1]);
    assert.deepEqual(new Set(named), new Set(Object.keys(account)));
    assert.equal(named.length, Object.keys(account).length);
  });

  test("a role that is no ARN is given as it is, with a note, but no profiles with it", () => {
    const account = { "eks.amazonaws.com/role-arn": "x".repeat(300), "profile.podtrust.dev/b": otherRole };
    const { access, notes } = injected({ account });
    assert.deepEqual([access.roleArn.length, access.profiles], [300, undefined]);
    assert.match(notes[0]?.text ?? "", /is "x{100}…": it is not the ARN of a role; pods still get it$/u);
  });

  test("fifty profiles are taken, and of more none at all", () => {
    const many = (count: number, prefix: string): Annotations =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`${prefix}p${index}`, otherRole]));
    assert.equal(accessOf({ account: many(50, "profile.podtrust.dev/") }).profiles?.length, 50);
    for (const prefix of ["profile.podtrust.dev/", "chain.podtrust.dev/"]) {
      const { access, notes } = injected({ account: many(51, prefix) });
      assert.equal(access.profiles, undefined);
      assert.match(
        notes[0]?.text ?? "",
        /^the ServiceAccount has 51 profiles, of which 50 at most are taken, and so none$/u,
      );
    }
  });

  test("objects of any shape are read, and never thrown at", () => {
    for (const shape of [{}, { metadata: null }, { metadata: { annotations: ["x"] } }]) {
      const result = inject(shape, { serviceAccount: shape, namespace: shape });
      assert.deepEqual([result.outcome, result.pod], ["untouched", shape]);
    }
    const numbers = { "eks.amazonaws.com/role-arn": 5 };
    const result = inject({ spec: 1 }, { serviceAccount: object(numbers) });
    assert.equal(result.outcome === "untouched" && result.reason, "RoleNotAnnotated");
  });
});
