import { defined, mapped } from "../../core/base/index.ts";
import {
  type Difference,
  type FieldChange,
  type KnownAfter,
  awsTags,
  type Observed,
  type Resource,
  type Tags,
  type Work,
  sameSet,
  type StackOwner,
} from "../../rules/plan/index.ts";
import { type Iam, iamOf } from "./iam-call.ts";
import { oidcProviderArn, type OidcProviderFacts, readOidcProvider } from "./oidc-provider.ts";
import type { AwsSession } from "./session.ts";
import { providerTagChanges, tagList } from "./tags.ts";

/** Thumbprints that are not known yet: an existing provider keeps its own, a new one gets them. */
export interface LaterThumbprints extends KnownAfter {
  find(signal: AbortSignal): Promise<readonly string[] | undefined>;
}

/** The desired OIDC provider. */
export interface OidcProviderSpec extends StackOwner {
  readonly account: string;
  /** The issuer, as its tokens carry it. */
  readonly issuer: string;
  readonly audiences: readonly string[];
  /** Without those of ownership, which are added. */
  readonly tags?: Tags;
  /** SHA-1 in hex, for a private CA. Absent: AWS fills in its own, and whatever it filled in is no difference. */
  readonly thumbprints?: readonly string[] | LaterThumbprints;
  /** Run before it is created, for example to see the issuer from outside; what it throws ends the change. */
  readonly beforeCreate?: (work: Pick<Work, "signal" | "waiting">) => Promise<void>;
  /** The resources that make the issuer, where they are part of the plan. */
  readonly dependsOn?: readonly string[];
}

const lower = (list: readonly string[]): string[] => list.map((item) => item.toLowerCase());

/** What is wanted, in the form in which IAM has it. */
interface DesiredProvider {
  readonly arn: string;
  readonly issuer: string;
  readonly clientIds: readonly string[];
  readonly thumbprints: OidcProviderSpec["thumbprints"];
  readonly tags: Tags;
}

const isLater = (thumbprints: OidcProviderSpec["thumbprints"]): thumbprints is LaterThumbprints =>
  thumbprints !== undefined && "knownAfter" in thumbprints;

function newFields(desired: DesiredProvider): readonly FieldChange[] {
  const { issuer, clientIds, thumbprints, tags } = desired;
  return [
    { field: "url", before: undefined, after: issuer },
    { field: "audiences", before: undefined, after: clientIds },
    ...(thumbprints === undefined
      ? []
      : [
          {
            field: "thumbprints",
            before: undefined,
            after: isLater(thumbprints) ? { knownAfter: thumbprints.knownAfter } : thumbprints,
          },
        ]),
    ...providerTagChanges({}, tags).fields,
  ];
}

/** Whether thumbprints are known, and are not those that the provider has. */
function isOther(
  thumbprints: OidcProviderSpec["thumbprints"],
  before: OidcProviderFacts,
): thumbprints is readonly string[] {
  if (thumbprints === undefined || isLater(thumbprints)) return false;
  return !sameSet(lower(before.thumbprints), thumbprints);
}

function changedFields(desired: DesiredProvider, before: OidcProviderFacts): readonly FieldChange[] {
  const { clientIds, thumbprints, tags } = desired;
  const fields: FieldChange[] = [];
  if (!sameSet(before.clientIds, clientIds)) {
    fields.push({ field: "audiences", before: before.clientIds, after: clientIds });
  }
  if (isOther(thumbprints, before)) {
    fields.push({ field: "thumbprints", before: before.thumbprints, after: thumbprints });
  }
  return [...fields, ...providerTagChanges(before.tags, tags).fields];
}

async function create(iam: Iam, desired: DesiredProvider, signal: AbortSignal): Promise<void> {
  const { issuer, clientIds, tags } = desired;
  const thumbprints = isLater(desired.thumbprints)
    ? await desired.thumbprints.find(signal)
    : desired.thumbprints;
  await iam.change(`creating OIDC provider for ${issuer}`, (client, api, options) =>
    client.send(
      new api.CreateOpenIDConnectProviderCommand({
        Url: issuer,
        ClientIDList: [...clientIds],
        Tags: tagList(tags),
        ...defined({ ThumbprintList: mapped(thumbprints, (list) => [...list]) }),
      }),
      options,
    ),
  );
}

