import type {
  Difference,
  FieldChange,
  Observed,
  Resource,
  Tags,
  Work,
  StackOwner,
} from "../../rules/plan/index.ts";
import { actionsIn, awaitActions, retryOnCodes, releaseTimeoutMs, actionTimeoutMs } from "./actions.ts";
import { canonicalCidr } from "./cidr.ts";
import type { HetznerApi } from "./client.ts";
import { findOwn, firewalls, type ThingQuery } from "./find.ts";
import { issuerLabel, type NamedIssuer, otherName } from "./issuer-label.ts";
import { markedLabels } from "./labels.ts";
import { commonFields, commonOf, putCommon, removeById, stateOf } from "./resource.ts";
import type { Firewall, FirewallRule, Thing } from "./shapes.ts";

/** One port that is open to some networks; everything else that comes in is dropped, and all goes out. */
export interface OpenPort {
  readonly port: number;
  /** In CIDR form. */
  readonly sources: readonly string[];
  /** Not all of them are known: existing sources of a family that they do not name stay. */
  readonly isPartial?: boolean;
  readonly description: string;
}

export interface FirewallSpec extends StackOwner {
  readonly name: string;
  readonly open: readonly OpenPort[];
  /** The name to remember in its labels. */
  readonly issuer?: NamedIssuer;
}

const specOf = ({ stack, identity, name, issuer }: FirewallSpec): ThingQuery<Firewall> => ({
  stack,
  identity,
  name,
  labels: issuerLabel(issuer),
});

/** A rule in a line, the same for the same rule: networks in their one form, in order. */
function ruleLine(rule: FirewallRule): string {
  const { direction, protocol, port, sources, destinations } = rule;
  const networks = direction === "in" ? sources : destinations;
  const forms = networks.map((one) => canonicalCidr(one) ?? one).sort();
  return `${direction} ${protocol}${port === "" ? "" : ` ${port}`} ${direction === "in" ? "from" : "to"} ${forms.join(", ")}`;
}

function isPort(rule: FirewallRule, port: number): boolean {
  return rule.direction === "in" && rule.protocol === "tcp" && rule.port === String(port);
}

/** From which networks a port of TCP is open. */
function sourcesOf({ rules }: Firewall, port: number): readonly string[] {
  return rules.find((rule) => isPort(rule, port))?.sources ?? [];
}

const familyOf = (network: string): string => (network.includes(":") ? "ipv6" : "ipv4");

function wantedRules({ open }: FirewallSpec, before: readonly FirewallRule[]): readonly FirewallRule[] {
  return open.flatMap(({ port, sources, isPartial, description }) => {
    const named = new Set(sources.map(familyOf));
    const letIn = isPartial === true ? (before.find((rule) => isPort(rule, port))?.sources ?? []) : [];
    const networks = [...sources, ...letIn.filter((one) => !named.has(familyOf(one)))];
    // Without a source there is no rule: the API has none with an empty list.
    if (networks.length === 0) return [];
    const common = { direction: "in", protocol: "tcp", port: String(port) };
    return [{ ...common, sources: networks, destinations: [], description }];
  });
}

const linesOf = (rules: readonly FirewallRule[]): readonly string[] => rules.map(ruleLine).sort();

function ruleField(spec: FirewallSpec, before: readonly FirewallRule[] | undefined): FieldChange | undefined {
  const after = linesOf(wantedRules(spec, before ?? []));
  if (before === undefined) return { field: "rules", before: undefined, after };
  const was = linesOf(before);
  return was.join("\n") === after.join("\n") ? undefined : { field: "rules", before: was, after };
}

function difference(spec: FirewallSpec, observed: Observed<Firewall>): Difference {
  const field = ruleField(spec, stateOf(observed)?.rules);
  const rules = field === undefined ? [] : [field];
  if (!observed.exists) return { kind: "create", fields: rules };
  const fields = [...commonFields(observed.state, specOf(spec)), ...rules];
  const refusal = otherName(observed.state, spec);
  if (refusal !== undefined) return { kind: "update", fields, refusal };
  return { kind: fields.length === 0 ? "none" : "update", fields };
}

function bodyOf(rules: readonly FirewallRule[]): readonly object[] {
  return rules.map(({ direction, protocol, port, sources, description }) => ({
    direction,
    protocol,
    port,
    source_ips: sources.map((one) => canonicalCidr(one) ?? one),
    description,
  }));
}

/** The labels of a new firewall: the stack's marks, and the name that its issuer has below the zone of the config. */
export function firewallLabels({ issuer, ...stack }: StackOwner & Pick<FirewallSpec, "issuer">): Tags {
  return markedLabels(stack, {}, issuerLabel(issuer));
}

async function create(api: HetznerApi, spec: FirewallSpec, work: Work): Promise<Firewall> {
  const { name } = spec;
  const body = { name, labels: firewallLabels(spec), rules: bodyOf(wantedRules(spec, [])) };
  const find = (): Promise<Firewall | undefined> => findOwn(api, firewalls, specOf(spec), work.signal);
  const asked = { path: "firewalls", body, during: `creating firewall ${name}` };
  const made = await api.create(asked, work.signal, find);
  if ("found" in made) {
    await update(api, spec, made.found, work);
    return made.found;
  }
  const wait = { what: `firewall ${name}`, within: actionTimeoutMs };
  await awaitActions(api, actionsIn(made.answer), wait, work);
  return firewalls.read(made.answer.fields("firewall"));
}

async function update(api: HetznerApi, spec: FirewallSpec, before: Firewall, work: Work): Promise<void> {
  // Two runs at once: the one that made it first has set the issuer's name.
  const other = otherName(before, spec);
  if (other !== undefined) throw other;
  await putCommon(api, firewalls, { before, desired: specOf(spec) }, work.signal);
  if (ruleField(spec, before.rules) === undefined) return;
  const answer = await api.change(
    {
      method: "POST",
      path: `firewalls/${before.id}/actions/set_rules`,
      body: { rules: bodyOf(wantedRules(spec, before.rules)) },
      during: `setting the rules of firewall ${spec.name}`,
    },
    work.signal,
  );
  await awaitActions(
    api,
    actionsIn(answer),
    { what: `firewall ${spec.name}`, within: actionTimeoutMs },
    work,
  );
}

/** Deletes a firewall, which stays in use for a while after its server is gone. */
export async function removeFirewall(api: HetznerApi, firewall: Thing, work: Work): Promise<void> {
  const what = `firewall ${firewall.name}`;
  const wait = { what, within: releaseTimeoutMs, codes: ["resource_in_use", "conflict", "locked"] };
  await retryOnCodes(api, wait, work, () => removeById(api, firewalls, firewall, work));
}

/**
 * The firewall that a server has from its first packet on. The first thing that every machine needs, under a name that
 * the API gives to one alone, so that it remembers the name of the stack's issuer.
 */
export function firewallResource(api: HetznerApi, spec: FirewallSpec): Resource<Firewall> {
  return {
    ...commonOf(api, firewalls, specOf(spec)),
    dependsOn: [],
    fingerprint: (state) => state,
    outputs: (state) => ({ id: String(state.id), sshFrom: sourcesOf(state, 22).join(",") }),
    diff: (observed) => difference(spec, observed),
    async apply({ observed }, work) {
      const before = stateOf(observed);
      if (before === undefined) return create(api, spec, work);
      return update(api, spec, before, work);
    },
    async delete(observed, work) {
      const state = stateOf(observed);
      if (state !== undefined) await removeFirewall(api, state, work);
    },
  };
}
