import assert from "node:assert/strict";
import type { JsonRecord } from "../../../src/core/base/index.ts";
import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePermissionsBoundaryCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  PutRolePolicyCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateRoleCommand,
} from "@aws-sdk/client-iam";
import * as fc from "fast-check";
import { account } from "./objects.ts";
import {
  admin,
  arn,
  document,
  everything,
  type GrantSpec,
  isWithin,
  letsIn,
  policies,
  read,
  rightsOfGrant,
  rightsOfRole,
} from "./session-rights.ts";
import { type IamCall, makePolicies, type Mishap, type PassWorld } from "./pass-world.ts";

const legacy = "legacy-shop";
const legacyArn = `arn:aws:iam::${account}:role/${legacy}`;

/** Grants, of which a trust has some, in some order. */
export const grants: readonly GrantSpec[] = [
  { name: "plain", policies: [arn("/shop/a")], tags: [{ key: "team", value: "x" }] },
  { name: "shop", policies: [arn("/shop/*")] },
  {
    name: "wide",
    policies: ["arn:aws:iam::aws:policy/*"],
    inline: true,
    boundary: arn("/wide"),
    maxSessionSeconds: 7200,
  },
  {
    name: "narrow",
    policies: [arn("/shop/*"), admin],
    boundary: arn("/narrow"),
    tags: [{ key: "team", value: "y" }],
  },
  {
    name: "tagged",
    policies: [arn("/shop/*")],
    tags: [{ key: "team", value: "y" }],
    maxSessionSeconds: 7200,
  },
];

const broken = { Version: "2012-10-17", Statement: { ...everything, Foo: 1 } };
const inline = (statement: object): readonly object[] => [
  { name: "own", document: { Version: "2012-10-17", Statement: statement } },
];

/** What the tenant asks for. */
const specs: readonly JsonRecord[] = [
  { policies: [arn("/shop/a")] },
  { policies: [arn("/shop/b")] },
  { policies: [arn("/shop/a"), arn("/shop/team")], tags: [{ key: "team", value: "y" }] },
  { policies: [arn("/shop/a"), arn("/shop/none")] },
  { policies: [admin] },
  { policies: [admin], inline: inline(everything), maxSessionSeconds: 7200 },
  { policies: [arn("/shop/a")], inline: inline(broken) },
  {
    policies: [arn("/shop/a")],
    tags: [
      { key: "t", value: "1" },
      { key: "T", value: "2" },
    ],
  },
  { policies: [arn("/shop/a"), arn("/shop/b")], adopt: legacyArn },
  { policies: [arn("/shop/team")], tags: [{ key: "Team", value: "z" }] },
  { policies: [arn("/shop/a"), arn("/shop/b")], adopt: legacyArn, onDelete: "Retain" },
];

/** What somebody else does at IAM. */
const deeds = ["attach", "detach", "allow", "deny", "mixed", "unbound", "tag", "lengthen", "delete"] as const;

/** Something that happens. */
export type Event =
  | { readonly kind: "grants"; readonly of: readonly number[] }
  | { readonly kind: "bind"; readonly spec: number }
  | { readonly kind: "drift"; readonly deed: (typeof deeds)[number] }
  | { readonly kind: "legacy" | "lose-trust" | "unbind" | "remake" | "restart" }
  | {
      readonly kind: "pass";
      readonly stale: boolean;
      readonly mishaps: readonly Mishap[];
      readonly always: string;
    };

const mishap = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Mishap>(undefined) },
  { weight: 1, arbitrary: fc.constantFrom<Mishap>("refused", "lost") },
);
const pass: fc.Arbitrary<Event> = fc.record({
  kind: fc.constant("pass" as const),
  stale: fc.boolean(),
  mishaps: fc.array(mishap, { maxLength: 8 }),
  always: fc.constantFrom("", "", "", "AttachRolePolicy", "PutRolePolicy", "DetachRolePolicy", "TagRole"),
});
const change: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.shuffledSubarray([0, 1, 2, 3, 4]).map((of): Event => ({ kind: "grants", of })),
  },
  { weight: 4, arbitrary: fc.nat(specs.length - 1).map((spec): Event => ({ kind: "bind", spec })) },
  { weight: 2, arbitrary: fc.constantFrom(...deeds).map((deed): Event => ({ kind: "drift", deed })) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom("legacy", "lose-trust", "unbind", "remake", "restart")
      .map((kind): Event => ({ kind })),
  },
);

