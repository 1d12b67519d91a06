/** Random bindings with random trusts, as the definitions of a relying party take both, and what its `decide` says of them. */
import * as fc from "fast-check";
import { type JsonRecord, recordOf } from "../../../src/core/base/index.ts";
import { decideIdentity, readAzureBinding, readAzureTrust } from "../../../src/rules/bindings/azure/index.ts";
import { decideGoogle, readGoogleBinding, readGoogleTrust } from "../../../src/rules/bindings/gcp/index.ts";
import {
  apiVersion,
  type BoundParty,
  decide,
  type PartyManifests,
  type Read,
  readBinding,
  readTrust,
} from "../../../src/rules/bindings/index.ts";
import type { ObjectField, SchemaField } from "../../../src/rules/bindings/schema/field.ts";
import { drawnOf, type Pools } from "./drawn.ts";
import { account, ssm } from "./objects.ts";

/** A binding that is asked for, as the API server gives it to a guard, with what `decide` says. */
export interface DrawnCase {
  readonly object: JsonRecord;
  readonly params: JsonRecord;
  readonly request: { readonly namespace: string };
  readonly isGranted: boolean;
}

interface Judge {
  /** Values that grants and bindings have in common. */
  readonly pools: { readonly grant: Pools; readonly binding: Pools };
  /** What a trust has besides its grants; of the second there are one or two. */
  readonly trust: JsonRecord;
  readonly scopes: Readonly<Record<string, readonly JsonRecord[]>>;
  /** Whether it is granted; undefined where binding or trust are not as the definitions say. */
  readonly judges: (object: JsonRecord, trust: JsonRecord) => boolean | undefined;
}

function judgedBy<Binding, Trust>(
  read: (object: unknown) => Read<Binding>,
  readOf: (trust: unknown) => Read<Trust>,
  decides: (binding: Binding, trust: Trust) => { readonly kind: string },
): Judge["judges"] {
  return (object, trust) => {
    const [binding, of] = [read(object), readOf(trust)];
    if ("problems" in binding || "problems" in of) return undefined;
    return decides(binding.object, of.object).kind === "granted";
  };
}

const own = (name: string): string => `arn:aws:iam::${account}:${name}`;
const others = "arn:aws:iam::444455556666:role";
const existingRoles = [own("role/shop/x"), own("role/admin"), `${others}/shop/x`];
const tags = { key: ["team", "Team", "TEAM", "cost", "Cost"], value: ["a", "A", "b"] };
const maxSessionSeconds = [3600, 7200, 43_200];
const grantees = {
  namespaces: ["shop", "shop-*", "team-a", "team-*", "*"],
  serviceAccounts: ["web", "w*", "api-*", "*"],
};

