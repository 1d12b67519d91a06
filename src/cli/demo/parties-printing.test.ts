import assert from "node:assert/strict";
import { test } from "node:test";
import type { PartiesEvent } from "../../demo/index.ts";
import { plain, spansOf, type Text } from "../../core/terminal/text.ts";
import { printPartiesEvent } from "./parties-printing.ts";

const granted = { identity: "web@shop.iam.gserviceaccount.com", read: "the secret greeting" };
const refusal = {
  what: "another ServiceAccount, shop/other",
  code: "invalid_client",
  message: "AADSTS700213: No matching federated identity record found.",
  rule: "credential-subject",
  why: "the token's sub is another",
};

const party = (name: "aws" | "gcp", refusals = 1) => ({
  name,
  title: name,
  audience: "",
  granted,
  refusals: Array.from({ length: refusals }, () => refusal),
});

function said(...events: readonly PartiesEvent[]): string {
  let text = "";
  const output = { line: (one: Text = "") => (text += `${plain(spansOf(one))}\n`) };
  for (const event of events) printPartiesEvent(output as never, event);
  return text;
}

const started = (titles: readonly string[], shortened: readonly string[] = []): PartiesEvent => ({
  kind: "parties",
  issuer: "https://oidc.example.com",
  titles,
  standIns: ["a cluster"],
  shortened,
});

test("a demo of several relying parties says who trusts the issuer, what is a stand-in and what is shortened", () => {
  const three = said(started(["AWS", "Google Cloud", "Azure"], ["a minute is a second", "an hour is two"]));
  assert.match(
    three,
    /^One ServiceAccount of one cluster, which AWS, Google Cloud and Azure trust as https:\/\/oidc\.example\.com$/mu,
  );
  assert.match(three, /^ {2}- a cluster$/mu);
  assert.match(three, /^To keep it short: a minute is a second; an hour is two\.$/mu);
  const one = said(started(["OpenBao"]));
  assert.match(one, /which OpenBao trusts as/u);
  assert.doesNotMatch(one, /To keep it short/u);
});

test("a grant says who the workload is and what it read, and a refusal the vendor's words and the rule", () => {
  const text = said(
    { kind: "heading", title: "Azure" },
    { kind: "granted", who: "shop/web", granted },
    { kind: "party-refusal", refusal },
  );
  assert.match(
    text,
    /✔ granted: shop\/web\n {6}is web@shop\.iam\.gserviceaccount\.com\n {6}and read the secret greeting\n/u,
  );
  assert.match(
    text,
    /✔ denied: another ServiceAccount, shop\/other\n {6}invalid_client: AADSTS700213: [^\n]*\n {6}credential-subject: the token's sub is another\n/u,
  );
});

test("the end counts who was let in and who was not", () => {
  const report = { issuer: "", serviceAccount: "", made: [], notShown: [], seconds: 4.25 };
  const end = (...parties: readonly ReturnType<typeof party>[]): string =>
    said({ kind: "parties-shown", report: { ...report, parties } });
  assert.match(end(party("aws", 4), party("gcp", 4)), /was let in 2 times, 8 attempts were denied/u);
  assert.match(end(party("aws")), /was let in once, 1 attempts were denied[^]*4\.[23] s\. podtrust explain/u);
});
