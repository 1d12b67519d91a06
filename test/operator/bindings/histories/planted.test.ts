/** Defects that were there once, planted again in a copy of the operator's code: the histories find each of them. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { awsHistories } from "../../../support/histories/aws.ts";
import { azureHistories } from "../../../support/histories/azure.ts";
import { bindTo, grantsOf, type HistoryEvent, turnOf } from "../../../support/histories/events.ts";
import { googleHistories } from "../../../support/histories/google.ts";
import { codeWith, type PlantedEdit } from "../../../support/histories/planted-code.ts";
import {
  announced,
  anothersIdentity,
  hiddenByAnother,
  leavingAccount,
  strippedIdentity,
  withoutTrust,
} from "../../../support/histories/known.ts";
import { lived } from "../../../support/histories/suite.ts";
import type { HistoryParty, PartySpecs, Vendor } from "../../../support/histories/vendor.ts";

interface Planted {
  readonly defect: string;
  readonly edits: readonly PlantedEdit[];
  /** A history in which it matters. */
  readonly events: readonly HistoryEvent[];
  /** What is said of it. */
  readonly found: RegExp;
}

const web = turnOf("shop/web");
const evil = turnOf("evil/web");
const deed = (of: string): HistoryEvent => ({ kind: "deed", who: "shop/web", deed: of });
/** Grants of AWS's table, in both accounts. */
const awsGrants = (...grants: readonly number[]): HistoryEvent => grantsOf(grants, "default", 2);
const edit = (file: string, from: string, to: string): PlantedEdit => ({ file, from, to });

const cut = "await taking.cut(limits, rights, writingOf(pass))";
const nothing = "{ changes: [], failures: [] }";
const marking = '...where(adopts, [{ kind: "tag", tags: marks }]),';

const aws: readonly Planted[] = [
  {
    defect: "what was only announced counts, and closes what stands (N1)",
    edits: [
      edit(
        "operator/bindings/cluster-view.ts",
        "rolesOf(binding).filter((role) => role.managed && !role.isPending && role.id !== undefined)",
        "rolesOf(binding)",
      ),
      edit(
        "operator/bindings/engine/decide.ts",
        "isLowered ? roomIn(rules, pass, trust)",
        "true ? roomIn(rules, pass, trust)",
      ),
      edit("operator/bindings/taking.ts", "role === undefined ? nothing : {", "role === null ? nothing : {"),
    ],
    events: announced,
    found: /in a turn of shop\/api, takes from shop\/api .*which is granted still/u,
  },
  {
    defect: "an account leaves a trust together with its grants, and nobody cuts its roles (N3)",
    edits: [
      edit(
        "rules/bindings/scopes.ts",
        "leaving: remembered.filter(({ id }) => !ofSpec.has(id) && !gone.includes(id))",
        "leaving: []",
      ),
    ],
    events: leavingAccount,
    found: /shop\/web .*may by 111122223333 prod\.shop\.web/u,
  },
  {
    defect: "the operator's own role is adopted (N8)",
    edits: [
      edit(
        "operator/bindings/account/roles.ts",
        ".filter((name) => adopt.has(name))",
        ".filter(() => false)",
      ),
    ],
    events: [awsGrants(5), bindTo("evil/web", 11), evil],
    found: /in a turn of evil\/web, takes from podtrust\/operator/u,
  },
  {
    defect: "a namespace has a share for each trust that its bindings name (N9)",
    edits: [
      edit(
        "operator/bindings/controllers.ts",
        "view.shareOf(namespaceOf(key))",
        '`${view.trustOf(key) ?? ""} ${namespaceOf(key)}`',
      ),
    ],
    events: [evil, { kind: "rush", evil: ["default", "second"], many: 16 }],
    found: /evil has \d+ of the operator's 16 turns/u,
  },
  {
    defect: "tag keys that IAM takes for one are two (H1)",
    edits: [edit("core/base/tag-key.ts", "return key.toLowerCase();", "return key;")],
    events: [awsGrants(4), bindTo("shop/web", 1), web, bindTo("shop/web", 3), web, web],
    found: /shop\/web may by/u,
  },
  {
    defect: "a boundary goes before what it limits (H2a)",
    edits: [
      edit(
        "providers/aws/role-update.ts",
        marking,
        `${marking}\n...where(isBounded && !isToBeBounded, [{ kind: "remove-boundary" }]),`,
      ),
    ],
    events: [awsGrants(0, 2), bindTo("shop/web", 6), web, web, bindTo("shop/web", 0), web],
    found: /shop\/web may by .*more than before/u,
  },
  {
    defect: "an adopted role is opened before it is cut (H2b)",
    edits: [
      edit(
        "providers/aws/role-update.ts",
        marking,
        `${marking}\n...where(opens, [{ kind: "set-trust", document: desired.trustPolicy }]),`,
      ),
    ],
    events: [awsGrants(5), deed("legacy"), bindTo("shop/web", 9), web],
    found: /shop\/web may by .*legacy.*more than before/u,
  },
  {
    defect: "an invalid binding keeps what it had (H6a)",
    edits: [
      edit("operator/bindings/engine/reconcile.ts", cut, `granted === undefined ? ${nothing} : ${cut}`),
    ],
    events: [awsGrants(2), bindTo("shop/web", 6), web, web, bindTo("shop/web", 7), web, awsGrants(), web],
    found: /shop\/web .*may by/u,
  },
  {
    defect: "what keeps a pass from being planned keeps what was taken away (H6b, H6c)",
    edits: [
      edit("operator/bindings/engine/reconcile.ts", cut, `granted !== undefined ? ${nothing} : ${cut}`),
    ],
    events: [awsGrants(2), bindTo("shop/web", 6), web, web, bindTo("shop/web", 8), awsGrants(1), web],
    found: /shop\/web .*may by/u,
  },
  {
    defect: "a role whose binding names another trust now is nobody's to cut (H6d)",
    edits: [
      edit(
        "operator/bindings/leftovers.ts",
        "if (binding === undefined) return false;",
        "return binding !== undefined;",
      ),
    ],
    events: withoutTrust,
    found: /at rest shop\/web may by/u,
  },
];