const subscription = "0b1f6471-1bf0-4dda-aec3-111111111111";
const identityId = (group: string, name: string): string =>
  `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;

const judges: Readonly<Record<BoundParty, Judge>> = {
  aws: {
    pools: {
      grant: {
        ...grantees,
        ...tags,
        maxSessionSeconds,
        accounts: [account, "444455556666"],
        policies: [ssm, own("policy/shop/*"), own("policy/x*"), own("policy/*")],
        existingRoles: [own("role/shop/*"), own("role/admin"), `${others}/*`],
        adoptRoles: [own("role/shop/*"), own("role/*")],
        chainedRoles: [own("role/shop/*"), own("role/admin")],
        boundary: [own("policy/boundary")],
      },
      binding: {
        ...tags,
        maxSessionSeconds,
        trust: ["default"],
        profile: ["default", "default", "default", "p1"],
        account: [account, "444455556666", "999988887777"],
        policies: [ssm, own("policy/shop/read"), own("policy/shop/"), own("policy/x")],
        arn: existingRoles,
        adopt: existingRoles,
      },
    },
    trust: { stack: "prod", issuer: "https://oidc.example.test" },
    scopes: {
      accounts: [account, "444455556666"].map((id) => ({ id, region: "eu-central-1" })),
    },
    judges: judgedBy(readBinding, readTrust, decide),
  },
  azure: {
    pools: {
      grant: {
        ...grantees,
        groups: ["main", "other"],
        identities: ["shop-*", "web", "*", "web-*"],
      },
      binding: {
        trust: ["default"],
        group: ["main", "other", "third"],
        name: ["web", "Web", "shop-x", "web-1", "else"],
        resourceId: [
          identityId("podtrust", "Shop-x"),
          identityId("PodTrust", "web"),
          identityId("second", "web-1"),
          identityId("third", "web"),
        ],
      },
    },
    trust: { stack: "prod", issuer: "https://oidc.example.test", tenant: subscription },
    scopes: {
      groups: [
        { name: "main", subscription, resourceGroup: "podtrust" },
        { name: "other", subscription, resourceGroup: "Second" },
      ],
    },
    judges: judgedBy(readAzureBinding, readAzureTrust, decideIdentity),
  },
  gcp: {
    pools: {
      grant: {
        ...grantees,
        emails: [
          "app@shop-project.iam.gserviceaccount.com",
          "app*@shop-project.iam.gserviceaccount.com",
          "*@shop-project.iam.gserviceaccount.com",
          "*@other-project.iam.gserviceaccount.com",
        ],
      },
      binding: {
        trust: ["default"],
        email: [
          "app@shop-project.iam.gserviceaccount.com",
          "app-1@shop-project.iam.gserviceaccount.com",
          "web@other-project.iam.gserviceaccount.com",
          "1-compute@developer.gserviceaccount.com",
        ],
      },
    },
    trust: {
      issuer: "https://oidc.example.test",
      projectNumber: "123456789012",
      pool: "podtrust",
      provider: "cluster",
    },
    scopes: {},
    judges: judgedBy(readGoogleBinding, readGoogleTrust, decideGoogle),
  },
};

function grantField(spec: ObjectField): SchemaField {
  const grants = spec.properties["grants"];
  if (grants?.type !== "array") throw new TypeError("a trust has no list of grants");
  return grants.items;
}

/** Names that Google takes with no namespace but a short one are among them. */
const names = ["web", "web", "api-1", "w", "n".repeat(63)];
const namespaces = ["shop", "shop", "shop-2", "team-a", "team", "other", `team-${"n".repeat(58)}`];

/** So many specs of bindings and so many grants are drawn; cases are made of them. */
const drawnParts = 2000;

/** So many cases, each as the API server would take it. Throws where hardly any is. */
export function drawnCases(party: BoundParty, row: PartyManifests, count: number): readonly DrawnCase[] {
  const { pools, trust, scopes, judges: granted } = judges[party];
  const [binding, of] = row.kinds;
  if (binding === undefined || of === undefined) throw new TypeError("a row has two kinds");
  const sampled = { numRuns: drawnParts, seed: 20_261_202 };
  const specs = fc.sample(drawnOf(binding.spec, pools.binding), sampled);
  const grants = fc.sample(drawnOf(grantField(of.spec), pools.grant), sampled);
  const drawn = fc.record({
    namespace: fc.constantFrom(...namespaces),
    name: fc.constantFrom(...names),
    spec: fc.constantFrom(...specs),
    grants: fc.array(fc.constantFrom(...grants), { minLength: 1, maxLength: 3 }),
    size: fc.integer({ min: 1, max: 2 }),
  });
  const cases: DrawnCase[] = [];
  for (const one of fc.sample(drawn, { ...sampled, numRuns: 4 * count })) {
    const { namespace, name } = one;
    const here: JsonRecord = Object.fromEntries(
      Object.entries(scopes).map(([key, list]) => [key, list.slice(0, one.size)]),
    );
    const numbered = one.grants.map((grant, at) => ({ ...recordOf(grant), name: `g${at}` }));
    // As the API server has them: of what is left out only the trust's name is filled in.
    const object = {
      apiVersion,
      kind: row.names.binding.kind,
      metadata: { name, namespace },
      spec: { trust: "default", ...recordOf(one.spec) },
    };
    const params = {
      apiVersion,
      kind: row.names.trust.kind,
      metadata: { name: "default" },
      spec: { ...trust, ...here, grants: numbered },
    };
    const isGranted = granted(object, params);
    if (isGranted !== undefined) cases.push({ object, params, request: { namespace }, isGranted });
    if (cases.length === count) return cases;
  }
  throw new TypeError(`only ${cases.length} cases are well formed`);
}
