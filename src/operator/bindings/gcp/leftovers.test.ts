import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PodtrustError } from "../../../core/base/index.ts";
import type { GoogleTrust } from "../../../rules/bindings/gcp/index.ts";
import { serviceAccountSubject } from "../../../rules/oidc/index.ts";
import { LeftMembers, type MemberSweep } from "./leftovers.ts";
import { MadeMembers, type Membership } from "./members.ts";

const emailOf = (name: string): string => `${name}@shop-project.iam.gserviceaccount.com`;
const trust: GoogleTrust = {
  name: "default",
  issuer: "https://oidc.example.com",
  projectNumber: "123456789012",
  pool: "bindings",
  provider: "cluster",
  grants: [
    { name: "shop", namespaces: ["shop"], emails: [emailOf("named"), emailOf("any*")], direct: false },
  ],
  gone: [],
};
const subject = serviceAccountSubject("shop", "web");

/** Policies of service accounts in memory, in a cluster without bindings. */
class Policies {
  readonly made = new MadeMembers();
  readonly inside = new Map<string, readonly string[] | PodtrustError>();
  readonly looked: string[] = [];
  readonly #left = new LeftMembers();
  #now = 0;
  /** Why nothing can be written now. */
  failure: PodtrustError | undefined;

  subjectsIn(_trust: GoogleTrust, email: string): Promise<readonly string[]> {
    this.looked.push(email);
    const found = this.inside.get(email) ?? [];
    return found instanceof PodtrustError ? Promise.reject(found) : Promise.resolve(found);
  }

  revoke(_trust: GoogleTrust, member: Membership): Promise<readonly object[]> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    this.inside.set(member.email, []);
    return Promise.resolve([]);
  }

  /** A member that some binding had. */
  had(name: string): void {
    const member = { email: emailOf(name), subject };
    this.made.add(trust, member);
    this.inside.set(member.email, [subject]);
  }

  /** What is reported five minutes later. */
  async sweep(): Promise<readonly string[]> {
    this.#now += 300_000;
    const clients = { google: this, cluster: { read: () => Promise.resolve(undefined) } };
    const { signal } = new AbortController();
    const sweep = { clients, clock: { elapsed: () => this.#now }, signal, isGoing: false, left: [] };
    const events = await this.#left.sweep(trust, sweep as unknown as MemberSweep);
    return events.map(({ type, reason, message }) => `${type} ${reason} ${message.split(/[,: ]/u)[0] ?? ""}`);
  }
}

describe("members at Google whose binding is gone", () => {
  test("are tried again at each look where Google refuses, and reported once, and when they are gone", async () => {
    const policies = new Policies();
    policies.had("web");
    policies.failure = new PodtrustError("gcp-denied", "Google refused writing the policy");
    const reported: (readonly string[])[] = [];
    for (let times = 0; times < 4; times += 1) reported.push(await policies.sweep());
    assert.deepEqual(reported, [[], [], [`Warning MemberKept ${emailOf("web")}`], []]);
    policies.failure = undefined;
    assert.deepEqual(await policies.sweep(), [`Normal MemberKept ${emailOf("web")}`]);
    assert.deepEqual(await policies.sweep(), []);
  });

  test("are looked for where a policy may be read, also beside one that may not be", async () => {
    const policies = new Policies();
    policies.had("web");
    policies.inside.set(
      emailOf("named"),
      new PodtrustError("gcp-denied", "Google refused reading the policy"),
    );
    for (let times = 0; times < 2; times += 1) await policies.sweep();
    assert.deepEqual(await policies.sweep(), [`Normal MemberKept ${emailOf("web")}`]);
  });

  test("are nowhere looked for, and let nothing go, while Google does not answer", async () => {
    const policies = new Policies();
    policies.had("web");
    policies.inside.set(emailOf("named"), new PodtrustError("gcp-unavailable", "Google does not answer"));
    for (let times = 0; times < 4; times += 1)
      await assert.rejects(policies.sweep(), { code: "gcp-unavailable" });
    assert.deepEqual(policies.inside.get(emailOf("web")), [subject]);
  });

  test("are looked for in a thousand service accounts at the most: in those that bindings had before those that grants name", async () => {
    const policies = new Policies();
    const names = Array.from({ length: 1000 }, (_, index) => `web-${index}`);
    for (const name of names) policies.had(name);
    await policies.sweep();
    assert.deepEqual(policies.looked, names.map(emailOf));
  });
});
