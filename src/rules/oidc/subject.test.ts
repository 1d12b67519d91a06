import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import {
  namespaceProblem,
  parseSubject,
  serviceAccountProblem,
  serviceAccountSubject,
  subjectOfAccount,
} from "./index.ts";
import { runs } from "../../../test/support/runs.ts";

describe("a subject", () => {
  test("a subject is made of its parts and read again", () => {
    const subject = serviceAccountSubject("aws-test", "demo-service-account");
    assert.equal(subject, "system:serviceaccount:aws-test:demo-service-account");
    assert.deepEqual(parseSubject(subject), { namespace: "aws-test", name: "demo-service-account" });
  });

  test("an account that a config names has the same subject, and one of no such form has none", () => {
    assert.equal(subjectOfAccount("shop/web"), "system:serviceaccount:shop:web");
    for (const bad of ["", "shop", "/web", "shop/", "Shop/web"])
      assert.throws(() => subjectOfAccount(bad), { code: "subject-invalid" });
  });

  test("a ServiceAccount's name may have dots and 253 characters, a Namespace's neither", () => {
    assert.equal(serviceAccountProblem("a.b-c.0"), undefined);
    assert.equal(serviceAccountProblem("a".repeat(253)), undefined);
    assert.equal(namespaceProblem("a".repeat(63)), undefined);
    for (const bad of ["", "A", "a.b", "-a", "a-", "a_b", "a b", "ä", "a\n", "*", "a".repeat(64)]) {
      assert.match(namespaceProblem(bad) ?? "", /^namespace .* is not 1 to 63/u, bad);
      assert.throws(() => serviceAccountSubject(bad, "a"), { code: "subject-invalid" });
    }
    for (const bad of ["", "A", "a..b", ".a", "a.", "a.-b", "a:b", "a\n", "*", "a".repeat(254)]) {
      assert.match(serviceAccountProblem(bad) ?? "", /^ServiceAccount .* is not 1 to 253/u, bad);
      assert.throws(() => serviceAccountSubject("a", bad), { code: "subject-invalid" });
    }
  });

  test("another form of subject is none of a ServiceAccount", () => {
    const others = [
      "",
      "system:serviceaccount:",
      "system:serviceaccount:a",
      "system:serviceaccount:a:",
      "system:serviceaccount::b",
      "system:serviceaccount:a:b:c",
      "system:serviceaccount:a:B",
      "system:serviceaccounts:a:b",
      "SYSTEM:serviceaccount:a:b",
      "system:node:a",
      "repo:octo/cat:ref:refs/heads/main",
    ];
    for (const text of others) assert.equal(parseSubject(text), undefined, text);
  });

  test("property: a text that is read as a subject is the subject of what was read", () => {
    const part = fc.string({ unit: fc.constantFrom("a", "0", "-", ".", ":", "A") });
    fc.assert(
      fc.property(part, part, (namespace, name) => {
        const text = `system:serviceaccount:${namespace}:${name}`;
        const read = parseSubject(text);
        if (read !== undefined) assert.equal(serviceAccountSubject(read.namespace, read.name), text);
      }),
      { numRuns: runs(1000) },
    );
  });
});