/** Defects in the engine: what no grant allows is not taken from a binding that is invalid, or that is granted something. */
const uncut = (
  invalid: number,
  [spec, grant]: readonly [number, number],
  found: RegExp,
): readonly Planted[] => [
  {
    defect: "an invalid binding keeps what it had (H6a)",
    edits: [
      edit(
        "operator/bindings/engine/reconcile.ts",
        "rights.filter((had) => !stands(had))",
        "rights.filter((had) => granted !== undefined && !stands(had))",
      ),
    ],
    events: [bindTo("shop/web", invalid), web, grantsOf([]), web],
    found,
  },
  {
    defect: "a binding that is granted something keeps all that it had (H6b, H6c)",
    edits: [
      edit(
        "operator/bindings/engine/reconcile.ts",
        "standing.filter((had) => !isAsked(had))",
        "standing.filter(() => false)",
      ),
      edit(
        "operator/bindings/engine/reconcile.ts",
        "rights.filter((had) => !stands(had))",
        "rights.filter((had) => granted === undefined && !stands(had))",
      ),
    ],
    events: [bindTo("shop/web", spec), grantsOf([grant]), web, web],
    found,
  },
];

const google: readonly Planted[] = [
  ...uncut(5, [4, 3], /shop\/web .*may by pool-one shop-web@/u),
  {
    defect: "a binding of another trust hides what is left of one (N4)",
    edits: [
      edit("operator/bindings/gcp/leftovers.ts", "principal === undefined || principal === own", "true"),
      edit("operator/bindings/gcp/leftovers.ts", "poolId(read.object) === poolId(this.#trust)", "true"),
    ],
    events: hiddenByAnother,
    found: /at rest shop\/web may by pool-one/u,
  },
  {
    defect: "podtrust's own service account lets a workload in (N8)",
    edits: [
      edit("operator/bindings/gcp/rights.ts", "if (email !== own) return undefined;", "return undefined;"),
    ],
    events: [bindTo("evil/web", 3), evil],
    found: /evil\/web may by pool-one operator@/u,
  },
  {
    defect: "a member whose binding names a trust that is not there is nobody's to take out (H6d)",
    edits: [
      edit(
        "operator/bindings/gcp/leftovers.ts",
        '(await this.#mayHave(trustNameOf(object))) ? "has" : "had"',
        '"has"',
      ),
    ],
    events: withoutTrust,
    found: /at rest shop\/web may by pool-one/u,
  },
];

const azure: readonly Planted[] = [
  ...uncut(5, [4, 2], /shop\/web .*may by podtrust\/web/u),
  {
    defect: "an identity that was made for another binding is given away (N5)",
    edits: [
      edit(
        "operator/bindings/azure/desired-identity.ts",
        'owner.kind === "other-stack" &&',
        "!identity.managed && false &&",
      ),
    ],
    events: anothersIdentity,
    found: /in a turn of evil\/web: evil\/web may by podtrust\/prod_shop_web/u,
  },
  {
    defect: "the status forgets a credential that stands (N6)",
    edits: [
      edit(
        "operator/bindings/azure/making.ts",
        "azureTrouble(first, this.#from), look.state, this.#desired.isThere(look)",
        "azureTrouble(first, this.#from), look.state, false",
      ),
    ],
    events: strippedIdentity,
    found: /after a turn of shop\/web without trouble it may by podtrust\/prod_shop_web/u,
  },
  {
    defect: "a credential whose binding names a trust that is not there is nobody's to delete (H6d)",
    edits: [
      edit("operator/bindings/azure/leftovers.ts", "if (name === own.name) return true;", "return true;"),
    ],
    events: withoutTrust,
    found: /at rest shop\/web may by podtrust\/web/u,
  },
];

const parties: readonly (readonly [name: string, party: HistoryParty, planted: readonly Planted[]])[] = [
  ["AWS", awsHistories, aws],
  ["Google", googleHistories, google],
  ["Azure", azureHistories, azure],
];

for (const [name, party, planted] of parties)
  describe(`a defect at ${name} that was there, planted again`, () => {
    let vendor: Vendor & PartySpecs;
    before(async () => {
      vendor = await party.start();
    });
    after(() => vendor.close());

    for (const one of planted)
      test(`is found: ${one.defect}`, async () => {
        await lived(party, vendor, one.events);
        const { load, assertThere } = codeWith(one.edits);
        await assert.rejects(lived(party, vendor, one.events, load), one.found);
        assertThere();
      });
  });
