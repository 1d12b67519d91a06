import {
  type Difference,
  type FieldChange,
  awsTags,
  type Observed,
  type Resource,
  type Tags,
  type Work,
} from "../plan/index.ts";
import { type Iam, iamOf } from "./iam-call.ts";
import { oidcProviderArn, type OidcProviderFacts, readOidcProvider } from "./oidc-provider.ts";
import type { AwsSession } from "./session.ts";
import { tagChanges, tagList } from "./tags.ts";

/** What an OIDC provider shall be. */
export interface OidcProviderWish {
  readonly stack: string;
  readonly account: string;
  /** The issuer, as its tokens carry it. */
  readonly issuer: string;
  readonly audiences: readonly string[];
  /** Without our marks, which are added. */
  readonly tags?: Tags;
  /**
   * Finds out the thumbprints, SHA-1 in hex, for a private CA; asked when the provider is read. Undefined: AWS
   * fills in its own, and whatever it filled in is no difference.
   */
  readonly thumbprints?: (signal: AbortSignal) => Promise<readonly string[] | undefined>;
  /** Run before it is created, for example to see the issuer from outside; what it throws ends the change. */
  readonly beforeCreate?: (signal: AbortSignal) => Promise<void>;
}

const sameSet = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((item) => b.includes(item));

const lower = (list: readonly string[]): string[] => list.map((item) => item.toLowerCase());

/** What is wanted, in the form in which IAM has it. */
interface Wanted {
  readonly arn: string;
  readonly issuer: string;
  readonly clientIds: readonly string[];
  readonly thumbprints: readonly string[] | undefined;
  readonly tags: Tags;
}

function newFields(wanted: Wanted): readonly FieldChange[] {
  const { issuer, clientIds, thumbprints, tags } = wanted;
  return [
    { field: "url", before: undefined, after: issuer },
    { field: "audiences", before: undefined, after: clientIds },
    ...(thumbprints === undefined ? [] : [{ field: "thumbprints", before: undefined, after: thumbprints }]),
    ...tagChanges({}, tags).fields,
  ];
}

function changedFields(wanted: Wanted, before: OidcProviderFacts): readonly FieldChange[] {
  const { clientIds, thumbprints, tags } = wanted;
  const fields: FieldChange[] = [];
  if (!sameSet(before.clientIds, clientIds)) {
    fields.push({ field: "audiences", before: before.clientIds, after: clientIds });
  }
  if (thumbprints !== undefined && !sameSet(lower(before.thumbprints), thumbprints)) {
    fields.push({ field: "thumbprints", before: before.thumbprints, after: thumbprints });
  }
  return [...fields, ...tagChanges(before.tags, tags).fields];
}

async function create(iam: Iam, wanted: Wanted): Promise<void> {
  const { issuer, clientIds, thumbprints, tags } = wanted;
  await iam.change(`creating OIDC provider for ${issuer}`, (client, api, options) =>
    client.send(
      new api.CreateOpenIDConnectProviderCommand({
        Url: issuer,
        ClientIDList: [...clientIds],
        Tags: tagList(tags),
        ...(thumbprints === undefined ? {} : { ThumbprintList: [...thumbprints] }),
      }),
      options,
    ),
  );
}

async function updateAudiences(iam: Iam, wanted: Wanted, before: OidcProviderFacts): Promise<void> {
  const OpenIDConnectProviderArn = wanted.arn;
  // First let in, then shut out: a workload whose audience stays is never without it.
  for (const ClientID of wanted.clientIds.filter((one) => !before.clientIds.includes(one))) {
    await iam.change(`adding audience ${ClientID} to ${wanted.arn}`, (client, api, options) =>
      client.send(
        new api.AddClientIDToOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, ClientID }),
        options,
      ),
    );
  }
  for (const ClientID of before.clientIds.filter((one) => !wanted.clientIds.includes(one))) {
    await iam.change(`removing audience ${ClientID} from ${wanted.arn}`, (client, api, options) =>
      client.send(
        new api.RemoveClientIDFromOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, ClientID }),
        options,
      ),
    );
  }
}

async function updateThumbprints(iam: Iam, wanted: Wanted, before: OidcProviderFacts): Promise<void> {
  const { arn, thumbprints } = wanted;
  if (thumbprints === undefined || sameSet(lower(before.thumbprints), thumbprints)) return;
  const input = { OpenIDConnectProviderArn: arn, ThumbprintList: [...thumbprints] };
  await iam.change(`setting thumbprints of ${arn}`, (client, api, options) =>
    client.send(new api.UpdateOpenIDConnectProviderThumbprintCommand(input), options),
  );
}

async function updateTags(iam: Iam, wanted: Wanted, before: OidcProviderFacts): Promise<void> {
  const { set, remove } = tagChanges(before.tags, wanted.tags);
  const OpenIDConnectProviderArn = wanted.arn;
  if (Object.keys(set).length > 0) {
    await iam.change(`tagging ${wanted.arn}`, (client, api, options) =>
      client.send(
        new api.TagOpenIDConnectProviderCommand({ OpenIDConnectProviderArn, Tags: tagList(set) }),
        options,
      ),
    );
  }
  if (remove.length > 0) {
    await iam.change(`untagging ${wanted.arn}`, (client, api, options) =>
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

/** What plans and selections call a provider. */
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
  wish: OidcProviderWish,
): Resource<OidcProviderFacts> {
  const own = {
    arn: oidcProviderArn(session.partition, wish.account, wish.issuer),
    issuer: wish.issuer,
    clientIds: wish.audiences,
    tags: { ...wish.tags, ...awsTags.of(wish.stack) },
  };
  let wanted: Wanted = { ...own, thumbprints: undefined };
  return {
    ...oidcProviderNames(wish.account, own.arn),
    dependsOn: [],
    fingerprint: (state) => state,
    async read(signal): Promise<Observed<OidcProviderFacts>> {
      const thumbprints = await wish.thumbprints?.(signal);
      wanted = { ...own, thumbprints: thumbprints === undefined ? undefined : lower(thumbprints) };
      const state = await readOidcProvider(session, wanted.arn, signal);
      if (state === undefined) return { exists: false };
      return { exists: true, state, owner: awsTags.ownerOf(state.tags, wish.stack) };
    },
    diff(observed): Difference {
      if (!observed.exists) return { kind: "create", fields: newFields(wanted) };
      const fields = changedFields(wanted, observed.state);
      return { kind: fields.length === 0 ? "none" : "update", fields };
    },
    async apply({ observed }, work) {
      const iam = iamOf(session, work.signal);
      if (!observed.exists) {
        await wish.beforeCreate?.(work.signal);
        return create(iam, wanted);
      }
      await updateAudiences(iam, wanted, observed.state);
      await updateThumbprints(iam, wanted, observed.state);
      return updateTags(iam, wanted, observed.state);
    },
    delete: (_observed, work) => deleteOidcProvider(session, wanted.arn, work),
  };
}