async function updateAudiences(iam: Iam, desired: DesiredProvider, before: OidcProviderFacts): Promise<void> {
  const OpenIDConnectProviderArn = desired.arn;
  // Add first, then remove: a workload whose audience stays is never without it.
  for (const ClientID of desired.clientIds.filter((one) => !before.clientIds.includes(one))) {
    await iam.change(`adding audience ${ClientID} to ${desired.arn}`, (client, api, options) =>
      client.send(
        new api.AddClientIDToOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, ClientID }),
        options,
      ),
    );
  }
  for (const ClientID of before.clientIds.filter((one) => !desired.clientIds.includes(one))) {
    await iam.change(`removing audience ${ClientID} from ${desired.arn}`, (client, api, options) =>
      client.send(
        new api.RemoveClientIDFromOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, ClientID }),
        options,
      ),
    );
  }
}

async function updateThumbprints(
  iam: Iam,
  desired: DesiredProvider,
  before: OidcProviderFacts,
): Promise<void> {
  const { arn, thumbprints } = desired;
  if (!isOther(thumbprints, before)) return;
  const input = { OpenIDConnectProviderArn: arn, ThumbprintList: [...thumbprints] };
  await iam.change(`setting thumbprints of ${arn}`, (client, api, options) =>
    client.send(new api.UpdateOpenIDConnectProviderThumbprintCommand(input), options),
  );
}

async function updateTags(iam: Iam, desired: DesiredProvider, before: OidcProviderFacts): Promise<void> {
  const { set, remove } = providerTagChanges(before.tags, desired.tags);
  const OpenIDConnectProviderArn = desired.arn;
  if (Object.keys(set).length > 0) {
    await iam.change(`tagging ${desired.arn}`, (client, api, options) =>
      client.send(
        new api.TagOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, Tags: tagList(set) }),
        options,
      ),
    );
  }
  if (remove.length > 0) {
    await iam.change(`untagging ${desired.arn}`, (client, api, options) =>
      client.send(
        new api.UntagOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, TagKeys: [...remove] }),
        options,
      ),
    );
  }
}

/** Deletes a provider; that it is gone already is success. */
export async function deleteOidcProvider(session: AwsSession, arn: string, work: Work): Promise<void> {
  await iamOf(session, work.signal).remove(`deleting OIDC provider ${arn}`, (client, api, options) =>
    client.send(new api.DeleteOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn }), options),
  );
}

/** A provider as a plan sees it. */
export function observedProvider(
  facts: OidcProviderFacts | undefined,
  stack: StackOwner,
): Observed<OidcProviderFacts> {
  if (facts === undefined) return { exists: false };
  return { exists: true, state: facts, owner: awsTags.ownerOf(facts.tags, stack) };
}

/** The names of a provider in plans and selections. */
export function oidcProviderNames(
  account: string,
  arn: string,
): Pick<Resource, "id" | "kind" | "names" | "link"> {
  const url = arn.slice(arn.indexOf("/") + 1);
  const kind = "oidc-provider";
  const place = `aws/${account}`;
  const short = `${kind}/${url}`;
  return { id: `${place}/${short}`, kind, names: [url, `https://${url}`, short, place], link: "provider" };
}

/**
 * The OIDC provider of an issuer in one account, as a plan's resource. Audiences are a set: their order is no
 * difference.
 */
export function oidcProviderResource(
  session: AwsSession,
  spec: OidcProviderSpec,
): Resource<OidcProviderFacts> {
  const { thumbprints } = spec;
  const desired: DesiredProvider = {
    arn: oidcProviderArn(session.partition, spec.account, spec.issuer),
    issuer: spec.issuer,
    clientIds: spec.audiences,
    thumbprints: thumbprints === undefined || isLater(thumbprints) ? thumbprints : lower(thumbprints),
    tags: { ...spec.tags, ...awsTags.of(spec) },
  };
  return {
    ...oidcProviderNames(spec.account, desired.arn),
    dependsOn: spec.dependsOn ?? [],
    ifTaken: `An account has one OIDC provider for an issuer. Leave it to its owner and make only the roles here with --skip oidc-provider, or move it into this stack with podtrust import ${spec.issuer}.`,
    fingerprint: (facts) => facts,
    issuers: () => [spec.issuer],
    async read(signal): Promise<Observed<OidcProviderFacts>> {
      return observedProvider(await readOidcProvider(session, desired.arn, signal), spec);
    },
    diff(observed): Difference {
      if (!observed.exists) return { kind: "create", fields: newFields(desired) };
      const fields = changedFields(desired, observed.state);
      return { kind: fields.length === 0 ? "none" : "update", fields };
    },
    async apply({ observed }, work) {
      const iam = iamOf(session, work.signal);
      if (!observed.exists) {
        await spec.beforeCreate?.(work);
        return create(iam, desired, work.signal);
      }
      await updateAudiences(iam, desired, observed.state);
      await updateThumbprints(iam, desired, observed.state);
      return updateTags(iam, desired, observed.state);
    },
    delete: (_observed, work) => deleteOidcProvider(session, desired.arn, work),
  };
}
