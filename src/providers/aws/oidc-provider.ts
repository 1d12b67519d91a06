import { mapLimit } from "../../core/base/index.ts";
import { iamProviderKey } from "../../rules/oidc/index.ts";
import type { Tags } from "../../rules/plan/index.ts";
import { iamOf } from "./iam-call.ts";
import type { AwsSession } from "./session.ts";
import { tagsOf } from "./tags.ts";

/** An OIDC provider as IAM has it. */
export interface OidcProviderFacts {
  readonly arn: string;
  /** As IAM stores it: without `https://`. */
  readonly url: string;
  readonly clientIds: readonly string[];
  readonly thumbprints: readonly string[];
  readonly tags: Tags;
}

/** The ARN under which IAM keeps the provider of an issuer. */
export function oidcProviderArn(partition: string, account: string, issuer: string): string {
  return `arn:${partition}:iam::${account}:oidc-provider/${iamProviderKey(issuer)}`;
}

/** GetOpenIDConnectProvider; undefined when there is none of this ARN. */
export async function readOidcProvider(
  session: AwsSession,
  arn: string,
  signal?: AbortSignal,
): Promise<OidcProviderFacts | undefined> {
  const answer = await iamOf(session, signal).read(`reading OIDC provider ${arn}`, (client, api, options) =>
    client.send(new api.GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arn }), options),
  );
  if (answer === undefined) return undefined;
  return {
    arn,
    url: answer.Url ?? "",
    clientIds: answer.ClientIDList ?? [],
    thumbprints: answer.ThumbprintList ?? [],
    tags: tagsOf(answer.Tags),
  };
}

/** Every OIDC provider of the caller's account, in IAM's order. */
export async function readOidcProviders(
  session: AwsSession,
  signal?: AbortSignal,
): Promise<readonly OidcProviderFacts[]> {
  const answer = await iamOf(session, signal).read("listing OIDC providers", (client, api, options) =>
    client.send(new api.ListOpenIDConnectProvidersCommand({}), options),
  );
  const arns = (answer?.OpenIDConnectProviderList ?? []).flatMap(({ Arn }) => Arn ?? []);
  const found = await mapLimit(arns, (arn) => readOidcProvider(session, arn, signal));
  // One that vanishes between list and get is no longer one.
  return found.filter((facts) => facts !== undefined);
}