/** Histories: something changes, and one or more passes see it. */
export const histories: fc.Arbitrary<readonly Event[]> = fc
  .array(fc.tuple(change, fc.array(pass, { minLength: 1, maxLength: 2 })), { minLength: 3, maxLength: 8 })
  .map((list) => list.flatMap(([one, passes]) => [one, ...passes]));

interface Limited {
  readonly name: string;
  readonly rights: ReadonlySet<string>;
  readonly within: boolean;
}

type Deed =
  | AttachRolePolicyCommand
  | DeleteRoleCommand
  | DeleteRolePermissionsBoundaryCommand
  | DeleteRolePolicyCommand
  | DetachRolePolicyCommand
  | PutRolePolicyCommand
  | TagRoleCommand
  | UntagRoleCommand
  | UpdateRoleCommand;

/** One history, run in a world: every change that a pass makes at IAM is judged by what a session may do before and after. */
export class TenantHistory {
  readonly #world: PassWorld;
  #grants: readonly GrantSpec[] = [];
  /** Ids of roles that the ServiceAccount was let into: its sessions may live. */
  readonly #entered = new Set<string>();
  #before = new Map<string, ReadonlySet<string>>();
  #isKnown = true;
  readonly #faults: string[] = [];

  constructor(world: PassWorld) {
    this.#world = world;
    world.changed = (call) => this.#judge(call);
  }

