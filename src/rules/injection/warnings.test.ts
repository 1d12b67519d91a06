import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { injectionCases } from "../../../test/support/injection-cases.ts";
import { inject, injectionWarnings } from "./index.ts";

/** What is said of the case's pod. */
function said(name: string): readonly string[] {
  const one = injectionCases.find((some) => some.name === name);
  assert.ok(one !== undefined, name);
  return injectionWarnings(
    inject(one.pod, {
      serviceAccount: { metadata: { annotations: one.serviceAccount } },
      namespace: { metadata: { annotations: one.namespace ?? {} } },
    }),
  );
}

describe("the warnings to the creator of a pod", () => {
  test("each note on an annotation, behind its reason", () => {
    for (const one of injectionCases) {
      const notes = said(one.name).flatMap(
        (text) => /^podtrust: InjectionAnnotationInvalid: ([^]*)$/u.exec(text)?.[1] ?? [],
      );
      assert.deepEqual(notes, one.notes ?? [], one.name);
    }
  });

  test("that a pod's annotation skips each of its containers", () => {
    assert.deepEqual(said("aws-skip-all"), [
      "podtrust: InjectionSkipped: the pod's annotation skip-containers names each of its containers",
    ]);
    assert.deepEqual(said("aws-skip-one"), []);
  });

  test("that all containers have a role of their own in place of the ServiceAccount's", () => {
    const role = "arn:aws:iam::111122223333:role/web";
    const app = (value: string) => ({ name: "app", env: [{ name: "AWS_ROLE_ARN", value }] });
    const warningsOf = (spec: object): readonly string[] =>
      injectionWarnings(
        inject(
          { spec },
          { serviceAccount: { metadata: { annotations: { "eks.amazonaws.com/role-arn": role } } } },
        ),
      );
    const own = app("arn:aws:iam::444455556666:role/own");
    const text = `the pod has AWS_ROLE_ARN "arn:aws:iam::444455556666:role/own", and ServiceAccount`;
    assert.deepEqual(warningsOf({ serviceAccountName: "web", containers: [own] }), [
      `podtrust: PodRoleDiffers: ${text} web asks for ${role}`,
    ]);
    assert.deepEqual(warningsOf({ containers: [own] }), [
      `podtrust: PodRoleDiffers: ${text} default asks for ${role}`,
    ]);
    assert.deepEqual(warningsOf({ containers: [own, { name: "other" }] }), []);
    assert.deepEqual(warningsOf({ containers: [own, app(role)] }), []);
    const elsewhere = { name: "secret", env: [{ name: "AWS_ROLE_ARN", valueFrom: { secretKeyRef: {} } }] };
    assert.deepEqual(warningsOf({ containers: [own, elsewhere] }), []);
  });

  test("nothing of a pod that is not for injection", () => {
    assert.deepEqual(said("no-role"), []);
  });
});
