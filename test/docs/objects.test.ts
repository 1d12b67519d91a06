/** Every trust and binding that a guide shows is one that podtrust takes, and each binding one that a shown trust grants. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAllDocuments } from "yaml";
import { recordOf, textOf } from "../../src/core/base/index.ts";
import { decide, readBinding, readTrust, type Trust } from "../../src/rules/bindings/index.ts";
import {
  decideGoogle,
  type GoogleTrust,
  readGoogleBinding,
  readGoogleTrust,
} from "../../src/rules/bindings/gcp/index.ts";
import { blocksOf, pages } from "./pages.ts";

const shown = pages.flatMap((page) =>
  blocksOf(page)
    .filter(({ language }) => language === "yaml")
    .flatMap(({ text, line }) =>
      parseAllDocuments(text).map((document) => ({
        where: `${page}:${line}`,
        object: recordOf(document.toJSON()),
      })),
    )
    .filter(({ object }) => textOf(object["apiVersion"])?.startsWith("podtrust.dev/")),
);

const trusts = new Map<string, Trust>();

test("every AWSTrust of the guides is one without a mistake", () => {
  for (const { where, object } of shown.filter((one) => one.object["kind"] === "AWSTrust")) {
    const read = readTrust(object);
    assert.ok("object" in read, `${where}: ${JSON.stringify(read)}`);
    trusts.set(read.object.name, read.object);
  }
  assert.ok(trusts.size > 0);
});

test("every AWSRoleBinding of the guides is one without a mistake, which the guides' trust of its name grants", () => {
  const bindings = shown.filter((one) => one.object["kind"] === "AWSRoleBinding");
  assert.ok(bindings.length > 0);
  for (const { where, object } of bindings) {
    const read = readBinding(object);
    assert.ok("object" in read, `${where}: ${JSON.stringify(read)}`);
    const decision = decide(read.object, trusts.get(read.object.trust));
    assert.equal(decision.kind, "granted", `${where}: ${JSON.stringify(decision)}`);
  }
});

test("every GCPServiceAccountBinding of the guides is granted by the guides' GCPTrust", () => {
  const of = (kind: string) => shown.filter((one) => one.object["kind"] === kind);
  const google = new Map<string, GoogleTrust>();
  for (const { where, object } of of("GCPTrust")) {
    const read = readGoogleTrust(object);
    assert.ok("object" in read, `${where}: ${JSON.stringify(read)}`);
    google.set(read.object.name, read.object);
  }
  assert.ok(google.size > 0 && of("GCPServiceAccountBinding").length > 0);
  for (const { where, object } of of("GCPServiceAccountBinding")) {
    const read = readGoogleBinding(object);
    assert.ok("object" in read, `${where}: ${JSON.stringify(read)}`);
    const decision = decideGoogle(read.object, google.get(read.object.trust));
    assert.equal(decision.kind, "granted", `${where}: ${JSON.stringify(decision)}`);
  }
});