  get #issuer(): string {
    return this.#world.sandbox.issuer.issuer;
  }

  async #limited(): Promise<readonly Limited[]> {
    return (await this.#world.roles()).map((role) => {
      if (letsIn(role, this.#issuer)) this.#entered.add(role.id);
      const rights = this.#entered.has(role.id) ? rightsOfRole(role) : new Set<string>();
      const within =
        rights.size === 0 || this.#grants.some((grant) => isWithin(rights, rightsOfGrant(grant, role)));
      return { name: role.name, rights, within };
    });
  }

  async #look(): Promise<readonly Limited[]> {
    const limited = await this.#limited();
    this.#before = new Map(limited.map(({ name, rights }) => [name, rights]));
    return limited;
  }

  async #judge({ action, input }: IamCall): Promise<void> {
    const before = this.#before;
    for (const { name, rights, within } of await this.#look()) {
      const stood = before.get(name) ?? new Set();
      if (within || isWithin(rights, stood)) continue;
      // Thrown here it would be taken for an answer of IAM.
      this.#faults.push(
        `${action} ${JSON.stringify(input)}: a session of ${name} may ${[...rights].join(", ")}, which is more than before (${[...stood].join(", ")}) and than one grant allows`,
      );
    }
  }

  async begin(): Promise<void> {
    await makePolicies(this.#world.iam, policies);
    await this.run({ kind: "grants", of: [0, 1, 2, 3, 4] });
    await this.run({ kind: "bind", spec: 0 });
  }

  async run(event: Event): Promise<void> {
    const world = this.#world;
    // What is not a pass is done by others; the look at the account is too old for it by the next pass.
    if (event.kind !== "pass") world.clock.move(60_000);
    if (event.kind === "grants") this.#trust(event.of);
    else if (event.kind === "bind")
      world.bind({ roles: [{ profile: "default", managed: specs[event.spec] }] });
    else if (event.kind === "drift") await this.#drift(event.deed);
    else if (event.kind === "pass") await this.#pass(event);
    else await this.#other(event.kind);
  }

  #trust(of: readonly number[]): void {
    this.#grants = of.flatMap((index) => grants[index] ?? []);
    this.#isKnown = true;
    const whose = { namespaces: ["shop"], accounts: [account], adoptRoles: [legacyArn], retain: true };
    this.#world.grants(...this.#grants.map((grant) => ({ ...grant, ...whose })));
  }

  async #other(kind: "legacy" | "lose-trust" | "unbind" | "remake" | "restart"): Promise<void> {
    const { objects, iam } = this.#world;
    // The pass of a trust looks at all of its accounts, also without a binding.
    if (kind === "restart") {
      this.#world.restart();
      if (this.#isKnown) await this.#world.trustPass();
    }
    if (kind === "lose-trust") {
      this.#isKnown = false;
      objects.delete("AWSTrust /default");
    }
    if (kind === "legacy") {
      const trust = document({ Effect: "Allow", Principal: { AWS: account }, Action: "sts:AssumeRole" });
      const made = new CreateRoleCommand({ RoleName: legacy, AssumeRolePolicyDocument: trust });
      await iam.send(made).catch(() => undefined);
      await this.#person(new AttachRolePolicyCommand({ RoleName: legacy, PolicyArn: admin }));
      await this.#person(
        new PutRolePolicyCommand({
          RoleName: legacy,
          PolicyName: "own",
          PolicyDocument: document(everything),
        }),
      );
    }
    const binding = objects.get("AWSRoleBinding shop/web");
    if (kind === "unbind" && binding !== undefined) {
      const metadata = { ...binding.metadata, deletionTimestamp: "2026-11-28T00:00:00Z" };
      objects.set("AWSRoleBinding shop/web", { ...binding, metadata });
    }
    if (kind === "remake") objects.delete("AWSRoleBinding shop/web");
  }

  async #person(command: Deed): Promise<void> {
    // One client takes all of these commands; what is not there to be changed is not changed.
    await this.#world.iam.send(command as AttachRolePolicyCommand).catch(() => undefined);
  }

  async #drift(deed: (typeof deeds)[number]): Promise<void> {
    const RoleName = "prod.shop.web";
    const put = (PolicyName: string, ...statements: readonly object[]) =>
      new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: document(...statements) });
    const deny = { Effect: "Deny", Action: "iam:*", Resource: "*" };
    const commands = {
      attach: [new AttachRolePolicyCommand({ RoleName, PolicyArn: admin })],
      detach: [new DetachRolePolicyCommand({ RoleName, PolicyArn: arn("/shop/a") })],
      allow: [put("theirs", everything)],
      deny: [put("deny", deny)],
      mixed: [
        put("mixed", read("a", "b", "z"), deny),
        put("mixed-2", everything, { ...deny, Action: "ssm:*" }),
      ],
      unbound: [new DeleteRolePermissionsBoundaryCommand({ RoleName })],
      tag: [new TagRoleCommand({ RoleName, Tags: [{ Key: "team", Value: "z" }] })],
      lengthen: [new UpdateRoleCommand({ RoleName, MaxSessionDuration: 43_200 })],
      delete: [
        ...[admin, ...Object.keys(policies).map(arn)].map(
          (PolicyArn) => new DetachRolePolicyCommand({ RoleName, PolicyArn }),
        ),
        ...["own", "theirs", "deny", "mixed", "mixed-2", "AWSRevokeOlderSessions"].map(
          (PolicyName) => new DeleteRolePolicyCommand({ RoleName, PolicyName }),
        ),
        new UntagRoleCommand({ RoleName, TagKeys: ["podtrust:stack"] }),
        new DeleteRoleCommand({ RoleName }),
      ],
    };
    for (const command of commands[deed] as readonly Deed[]) await this.#person(command);
  }

  async #pass({ stale, mishaps, always }: Extract<Event, { readonly kind: "pass" }>): Promise<void> {
    const world = this.#world;
    const { objects } = world;
    if (!objects.has("AWSRoleBinding shop/web")) return;
    if (!stale) world.clock.move(46_000);
    const left = [...mishaps];
    let trouble = 0;
    world.mishap = ({ action, isChange }) => {
      const next = action === always ? "refused" : isChange ? left.shift() : undefined;
      if (next !== undefined) trouble += 1;
      return next;
    };
    await this.#look();
    const isDeleted = objects.get("AWSRoleBinding shop/web")?.metadata.deletionTimestamp !== undefined;
    await world.pass();
    world.mishap = () => undefined;
    assert.deepEqual(this.#faults, []);
    // Inline policies may be left unwritten on the way, for want of the right; of nothing else is too little given.
    assert.deepEqual(
      world.denied.filter((action) => action !== "PutRolePolicy"),
      [],
    );
    if (trouble > 0 || isDeleted || !this.#isKnown) return;
    for (const { name, rights, within } of await this.#look())
      assert.ok(within, `after a pass without trouble a session of ${name} may ${[...rights].join(", ")}`);
  }
}
